import { statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';

/**
 * One small file of the system, read again when its device, inode, size, mtime or ctime changed.
 *
 * Errors: none; a file that is not there, or not for us, is read as an empty one.
 */
export class MarkedFile<Content> {
  readonly #path: string;
  readonly #parse: (text: string) => Content;
  #read: { readonly mark: string; readonly content: Content } | undefined;

  constructor(path: string, parse: (text: string) => Content) {
    this.#path = path;
    this.#parse = parse;
  }

  /** Whether what was read last is still what is there. */
  isCurrent(): boolean {
    return this.#read?.mark === this.#markNow();
  }

  /** What it says now; the same object as long as the file is the same. */
  async content(): Promise<Content> {
    // The mark is taken before the text, so that a change in between is seen at the next look.
    const mark = this.#markNow();
    if (this.#read?.mark !== mark) this.#read = { mark, content: this.#parse(await this.#text()) };
    return this.#read.content;
  }

  async #text(): Promise<string> {
    try {
      return await readFile(this.#path, 'utf8');
    } catch {
      return ''; // no such file, or not for us
    }
  }

  #markNow(): string {
    const facts = statSync(this.#path, { bigint: true, throwIfNoEntry: false });
    return facts === undefined
      ? 'absent'
      : [facts.dev, facts.ino, facts.size, facts.mtimeNs, facts.ctimeNs].join(':');
  }
}
