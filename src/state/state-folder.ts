import { randomBytes } from 'node:crypto';
import { open, readdir, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { geteuid } from 'node:process';
import { SpoorError } from '../core/errors.js';
import { tryLock } from '../kernel/file-lock.js';
import { Libc } from '../kernel/libc.js';
import { Database } from './database.js';
import { makeFolder } from './make-folder.js';
import { pinNode, readNode, type NodeFile } from './node-file.js';

const DATABASE = 'spoor.db';

/**
 * The daemon's own folder: its keys, its database, its record.
 *
 * Only its owner can look into it, one daemon at a time has it, and it belongs to one trust domain for good.
 *
 * Source: decision 9.
 */
export class StateFolder implements AsyncDisposable {
  readonly path: string;
  readonly database: Database;
  /** Random, 16 bytes as hex; made with the folder and never changed. */
  readonly nodeId: string;
  readonly #handle: FileHandle;

  private constructor(path: string, node: NodeFile, database: Database, handle: FileHandle) {
    this.path = path;
    this.nodeId = node.nodeId;
    this.database = database;
    this.#handle = handle;
  }

  /**
   * Opens the folder, or makes it with mode 0700.
   *
   * Errors: STATE_FOREIGN when it belongs to another trust domain; STATE_UNUSABLE when another daemon has it open, when
   *         others own it or can enter it, or when what is in it is damaged. In both cases nothing in it is changed.
   */
  static async open(path: string, trustDomain: { readonly name: string }): Promise<StateFolder> {
    const handle = await openFolder(path);
    try {
      await checkPrivate(path, handle);
      if (!tryLock(new Libc(), handle.fd)) throw unusable(`${path} is in use by another daemon`);
      const node = (await readNode(path, trustDomain.name)) ?? (await pinEmpty(path, trustDomain.name));
      return new StateFolder(path, node, await Database.open(join(path, DATABASE)), handle);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** The path of a file in this folder. */
  file(name: string): string {
    return join(this.path, name);
  }

  /** Closes the database and lets the next daemon in. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.database[Symbol.asyncDispose]();
    await this.#handle.close();
  }
}

async function openFolder(path: string): Promise<FileHandle> {
  try {
    await makeFolder(path, 0o700);
    return await open(path, 'r');
  } catch (error) {
    throw unusable(`${path} cannot be made or opened`, error);
  }
}

async function checkPrivate(path: string, handle: FileHandle): Promise<void> {
  const facts = await handle.stat();
  if (!facts.isDirectory()) throw unusable(`${path} is not a folder`);
  const uid = geteuid?.();
  if (facts.uid !== uid)
    throw unusable(`${path} belongs to uid ${facts.uid}, and the daemon runs as uid ${uid}`);
  const mode = facts.mode & 0o777;
  if ((mode & 0o077) !== 0) throw unusable(`${path} has mode ${mode.toString(8)}: only 700 keeps others out`);
}

/** A database whose owner nobody knows any more must not become ours. */
async function pinEmpty(path: string, trustDomain: string): Promise<NodeFile> {
  if ((await readdir(path)).includes(DATABASE))
    throw unusable(`${path} holds ${DATABASE} but has lost node.json`);
  return pinNode(path, { trustDomain, nodeId: randomBytes(16).toString('hex') });
}

function unusable(message: string, cause?: unknown): SpoorError {
  return new SpoorError('STATE_UNUSABLE', message, { cause });
}
