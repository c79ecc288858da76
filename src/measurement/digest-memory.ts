import { readFile } from 'node:fs/promises';
import type { Clock } from '../core/clock.js';
import type { Logger } from '../core/log.js';
import type { Service } from '../core/services.js';
import { writeFileAtomic } from '../state/atomic-file.js';
import type { Digests } from './digests.js';

const SAVE_MS = 60_000;
/** Device, inode, size, mtime and ctime in nanoseconds. */
const MARK = /^\d+:\d+:\d+:-?\d+:-?\d+$/;
const SHA256 = /^[0-9a-f]{64}$/;

export interface DigestMemoryDeps {
  readonly path: string;
  readonly digests: Pick<Digests, 'remembered' | 'recall'>;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Lets digests outlive the daemon, so that its first callers need not wait until their executables have been read again.
 *
 * Only the daemon can write the file (0600 in the state folder), and a file that changed has other marks. What
 * cannot be read is forgotten: everything in it can be found out again.
 */
export class DigestMemory implements Service {
  readonly name = 'digest memory';
  readonly #deps: DigestMemoryDeps;
  #saved: ReadonlyMap<string, string> = new Map();

  private constructor(deps: DigestMemoryDeps) {
    this.#deps = deps;
  }

  static async open(deps: DigestMemoryDeps): Promise<DigestMemory> {
    const memory = new DigestMemory(deps);
    memory.#saved = await load(deps);
    deps.digests.recall(memory.#saved);
    return memory;
  }

  /** Saves what is new once a minute and at the end. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#deps.clock.sleep(SAVE_MS, signal);
      await this.#save();
    }
  }

  async #save(): Promise<void> {
    const { path, digests, log } = this.#deps;
    const now = digests.remembered();
    if (now.size === this.#saved.size && [...now.keys()].every((mark) => this.#saved.has(mark))) return;
    try {
      await writeFileAtomic(path, JSON.stringify(Object.fromEntries(now)));
      this.#saved = now;
    } catch (error) {
      log.warn('digests could not be saved; they will be computed again after a restart', { error });
    }
  }
}

async function load({ path, log }: DigestMemoryDeps): Promise<ReadonlyMap<string, string>> {
  try {
    const entries = Object.entries(JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>);
    return new Map(entries.filter((entry): entry is [string, string] => isDigest(entry)));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
      log.warn('saved digests cannot be read; they are computed again', { error });
    }
    return new Map();
  }
}

function isDigest([mark, sha256]: readonly [string, unknown]): boolean {
  return MARK.test(mark) && typeof sha256 === 'string' && SHA256.test(sha256);
}
