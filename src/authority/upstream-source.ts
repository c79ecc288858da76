import type { Clock } from '../core/clock.js';
import { SpoorError } from '../core/errors.js';
import type { Logger } from '../core/log.js';
import type { TrustDomain } from '../spiffe/trust-domain.js';
import type { UpstreamFiles } from './settings.js';
import { loadUpstream, type Upstream } from './upstream.js';
import { UpstreamWatch } from './upstream-watch.js';

export interface UpstreamSourceDeps {
  readonly files: UpstreamFiles;
  readonly trustDomain: TrustDomain;
  readonly passphrase: string | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The user's signing certificate, loaded again when its files change; a bad change keeps the last good one. */
export class UpstreamSource {
  readonly #deps: UpstreamSourceDeps;
  readonly #watch: UpstreamWatch;
  #problem: string | undefined;

  constructor(deps: UpstreamSourceDeps) {
    this.#deps = deps;
    this.#watch = new UpstreamWatch(deps.files);
  }

  /** Why the files as they stand are not in force; undefined when they are. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Errors: UPSTREAM_INVALID, KEY_UNREADABLE. */
  async load(): Promise<Upstream> {
    const { files, trustDomain, clock, passphrase } = this.#deps;
    await this.#watch.mark();
    return loadUpstream(files, trustDomain, clock.now(), passphrase);
  }

  /**
   * Hands what changed to `adopt`, which may refuse it with UPSTREAM_INVALID. Files that are not usable are said once.
   *
   * Errors: those of `adopt` that have nothing to do with the files, a full disk, say; the next look tries again.
   */
  async reload(adopt: (upstream: Upstream) => Promise<unknown>): Promise<void> {
    if (!(await this.#watch.changed())) return;
    try {
      const upstream = await this.load();
      await adopt(upstream);
      this.#problem = undefined;
      this.#deps.log.info('the upstream files were loaded anew', { id: upstream.id });
    } catch (error) {
      if (!isOfFiles(error)) {
        this.#watch.forget();
        throw error;
      }
      this.#problem = error.message;
      this.#deps.log.warn('the upstream files are not usable; the last good ones stay in force', { error });
    }
  }
}

function isOfFiles(error: unknown): error is SpoorError {
  return (
    error instanceof SpoorError && (error.code === 'UPSTREAM_INVALID' || error.code === 'KEY_UNREADABLE')
  );
}
