import { createPrivateKey, type KeyObject } from 'node:crypto';
import { chmod, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SpoorError } from '../core/errors.js';
import { makeFolder } from '../state/make-folder.js';
import { DISK, type Disk } from './disk.js';

const SUFFIX = '.pem';
/** What writeFileAtomic leaves behind when it is killed between its two names. */
const LEFTOVER = /\.[0-9a-f]{12}\.tmp$/;

/**
 * The private keys of the authorities: one PKCS#8 PEM file each, 0600 in a folder that is 0700, encrypted when
 * there is a passphrase.
 *
 * Source: decision 9; RFC 7468 sections 10 and 11.
 */
export class KeyFolder {
  readonly #path: string;
  readonly #passphrase: string | undefined;
  readonly #disk: Disk;

  private constructor(path: string, passphrase: string | undefined, disk: Disk) {
    this.#path = path;
    this.#passphrase = passphrase;
    this.#disk = disk;
  }

  /** Makes the folder when it is not there, and closes it to others when it is. */
  static async open(path: string, passphrase?: string, disk: Disk = DISK): Promise<KeyFolder> {
    await makeFolder(path, 0o700);
    await chmod(path, 0o700);
    return new KeyFolder(path, passphrase, disk);
  }

  /** Returns when the key is on disk. */
  async save(name: string, key: KeyObject): Promise<void> {
    await this.#disk.write(this.#fileOf(name), this.#write(key));
  }

  /**
   * Reads one key. A key that was saved before there was a passphrase is encrypted now.
   *
   * Errors: KEY_UNREADABLE naming the file: not there, cut short, damaged, or another passphrase. Nothing is changed.
   */
  async load(name: string): Promise<KeyObject> {
    const file = this.#fileOf(name);
    const text = await readKeyFile(file);
    const key = parseKey(file, text, this.#passphrase);
    if (this.#passphrase !== undefined && !isEncrypted(text)) await this.save(name, key);
    return key;
  }

  async remove(name: string): Promise<void> {
    await this.#disk.remove(this.#fileOf(name));
  }

  /** Removes every key that `names` does not have: what a crash left between a key and its mention. */
  async keepOnly(names: ReadonlySet<string>): Promise<void> {
    for (const file of await readdir(this.#path)) {
      const stray = file.endsWith(SUFFIX) && !names.has(file.slice(0, -SUFFIX.length));
      if (stray || LEFTOVER.test(file)) await this.#disk.remove(join(this.#path, file));
    }
  }

  #fileOf(name: string): string {
    return join(this.#path, name + SUFFIX);
  }

  #write(key: KeyObject): string {
    if (this.#passphrase === undefined) return key.export({ type: 'pkcs8', format: 'pem' });
    const cipher = { cipher: 'aes-256-cbc', passphrase: this.#passphrase };
    return key.export({ type: 'pkcs8', format: 'pem', ...cipher });
  }
}

/** Errors: KEY_UNREADABLE naming the file. */
export async function readKeyFile(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw unreadable(file, 'cannot be read', cause);
  }
}

/** Errors: KEY_UNREADABLE naming the file, never quoting from it. */
export function parseKey(file: string, text: string, passphrase: string | undefined): KeyObject {
  const encrypted = isEncrypted(text);
  if (encrypted && passphrase === undefined) throw unreadable(file, 'is encrypted, and no passphrase is set');
  try {
    // OpenSSL would ask on the terminal when there is none.
    return createPrivateKey({ key: text, format: 'pem', passphrase: passphrase ?? '' });
  } catch (cause) {
    throw unreadable(file, encrypted ? 'does not open with the passphrase that is set' : 'is damaged', cause);
  }
}

function isEncrypted(text: string): boolean {
  return text.includes('BEGIN ENCRYPTED PRIVATE KEY') || text.includes('Proc-Type: 4,ENCRYPTED');
}

function unreadable(file: string, why: string, cause?: unknown): SpoorError {
  return new SpoorError('KEY_UNREADABLE', `the key file ${file} ${why}`, { facts: { file }, cause });
}
