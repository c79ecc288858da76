import { methodsOf, type Methods } from './definitions.js';

/** The messages of proto/spoor/v1/explain.proto; the comments are there. */
export interface ExplainRequest {
  readonly pid: number;
}

export interface Explanation {
  readonly process: ExplainedProcess | null;
  readonly steps: readonly Step[];
  readonly outcomes: readonly WireAttestorOutcome[];
  readonly selectors: readonly string[];
  readonly presented: readonly string[];
  readonly matches: readonly MatchedEntry[];
  readonly refused: readonly RefusedEntry[];
  readonly nearest: readonly NearEntry[];
  readonly verdict: string;
  readonly launch: WireLaunch | null;
  readonly descent: WireDescent | null;
}

export interface ExplainedProcess {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
  readonly path: string;
  readonly level: string;
  readonly instance: string;
  readonly foreign_user_namespace: boolean;
}

export interface Step {
  readonly room: string;
  readonly outcome: string;
  readonly detail: string;
}

export interface WireAttestorOutcome {
  readonly attestor: string;
  readonly selectors: readonly string[];
  readonly failure: string;
}

export interface MatchedEntry {
  readonly id: string;
  readonly spiffe_id: string;
  readonly hint: string;
}

export interface RefusedEntry {
  readonly id: string;
  readonly reason: string;
}

export interface NearEntry {
  readonly id: string;
  readonly spiffe_id: string;
  readonly missing: readonly string[];
}

export interface WireLaunch {
  readonly name: string;
  readonly launched_by: number;
  readonly parent: string;
  readonly executable: string;
  readonly executable_sha256: string;
  readonly script: WireScript | null;
  readonly notes: readonly string[];
}

export interface WireScript {
  readonly path: string;
  readonly sha256: string;
  readonly interpreter: string;
  readonly interpreter_args: readonly string[];
  readonly package: string;
  readonly lock_sha256: string;
}

export interface WireDescent {
  readonly instance: string;
  readonly name: string;
  readonly pid: number;
  readonly found_by: string;
}

/** The service spoor.v1.Explain, on both sockets. */
export interface ExplainService {
  Explain(request: ExplainRequest): Explanation;
}

/** spoor.v1.Explain as a client sees it. Reads the proto: call it once and keep what it gives. */
export function explainMethods(): Methods<ExplainService> {
  return methodsOf<ExplainService>('spoor/v1/explain.proto', 'spoor.v1.Explain');
}
