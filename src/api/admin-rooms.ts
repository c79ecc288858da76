import type { Authorities } from '../authority/authorities.js';
import type { EntryCatalog } from '../entries/entry-catalog.js';
import type { BundleStore } from '../issuance/bundle-store.js';
import type { Views } from '../issuance/workload-view.js';
import type { DefinitionCatalog } from '../launch/definitions/definition-catalog.js';
import type { RecordLine } from '../ledger/record-search.js';
import type { TrustDomain } from '../spiffe/trust-domain.js';
import type { CallNumbers, Desk } from './desk.js';
import type { ExplainRooms } from './explain.js';
import type { DeskRooms } from './rooms.js';

/** What does not change while the daemon runs. */
export interface About {
  readonly version: string;
  readonly mode: 'root' | 'user';
  readonly startedAt: Date;
  readonly agentSocket: string;
  readonly adminSocket: string;
  readonly stateFolder: string;
  readonly packagesFolder: string;
}

/** One thing that must hold, as health sees it. */
export interface Finding {
  readonly name: string;
  readonly status: 'ok' | 'degraded' | 'failed';
  /** A sentence for people; empty when all is well. */
  readonly detail: string;
}

/** Everything behind the admin socket. `daemon/build.ts` opens the real rooms. */
export interface AdminRooms extends DeskRooms, ExplainRooms {
  readonly about: About;
  readonly trustDomain: TrustDomain;
  readonly numbers: CallNumbers;
  /** The desk of the agent socket, for its open calls. */
  readonly agentDesk: Pick<Desk, 'openCalls' | 'openByInstance'>;
  /** Connections of the agent socket. */
  readonly door: { readonly statistics: { readonly connections: number; readonly pending: number } };
  readonly views: Pick<Views, 'statistics'>;
  readonly catalog: Pick<EntryCatalog, 'entries' | 'problems' | 'add' | 'update' | 'delete' | 'import'>;
  readonly definitions: Pick<DefinitionCatalog, 'definitions' | 'problems' | 'add' | 'delete'>;
  readonly authorities: Pick<Authorities, 'set' | 'rotate' | 'taint' | 'revoke'>;
  readonly bundles: Pick<BundleStore, 'foreign' | 'problems' | 'set' | 'delete' | 'list'>;
  readonly who: (needle: string) => AsyncIterable<RecordLine>;
  /** What health found just now. */
  readonly health: () => readonly Finding[];
}
