import { methodsOf, type Methods } from './definitions.js';

/** The messages of proto/spoor/v1/launches.proto; the comments are there. */
export interface ListLaunchesResponse {
  readonly launches: readonly WireLaunch[];
  readonly total: number;
}

export interface WireLaunch {
  readonly instance: string;
  readonly name: string;
  readonly pid: number;
  readonly uid: number;
  readonly launched_by: number;
  readonly detached: boolean;
  readonly started_at: string;
  readonly executable: string;
  readonly script: string;
  readonly restarts: number;
  readonly notes: readonly string[];
}

export interface StopLaunchesRequest {
  readonly which: string;
  readonly grace_ms: number;
}

export interface StopLaunchesResponse {
  readonly instances: readonly string[];
}

/** The service spoor.v1.Launches, on both gRPC sockets. */
export interface LaunchesService {
  List(request: Readonly<Record<string, never>>): ListLaunchesResponse;
  Stop(request: StopLaunchesRequest): StopLaunchesResponse;
}

/** spoor.v1.Launches as a client sees it. Reads the proto: call it once and keep what it gives. */
export function launchesMethods(): Methods<LaunchesService> {
  return methodsOf<LaunchesService>('spoor/v1/launches.proto', 'spoor.v1.Launches');
}
