import { lstatSync, readlinkSync, statfsSync, type Stats } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';

const GROUP_WRITE = 0o020;
const OTHER_WRITE = 0o002;

/**
 * File systems whose files another machine or another process can change under the kernel, by their magic numbers.
 *
 * Source: statfs(2), linux/magic.h.
 */
const REMOTE: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB2'],
  [0x517b, 'SMB'],
  [0x65735546, 'FUSE'],
  [0x01021997, '9P'],
  [0x5346414f, 'AFS'],
  [0x6b414653, 'AFS'],
  [0x00c36400, 'Ceph'],
  [0x73757245, 'Coda'],
  [0x7461636f, 'OCFS2'],
  [0x01161970, 'GFS2'],
  [0x0bd00bd0, 'Lustre'],
]);

/**
 * Why a file can be changed by anybody else than root, in one sentence; undefined when it cannot: it and every folder above
 * it belong to root, nobody else may write to them, and its file system is this machine's own.
 *
 * An entry of an access control list shows in the bits of the group, which are then the mask of all of them.
 *
 * Takes:  `path`: absolute and real, without links.
 * Errors: those of node:fs when it is not there.
 * Source: decision 4; acl(5).
 */
export function distrust(path: string): string | undefined {
  const remote = remoteOf(path);
  if (remote !== undefined) return `${path} lies on ${remote}`;
  const found = writableAbove(path);
  return found && `${found.at} ${writableBeyondRoot(found.facts) ?? ''}`;
}

/** The name of the file system of another machine or process on which a file lies; undefined for this machine's own. */
export function remoteOf(path: string): string | undefined {
  return REMOTE.get(statfsSync(path).type);
}

/** The first of a file and the folders above it that anybody else than root could change. Takes and errors: as `distrust`. */
export function writableAbove(path: string): { readonly at: string; readonly facts: Stats } | undefined {
  for (let at = path; ; at = dirname(at)) {
    const facts = lstatSync(at);
    if (writableBeyondRoot(facts) !== undefined) return { at, facts };
    if (at === dirname(at)) return undefined;
  }
}

const STICKY = 0o1000;
/** As path_resolution(7) has it. */
const MAX_LINKS = 40;

/**
 * Why anybody else than root could make a path lead elsewhere, in one sentence; undefined when nobody can: every folder and
 * link on the way belongs to root, and nobody else may write to the folders, or put anything in the place of what is root's
 * in them (the sticky bit).
 *
 * Takes:  `path`: absolute; links in it are followed.
 * Errors: those of node:fs when it leads nowhere.
 */
export function distrustOfWay(path: string): string | undefined {
  const names = path.split('/').filter((name) => name !== '');
  let links = 0;
  let at = '/';
  for (let name = names.shift(); name !== undefined; name = names.shift()) {
    const next = join(at, name);
    const facts = lstatSync(next);
    if (facts.uid !== 0) return `${next} belongs to uid ${facts.uid}`;
    const folder = lstatSync(at);
    const why = (folder.mode & STICKY) !== 0 && folder.uid === 0 ? undefined : writableBeyondRoot(folder);
    if (why !== undefined) return `${at} ${why}`;
    if (!facts.isSymbolicLink()) at = next;
    else if (++links > MAX_LINKS) return `${path} has too many links`;
    else {
      const target = readlinkSync(next);
      names.unshift(...target.split('/').filter((part) => part !== ''));
      if (isAbsolute(target)) at = '/';
    }
  }
  return writableBeyondRoot(lstatSync(at));
}

function writableBeyondRoot({ uid, gid, mode }: Stats): string | undefined {
  if (uid !== 0) return `belongs to uid ${uid}`;
  if ((mode & OTHER_WRITE) !== 0) return 'can be written by everybody';
  return (mode & GROUP_WRITE) === 0
    ? undefined
    : `can be written by gid ${gid}, or by others that its list allows`;
}
