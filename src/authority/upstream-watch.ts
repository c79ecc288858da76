import { stat } from 'node:fs/promises';
import type { UpstreamFiles } from './settings.js';

/**
 * Sees when one of the upstream files changes. Looked at, not watched: they may lie in three folders, behind the
 * symbolic links of a secret volume, or on a file system that tells nothing.
 */
export class UpstreamWatch {
  readonly #files: UpstreamFiles;
  #loaded: string | undefined;
  #seen: string | undefined;

  constructor(files: UpstreamFiles) {
    this.#files = files;
  }

  /** Remembers what the files are now, as loaded. */
  async mark(): Promise<void> {
    this.#loaded = await this.#look();
    this.#seen = this.#loaded;
  }

  /** Has the files count as changed, whatever they are. */
  forget(): void {
    this.#loaded = undefined;
  }

  /**
   * True when the files are others than those loaded, and the same as at the look before: certificate and key are
   * seldom replaced in one instant.
   */
  async changed(): Promise<boolean> {
    const now = await this.#look();
    const settled = now === this.#seen;
    this.#seen = now;
    return settled && now !== this.#loaded;
  }

  async #look(): Promise<string> {
    const { certificate, key, bundle } = this.#files;
    return (await Promise.all([certificate, key, bundle].map(fingerprintOf))).join(' ');
  }
}

async function fingerprintOf(path: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeMs, ctimeMs } = await stat(path);
    return [dev, ino, size, mtimeMs, ctimeMs].join(':');
  } catch {
    // A file that is not there for a moment is a change like any other; loading it says what is wrong.
    return 'absent';
  }
}
