import { join } from 'node:path';
import { MarkedFile } from './marked-file.js';

/** The largest number that a user or a group can have: the next one means "none". */
const MAX_NUMBER = 4_294_967_294;

/** One user as passwd(5) has it, with its groups. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  readonly shell: string;
  /** The primary one first, then those that list the user, in the order of the file. */
  readonly groups: readonly number[];
}

interface Group {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

type User = Omit<Account, 'groups'>;

/** All users and groups at one time. */
export class AccountTable {
  readonly #users: readonly User[];
  readonly #groups: readonly Group[];

  constructor(users: readonly User[], groups: readonly Group[]) {
    this.#users = users;
    this.#groups = groups;
  }

  /** Takes: a name, or a number in decimal. The first line that fits is the user's, as for getpwnam(3). */
  user(nameOrNumber: string): Account | undefined {
    const found = first(this.#users, nameOrNumber, ({ uid }) => uid);
    return found && { ...found, groups: this.#groupsOf(found) };
  }

  /** The number of a group. Takes: a name, or a number in decimal. */
  group(nameOrNumber: string): number | undefined {
    return first(this.#groups, nameOrNumber, ({ gid }) => gid)?.gid;
  }

  /** The names that these groups have. */
  groupNames(gids: readonly number[]): readonly string[] {
    const wanted = new Set(gids);
    return this.#groups.filter(({ gid }) => wanted.has(gid)).map(({ name }) => name);
  }

  #groupsOf({ name, gid }: User): readonly number[] {
    const listed = this.#groups.filter(({ members }) => members.includes(name)).map((group) => group.gid);
    return [...new Set([gid, ...listed])];
  }
}

/**
 * Users and groups, from /etc/passwd and /etc/group. Users that come from a directory service (LDAP, sssd) are not known.
 *
 * Errors: none; a file that cannot be read has nobody in it.
 * Source: passwd(5), group(5).
 */
export class Accounts {
  readonly #users: MarkedFile<readonly User[]>;
  readonly #groups: MarkedFile<readonly Group[]>;

  constructor(folder = '/etc') {
    this.#users = new MarkedFile(join(folder, 'passwd'), parseUsers);
    this.#groups = new MarkedFile(join(folder, 'group'), parseGroups);
  }

  /** As the files are now. */
  async table(): Promise<AccountTable> {
    return new AccountTable(await this.#users.content(), await this.#groups.content());
  }
}

/** Reads lines of `name:password:uid:gid:comment:home:shell`; those that are none are passed over. */
export function parseUsers(text: string): readonly User[] {
  return fieldsOf(text, 7).flatMap(([name = '', , uid = '', gid = '', , home = '', shell = '']) =>
    isNumber(uid) && isNumber(gid)
      ? // An empty shell is /bin/sh, by passwd(5).
        [{ name, uid: Number(uid), gid: Number(gid), home: home || '/', shell: shell || '/bin/sh' }]
      : [],
  );
}

/** Reads lines of `name:password:gid:member,member`; those that are none are passed over. */
export function parseGroups(text: string): readonly Group[] {
  return fieldsOf(text, 4).flatMap(([name = '', , gid = '', members = '']) =>
    isNumber(gid)
      ? [{ name, gid: Number(gid), members: members.split(',').filter((member) => member !== '') }]
      : [],
  );
}

function fieldsOf(text: string, count: number): readonly string[][] {
  return text
    .split('\n')
    .map((line) => line.split(':'))
    .filter(({ length, 0: name = '' }) => length === count && name !== '' && !/^[#+-]/.test(name));
}

function isNumber(text: string): boolean {
  return /^\d{1,10}$/.test(text) && Number(text) <= MAX_NUMBER;
}

function first<Named extends { readonly name: string }>(
  all: readonly Named[],
  nameOrNumber: string,
  numberOf: (one: Named) => number,
): Named | undefined {
  // Digits are never taken for a name, as some tools do: whom they mean must not depend on who was given an account.
  return /^\d+$/.test(nameOrNumber)
    ? all.find((one) => numberOf(one) === Number(nameOrNumber))
    : all.find(({ name }) => name === nameOrNumber);
}
