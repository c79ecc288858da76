import { extname, join } from 'node:path';
import { SpoorError } from '../core/errors.js';
import type { Logger } from '../core/log.js';
import type { Bundle } from '../spiffe/bundle.js';
import { TrustDomain } from '../spiffe/trust-domain.js';
import type { Database } from '../state/database.js';
import type { FolderContents, WatchedFile } from '../state/folder-reader.js';
import { GoodFiles } from '../state/good-files.js';
import { receiveBundle, type BundleFormat } from './received-bundle.js';

/** A file of the folder that is not in force as it stands, and why. */
export interface BundleProblem {
  /** The full path. */
  readonly file: string;
  readonly message: string;
}

/** One bundle and the file that it is from. */
export interface BundleFile {
  /** The full path. */
  readonly file: string;
  readonly bundle: Bundle;
}

interface Held {
  /** The last good contents, and the bundle that they are; absent when there was none yet. */
  readonly good?: { readonly file: WatchedFile; readonly bundle: Bundle };
  readonly latest: WatchedFile;
  readonly problem?: string;
}

/** The name under which a folder that cannot be listed says why: no word on its files. */
const UNLISTED = '.';
const FORMATS: Readonly<Record<string, BundleFormat>> = { '.json': 'spiffe', '.pem': 'pem' };

export interface BundleFilesDeps {
  readonly folder: string;
  readonly database: Database;
  readonly log: Logger;
}

/** The bundle files: the last good contents of each is in force until the file is gone. */
export class BundleFiles {
  readonly #deps: BundleFilesDeps;
  readonly #good: GoodFiles;
  #held: ReadonlyMap<string, Held> = new Map();

  constructor(deps: BundleFilesDeps) {
    this.#deps = deps;
    this.#good = new GoodFiles(deps);
  }

  /** Which names count: a trust domain with `.json` or `.pem`. */
  static accepts(name: string): boolean {
    return !name.startsWith('.') && FORMATS[extname(name)] !== undefined;
  }

  get problems(): readonly BundleProblem[] {
    return [...this.#held].flatMap(([name, { problem }]) =>
      problem === undefined ? [] : [{ file: join(this.#deps.folder, name), message: problem }],
    );
  }

  /** In the order of file names, `example.org.json` before `example.org.pem`. */
  get bundles(): readonly BundleFile[] {
    return [...this.#held].flatMap(([name, { good }]) =>
      good === undefined ? [] : [{ file: join(this.#deps.folder, name), bundle: good.bundle }],
    );
  }

  /** Takes the files as they are at the start, on top of what was good in the last run. Errors: STATE_UNUSABLE. */
  async open(contents: FolderContents): Promise<void> {
    const unlisted = contents.has(UNLISTED);
    const lastRun = [...(await this.#good.load())].filter(([name]) => unlisted || contents.has(name));
    this.#held = readAll(new Map(lastRun), new Map());
    this.take(contents);
  }

  /** Takes the files as they stand now. */
  take(contents: FolderContents): void {
    const before = this.#held;
    const known = Array.from(before, ([name, { latest }]) => [name, latest] as const);
    this.#held = readAll(contents.has(UNLISTED) ? new Map([...known, ...contents]) : contents, before);
    for (const [name, held] of this.#held) this.#report(name, before.get(name), held);
  }

  /** Keeps what is in force for the next start. */
  async keep(): Promise<void> {
    const good = [...this.#held].flatMap(([name, { good }]) =>
      good === undefined ? [] : [[name, good.file] as const],
    );
    await this.#good.keep(new Map(good));
  }

  /** Once for each time that a file goes bad, however many edits it takes to mend it. */
  #report(name: string, before: Held | undefined, { problem, good }: Held): void {
    if (before?.problem === problem) return;
    const fields = { file: join(this.#deps.folder, name), problem, kept: good !== undefined };
    if (problem !== undefined) {
      const level = before?.problem === undefined ? 'warn' : 'debug';
      this.#deps.log[level]('a bundle file cannot be used; its last good contents stay in force', fields);
    } else if (before?.problem !== undefined) {
      this.#deps.log.info('a bundle file is in order again', fields);
    }
  }
}

function readAll(contents: FolderContents, before: ReadonlyMap<string, Held>): ReadonlyMap<string, Held> {
  const all = new Map<string, Held>();
  for (const [name, latest] of contents) {
    const twin = name.endsWith('.pem') ? `${name.slice(0, -'.pem'.length)}.json` : '';
    const known = before.get(name);
    all.set(name, contents.has(twin) ? besides(twin, latest) : readOne(name, latest, known));
  }
  return all;
}

/** Which of the two would count is not for us to guess. */
function besides(twin: string, latest: WatchedFile): Held {
  return { latest, problem: `${twin} is there too: one file for each trust domain` };
}

function readOne(name: string, latest: WatchedFile, known: Held | undefined): Held {
  if (known?.latest === latest && known.problem === undefined) return known;
  const good = known?.good;
  try {
    if ('failure' in latest) throw new SpoorError('BUNDLE_INVALID', latest.failure);
    const format = FORMATS[extname(name)] ?? 'spiffe';
    const trustDomain = TrustDomain.parse(name.slice(0, -extname(name).length));
    const bundle = receiveBundle(trustDomain, latest.contents, format, good?.bundle);
    return { latest, good: { file: latest, bundle } };
  } catch (error) {
    if (!(error instanceof SpoorError)) throw error;
    return { latest, problem: error.message, ...(good !== undefined && { good }) };
  }
}
