import type { Clock } from '../core/clock.js';
import { SpoorError } from '../core/errors.js';
import type { Logger } from '../core/log.js';

/** What a file holds, or why it could not be read: never the same as its absence. */
export type WatchedFile = { readonly contents: Buffer } | { readonly failure: string };

/** The files of a folder at one time, by name, sorted. A folder that does not exist is empty. */
export type FolderContents = ReadonlyMap<string, WatchedFile>;

export interface WatchedFolderDeps {
  readonly path: string;
  /** Which names count; all of them when absent. */
  readonly accepts?: (name: string) => boolean;
  readonly clock: Clock;
  readonly log: Logger;
}

export class WatchedFolder {
  readonly path: string;

  constructor(deps: WatchedFolderDeps) {
    this.path = deps.path;
  }

  /** The contents now. */
  async load(): Promise<FolderContents> {
    throw new SpoorError('INVARIANT_BROKEN', 'not there yet');
  }

  /** Yields the contents each time they differ from those that `load` or this gave before. */
  // eslint-disable-next-line require-yield
  async *changes(_signal: AbortSignal): AsyncGenerator<FolderContents> {
    throw new SpoorError('INVARIANT_BROKEN', 'not there yet');
  }
}
