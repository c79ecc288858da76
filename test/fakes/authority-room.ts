import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Authorities } from '../../src/authority/authorities.js';
import type { Profile } from '../../src/authority/authority-set.js';
import { DEFAULT_LIFETIMES, type AuthoritySettings } from '../../src/authority/settings.js';
import { NO_METRICS } from '../../src/core/metrics.js';
import type { Disk } from '../../src/keys/disk.js';
import { TrustDomain } from '../../src/spiffe/trust-domain.js';
import { FakeClock } from './fake-clock.js';
import { MemoryLog } from './memory-log.js';
import { MemoryRecorder } from './memory-recorder.js';
import { temporaryFolder } from './temporary-folder.js';

export const SETTINGS: AuthoritySettings = { lifetimes: DEFAULT_LIFETIMES, jwt: { algorithm: 'ES256' } };
export const TRUST_DOMAIN = TrustDomain.parse('example.org');

/** Where and when authorities are opened, if not where and when their room is. */
export interface AuthorityPlace {
  readonly path?: string;
  readonly disk?: Disk;
  readonly clock?: FakeClock;
}

/** A state folder in which authorities can be opened, again and again, with a clock that a test moves. */
export class AuthorityRoom implements AsyncDisposable {
  readonly clock = new FakeClock('2030-01-01T00:00:00Z');
  readonly log = new MemoryLog();
  readonly recorder = new MemoryRecorder();
  readonly path: string;
  readonly #folder: AsyncDisposable;

  private constructor(path: string, folder: AsyncDisposable) {
    this.path = path;
    this.#folder = folder;
  }

  static async open(): Promise<AuthorityRoom> {
    const folder = await temporaryFolder();
    const path = join(folder.path, 'state');
    await mkdir(path, { mode: 0o700 });
    return new AuthorityRoom(path, folder);
  }

  authorities(
    settings: Partial<AuthoritySettings> = {},
    { path = this.path, disk, clock = this.clock }: AuthorityPlace = {},
  ): Promise<Authorities> {
    const { log, recorder } = this;
    return Authorities.open({
      state: { file: (name) => join(path, name) },
      trustDomain: TRUST_DOMAIN,
      settings: { ...SETTINGS, ...settings },
      random: randomBytes,
      metrics: NO_METRICS,
      clock,
      log,
      recorder,
      ...(disk && { disk }),
    });
  }

  /** Moves time on in steps; the service that runs beside the test does what falls due in each, and sleeps again. */
  async pass(ms: number, stepMs = ms): Promise<void> {
    for (let left = ms; left > 0; left -= stepMs) {
      await this.clock.nextWake();
      await this.clock.advance(Math.min(left, stepMs));
    }
    await this.clock.nextWake();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#folder[Symbol.asyncDispose]();
  }
}

/** Ids of one profile in one state. */
export function idsOf(authorities: Authorities, profile: Profile, state: string): readonly string[] {
  const { states } = authorities.set.current.value;
  return states.filter((one) => one.profile === profile && one.state === state).map(({ id }) => id);
}
