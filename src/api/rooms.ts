import type { Metadata } from '@grpc/grpc-js';
import type { Clock } from '../core/clock.js';
import type { Logger } from '../core/log.js';
import type { Metrics } from '../core/metrics.js';
import type { Snapshot } from '../core/snapshot.js';
import type { Peer } from '../door/peer.js';
import type { Attestation, Instance } from '../instances/instance.js';
import type { CallFacts } from '../issuance/views.js';
import type { Views } from '../issuance/workload-view.js';
import type { Refusal } from '../ledger/refusals.js';
import type { TrustDomain } from '../spiffe/trust-domain.js';

/** What the door needs of a call to say who makes it. */
export interface SurfaceCall {
  getPeer(): string;
  readonly metadata: Metadata;
}

export interface DeskLimits {
  readonly callsPerSecondPerUid: number;
  readonly callsPerSecondPerProcess: number;
  readonly streamsPerConnection: number;
}

/** The rooms that every call on a socket passes, whatever it asks. */
export interface DeskRooms {
  readonly peerOf: (call: SurfaceCall) => Peer | undefined;
  readonly instanceOf: (peer: Peer) => Instance;
  readonly attest: (
    instance: Instance,
    call: CallFacts,
    signal: AbortSignal,
  ) => Attestation | Promise<Attestation>;
  readonly refusals: { refused(refusal: Refusal): void };
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly limits: DeskLimits;
  readonly stopping: AbortSignal;
}

/** Everything behind the agent socket. `daemon/build.ts` opens the real rooms. */
export interface Rooms extends DeskRooms {
  readonly views: Pick<Views, 'x509' | 'bundles' | 'wit' | 'jwt' | 'hold'>;
  readonly trustDomain: TrustDomain;
  readonly profiles: { readonly wit: boolean };
  /** Claims that ValidateJWTSVID returns of foreign trust domains, besides sub, exp and aud. */
  readonly foreignJwtClaims: readonly string[];
  /** True while the daemon can issue; what grpc.health.v1 says. */
  readonly serving: { readonly current: Snapshot<boolean> };
}
