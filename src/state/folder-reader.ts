import { constants } from 'node:fs';
import { open, readdir, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

/** What a file holds, or why it could not be read: never the same as its absence. */
export type WatchedFile = { readonly contents: Buffer } | { readonly failure: string };

/**
 * The files of a folder at one time, by name, sorted. A file that is as it was before is the same object as before.
 * A folder that does not exist is empty; one that cannot be listed has the one name `.`, with the failure.
 */
export type FolderContents = ReadonlyMap<string, WatchedFile>;

/** A hundred thousand entries are some 20 MB. */
export const MAX_FILE_BYTES = 64 * 1024 * 1024;
export const MAX_FILES = 10_000;
const BATCH = 16;

interface Known {
  /** Device, inode, size and times. */
  readonly signature: string;
  readonly file: WatchedFile;
  /** Seen with this signature twice, so that no write can hide in the granularity of the times. */
  readonly confirmed: boolean;
}

/** Reads a folder again and again, and only those files that may have changed. */
export class FolderReader {
  readonly #path: string;
  readonly #accepts: (name: string) => boolean;
  #known: ReadonlyMap<string, Known> = new Map();
  #contents: FolderContents = new Map();

  constructor(path: string, accepts: (name: string) => boolean) {
    this.#path = path;
    this.#accepts = accepts;
  }

  /**
   * Looks at every file, and reads those whose signature is new or whose name is in `suspects`.
   *
   * Returns: `contents`, the same object as before when nothing changed, and whether nobody was writing meanwhile.
   */
  async look(suspects: ReadonlySet<string>): Promise<{ contents: FolderContents; settled: boolean }> {
    const names = await this.#names();
    this.#known =
      typeof names === 'string' ? new Map([['.', failed(names)]]) : await this.#readAll(names, suspects);
    const contents = new Map([...this.#known].map(([name, { file }]) => [name, file]));
    if (!sameFiles(contents, this.#contents)) this.#contents = contents;
    const settled = [...this.#known.values()].every(({ signature }) => signature !== UNSETTLED);
    return { contents: this.#contents, settled };
  }

  /** Returns: the names that count, or why the folder cannot be listed. */
  async #names(): Promise<readonly string[] | string> {
    try {
      const names = (await readdir(this.#path)).filter((name) => this.#accepts(name)).toSorted();
      return names.length <= MAX_FILES ? names : `it has ${names.length} files, allowed are ${MAX_FILES}`;
    } catch (error) {
      return isAbsent(error) ? [] : reasonOf(error);
    }
  }

  async #readAll(names: readonly string[], suspects: ReadonlySet<string>): Promise<Map<string, Known>> {
    const all = new Map<string, Known>();
    for (let at = 0; at < names.length; at += BATCH) {
      const batch = names.slice(at, at + BATCH);
      const read = await Promise.all(batch.map((name) => this.#read(name, suspects.has(name))));
      batch.forEach((name, index) => {
        const file = read[index];
        if (file !== undefined) all.set(name, file);
      });
    }
    return all;
  }

  /** Returns: undefined when the file is not there. */
  async #read(name: string, suspect: boolean): Promise<Known | undefined> {
    const before = this.#known.get(name);
    const now = await readKnown(join(this.#path, name), suspect ? undefined : before);
    if (now === undefined || before === undefined || !sameFile(before.file, now.file)) return now;
    return { ...now, file: before.file };
  }
}

const UNSETTLED = 'unsettled';

async function readKnown(path: string, before: Known | undefined): Promise<Known | undefined> {
  try {
    // Non-blocking: opening a FIFO would wait for its writer for ever.
    await using handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const signature = await signatureOf(handle);
    if (before?.signature === signature && before.confirmed) return before;
    const file = await readFile(handle);
    const settled = (await signatureOf(handle)) === signature;
    return { signature: settled ? signature : UNSETTLED, file, confirmed: before?.signature === signature };
  } catch (error) {
    return isAbsent(error) ? undefined : failed(reasonOf(error));
  }
}

async function readFile(handle: FileHandle): Promise<WatchedFile> {
  const facts = await handle.stat();
  if (!facts.isFile()) return { failure: 'it is not a regular file' };
  if (facts.size > MAX_FILE_BYTES)
    return { failure: `it has ${facts.size} bytes, allowed are ${MAX_FILE_BYTES}` };
  return { contents: await handle.readFile() };
}

async function signatureOf(handle: FileHandle): Promise<string> {
  const { dev, ino, size, mtimeNs, ctimeNs } = await handle.stat({ bigint: true });
  return `${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}`;
}

function sameFiles(one: FolderContents, other: FolderContents): boolean {
  return one.size === other.size && [...one].every(([name, file]) => other.get(name) === file);
}

function sameFile(one: WatchedFile, other: WatchedFile): boolean {
  if ('failure' in one) return 'failure' in other && one.failure === other.failure;
  return 'contents' in other && one.contents.equals(other.contents);
}

function failed(failure: string): Known {
  return { signature: '', file: { failure }, confirmed: false };
}

function isAbsent(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '');
}

function reasonOf(error: unknown): string {
  return `it cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)})`;
}
