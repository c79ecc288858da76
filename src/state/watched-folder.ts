import type { Clock } from '../core/clock.js';
import type { Logger } from '../core/log.js';
import { FolderBell } from './folder-bell.js';
import { FolderReader, type FolderContents } from './folder-reader.js';

/** Events closer together than this are one change: editors and copies write in several steps. */
const QUIET_MS = 10;
/** Somebody who never stops writing is read all the same. */
const MAX_BUSY_MS = 500;
/** What inotify does not tell is found by looking. */
const SLOW_LOOK_MS = 5_000;

export interface WatchedFolderDeps {
  /** Absolute. */
  readonly path: string;
  /** Which names count; all of them when absent. */
  readonly accepts?: (name: string) => boolean;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * The files of a folder, followed through every kind of change: writes, renames, links that are swapped (as Kubernetes
 * does for a ConfigMap), and the folder itself coming and going.
 */
export class WatchedFolder {
  readonly #deps: WatchedFolderDeps;
  readonly #reader: FolderReader;
  #given: FolderContents | undefined;

  constructor(deps: WatchedFolderDeps) {
    this.#deps = deps;
    this.#reader = new FolderReader(deps.path, deps.accepts ?? (() => true));
  }

  /** The contents now. */
  async load(): Promise<FolderContents> {
    const { contents } = await this.#reader.look(new Set());
    this.#given = contents;
    return contents;
  }

  /**
   * Yields: the contents, at once and after each change; not those that `load` or this gave last.
   * Ends:   when `signal` aborts.
   */
  async *changes(signal: AbortSignal): AsyncGenerator<FolderContents> {
    using bell = new FolderBell(this.#deps.path, this.#deps.log);
    while (!signal.aborted) {
      const contents = await this.#lookUntilSettled(bell, signal);
      if (contents !== this.#given && !signal.aborted) {
        this.#given = contents;
        yield contents;
      }
      await this.#untilRung(bell, signal);
    }
  }

  async #lookUntilSettled(bell: FolderBell, signal: AbortSignal): Promise<FolderContents> {
    const { clock } = this.#deps;
    const deadline = clock.monotonicMs() + MAX_BUSY_MS;
    for (;;) {
      while (bell.ringing && !signal.aborted && clock.monotonicMs() < deadline) {
        bell.hush();
        await clock.sleep(QUIET_MS, signal);
      }
      bell.arm();
      const { contents, settled } = await this.#reader.look(bell.answer());
      if ((settled && !bell.ringing) || signal.aborted || clock.monotonicMs() >= deadline) return contents;
      bell.ring();
    }
  }

  async #untilRung(bell: FolderBell, signal: AbortSignal): Promise<void> {
    if (bell.ringing) return;
    const rung = new AbortController();
    bell.onRing(() => rung.abort());
    await this.#deps.clock.sleep(SLOW_LOOK_MS, AbortSignal.any([signal, rung.signal]));
  }
}
