import { join } from 'node:path';
import type { Clock } from '../core/clock.js';
import { MarkedFile } from './marked-file.js';

/** How long an answer stands before the files are looked at again. */
const LOOK_AGAIN_MS = 1_000;

/** Names by number. A number without a name is simply not there. */
export interface AccountNames {
  readonly users: ReadonlyMap<number, string>;
  readonly groups: ReadonlyMap<number, string>;
}

/**
 * The names of users and groups, from /etc/passwd and /etc/group.
 *
 * The files are read again when their device, inode, size, mtime or ctime changed, which is looked at once a second
 * at most. Only these two files: names that come from a directory service (LDAP, sssd) are not known.
 *
 * Errors: none; a file that cannot be read has no names.
 * Source: passwd(5), group(5).
 */
export class AccountFiles {
  readonly #clock: Clock;
  readonly #users: MarkedFile<ReadonlyMap<number, string>>;
  readonly #groups: MarkedFile<ReadonlyMap<number, string>>;
  #current: AccountNames | undefined;
  #lookedAtMs = 0;

  constructor(clock: Clock, folder = '/etc') {
    this.#clock = clock;
    this.#users = new MarkedFile(join(folder, 'passwd'), parseAccounts);
    this.#groups = new MarkedFile(join(folder, 'group'), parseAccounts);
  }

  /** The names as they are now; without a promise unless a file has to be read. */
  names(): AccountNames | Promise<AccountNames> {
    const now = this.#clock.monotonicMs();
    if (this.#current !== undefined && now - this.#lookedAtMs < LOOK_AGAIN_MS) return this.#current;
    this.#lookedAtMs = now;
    const unchanged = this.#users.isCurrent() && this.#groups.isCurrent();
    return unchanged && this.#current !== undefined ? this.#current : this.#read();
  }

  async #read(): Promise<AccountNames> {
    const [users, groups] = await Promise.all([this.#users.content(), this.#groups.content()]);
    return (this.#current = { users, groups });
  }
}

/** Reads lines of `name:password:number:…`, as passwd(5) and group(5) share them. The first name of a number wins. */
export function parseAccounts(text: string): ReadonlyMap<number, string> {
  const names = new Map<number, string>();
  for (const line of text.split('\n')) {
    const [name = '', , number = ''] = line.split(':', 3);
    if (name === '' || name.startsWith('#') || !/^\d{1,10}$/.test(number)) continue;
    if (!names.has(Number(number))) names.set(Number(number), name);
  }
  return names;
}
