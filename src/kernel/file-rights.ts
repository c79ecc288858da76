import { SpoorError } from '../core/errors.js';
import { groupList } from './group-list.js';
import { errnoName, perArchitecture, type Libc } from './libc.js';

/** Looks at files for somebody, with no rights but theirs. What it is given must not wait: it is over when it returns. */
export type LookAs = <T>(look: () => T) => T;

/** Whose rights. */
export interface FileUser {
  readonly uid: number;
  readonly gid: number;
  /** Supplementary ones. */
  readonly groups: readonly number[];
}

/** An invalid number: the call changes nothing, and says what is in force. */
const ASK = -1;
const NO_GROUPS = Buffer.alloc(0);

/** With the daemon's own rights. */
export const asDaemon: LookAs = (look) => look();

/**
 * Lets root look at files with the rights of another user, so that nobody reads through the daemon what they could not
 * read themselves. The kernel keeps these rights for each thread: only the calling one has them, and only until `look`
 * returns. The C library's functions would change all threads, so they are passed over.
 *
 * Source: setfsuid(2), setfsgid(2), setgroups(2), "C library/kernel differences"; capabilities(7), "Effect of user ID changes".
 */
export class FileRights {
  readonly #libc: Libc;
  readonly #number: (number: number, id: number) => number;
  readonly #list: (number: number, count: number, list: Buffer) => number;
  readonly #calls: Readonly<Record<'getgroups' | 'setgroups' | 'setfsuid' | 'setfsgid', number>>;

  constructor(libc: Libc, architecture: string = process.arch) {
    this.#libc = libc;
    this.#number = libc.declare('long syscall(long, int)');
    this.#list = libc.declare('long syscall(long, int, void*)');
    const number = (x64: number, arm64: number): number => perArchitecture(x64, arm64, architecture);
    this.#calls = {
      getgroups: number(115, 158),
      setgroups: number(116, 159),
      setfsuid: number(122, 151),
      setfsgid: number(123, 152),
    };
  }

  /** Errors: KERNEL_UNSUPPORTED when the rights cannot be had, or not be given back; those of `look`. */
  of({ uid, gid, groups }: FileUser): LookAs {
    return (look) => {
      const own = this.#groups();
      const ownUid = this.#number(this.#calls.setfsuid, ASK);
      const ownGid = this.#number(this.#calls.setfsgid, ASK);
      try {
        this.#setGroups(groups);
        this.#set('setfsgid', gid);
        // Last: without uid 0 the thread may not change the others.
        this.#set('setfsuid', uid);
        return look();
      } finally {
        this.#set('setfsuid', ownUid);
        this.#set('setfsgid', ownGid);
        this.#setGroups(own);
      }
    };
  }

  /** Of this thread; the first call asks only how many there are. */
  #groups(): readonly number[] {
    const list = Buffer.alloc(this.#checked('getgroups', 0, NO_GROUPS) * 4);
    const count = this.#checked('getgroups', list.length / 4, list);
    return Array.from({ length: count }, (_, index) => list.readUInt32LE(index * 4));
  }

  #setGroups(groups: readonly number[]): void {
    this.#checked('setgroups', groups.length, groupList(groups));
  }

  #checked(call: 'getgroups' | 'setgroups', count: number, list: Buffer): number {
    const result = this.#list(this.#calls[call], count, list);
    if (result >= 0) return result;
    const errno = errnoName(this.#libc.errno());
    throw new SpoorError('KERNEL_UNSUPPORTED', `${call} failed with ${errno}`);
  }

  /** The call itself never says that it failed. */
  #set(call: 'setfsuid' | 'setfsgid', id: number): void {
    this.#number(this.#calls[call], id | 0);
    if (this.#number(this.#calls[call], ASK) !== (id | 0))
      throw new SpoorError('KERNEL_UNSUPPORTED', `${call} failed`);
  }
}
