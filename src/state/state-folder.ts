import { join } from 'node:path';
import { SpoorError } from '../core/errors.js';
import type { Database } from './database.js';

/** The daemon's own folder: opened by one daemon at a time, and for one trust domain only. */
export class StateFolder implements AsyncDisposable {
  readonly path: string;
  readonly database: Database;
  /** Random, 16 bytes as hex; made with the folder and never changed. */
  readonly nodeId: string;

  private constructor(path: string, nodeId: string, database: Database) {
    this.path = path;
    this.nodeId = nodeId;
    this.database = database;
  }

  static async open(path: string, trustDomain: { readonly name: string }): Promise<StateFolder> {
    throw new SpoorError('STATE_UNUSABLE', `${path} for ${trustDomain.name} cannot be opened yet`);
  }

  /** The path of a file in this folder. */
  file(name: string): string {
    return join(this.path, name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.database[Symbol.asyncDispose]();
  }
}
