import type { Clock } from '../core/clock.js';
import { SpoorError } from '../core/errors.js';
import type { Logger } from '../core/log.js';
import type { Recorder } from '../core/record.js';
import type { Service } from '../core/services.js';
import type { SnapshotCell } from '../core/snapshot.js';
import type { TrustDomain } from '../spiffe/trust-domain.js';
import type { StateFolder } from '../state/state-folder.js';
import type { AuthoritySet, Profile } from './authority-set.js';
import type { AuthoritySettings } from './settings.js';

export interface AuthoritiesDeps {
  readonly state: Pick<StateFolder, 'file'>;
  readonly trustDomain: TrustDomain;
  readonly settings: AuthoritySettings;
  readonly clock: Clock;
  /** Unpredictable bytes: node:crypto's randomBytes. */
  readonly random: (size: number) => Buffer;
  readonly log: Logger;
  readonly recorder: Recorder;
}

export class Authorities implements Service {
  readonly name = 'authorities';
  readonly set: SnapshotCell<AuthoritySet>;

  private constructor(set: SnapshotCell<AuthoritySet>) {
    this.set = set;
  }

  static async open(_deps: AuthoritiesDeps): Promise<Authorities> {
    throw new SpoorError('AUTHORITY_NOT_READY', 'not yet');
  }

  /** What an operator should know of: a bad upstream reload, say. Empty when all is well. */
  get problems(): readonly string[] {
    return [];
  }

  async run(_signal: AbortSignal): Promise<void> {}

  async rotate(_profile?: Profile): Promise<void> {}

  async taint(_id: string): Promise<void> {}

  async revoke(_id: string): Promise<void> {}
}
