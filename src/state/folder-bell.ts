import { statSync, watch, type FSWatcher } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Logger } from '../core/log.js';

/** How often the watches are set again when folders come and go in between. */
const MAX_ARM_ROUNDS = 4;

interface Watch {
  readonly path: string;
  /** Only events of this name count; of all names when absent. */
  readonly only?: string;
}

/**
 * Rings when something happened in a folder, or to it.
 *
 * Beside the folder it watches the nearest folder above that exists: so it hears when the folder appears, is moved
 * away, or is a link that now leads elsewhere.
 *
 * Source: inotify(7); what it cannot promise (links to files elsewhere, network file systems) needs a look now and then.
 */
export class FolderBell implements Disposable {
  readonly #path: string;
  readonly #log: Logger;
  readonly #watchers = new Map<string, FSWatcher>();
  #suspects = new Set<string>();
  #ringing = false;
  #deaf = false;
  #wake = (): void => {};

  constructor(path: string, log: Logger) {
    this.#path = path;
    this.#log = log;
  }

  get ringing(): boolean {
    return this.#ringing;
  }

  /** Calls `wake` at the next ring. */
  onRing(wake: () => void): void {
    this.#wake = wake;
  }

  ring(name: string | null = null): void {
    if (name !== null) this.#suspects.add(name);
    this.#ringing = true;
    this.#wake();
  }

  /** Stops ringing, and remembers what for. */
  hush(): void {
    this.#ringing = false;
  }

  /** Stops ringing. Returns: the names that were heard since the last answer. */
  answer(): ReadonlySet<string> {
    const suspects = this.#suspects;
    this.#suspects = new Set();
    this.#ringing = false;
    return suspects;
  }

  /** Watches what there is to be watched by now. */
  arm(): void {
    for (let round = 0; round < MAX_ARM_ROUNDS; round++) {
      const wanted = new Map(watchesFor(this.#path).map((each) => [keyOf(each), each]));
      if (wanted.size === this.#watchers.size && [...wanted.keys()].every((key) => this.#watchers.has(key)))
        return;
      for (const key of this.#watchers.keys()) if (!wanted.has(key)) this.#drop(key);
      for (const [key, each] of wanted) if (!this.#watchers.has(key)) this.#add(key, each);
    }
  }

  [Symbol.dispose](): void {
    for (const key of this.#watchers.keys()) this.#drop(key);
  }

  #add(key: string, { path, only }: Watch): void {
    try {
      const watcher = watch(path, { persistent: false }, (_, name) => {
        if (only === undefined || name === null || name === only) this.ring(name);
      });
      watcher.on('error', () => this.#drop(key));
      this.#watchers.set(key, watcher);
      this.#deaf = false;
    } catch (error) {
      if (!this.#deaf) this.#log.warn('cannot watch a folder; looking at it now and then', { path, error });
      this.#deaf = true;
    }
  }

  #drop(key: string): void {
    this.#watchers.get(key)?.close();
    this.#watchers.delete(key);
  }
}

function watchesFor(path: string): Watch[] {
  const above = { path: dirname(path), only: basename(path) };
  if (isFolder(path)) return [{ path }, above];
  let nearest = above;
  while (!isFolder(nearest.path) && nearest.path !== dirname(nearest.path)) {
    nearest = { path: dirname(nearest.path), only: basename(nearest.path) };
  }
  return [nearest];
}

/** By inode too: a folder that was replaced by another of its name is another folder. */
function keyOf({ path, only }: Watch): string {
  const facts = statSync(path, { throwIfNoEntry: false });
  return join(path, only ?? '.', `${facts?.dev}:${facts?.ino}`);
}

function isFolder(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
  } catch {
    // Not to be entered or not below a folder: for a watch that is as good as not there.
    return false;
  }
}
