import { lstatSync, statfsSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';

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
  const remote = REMOTE.get(statfsSync(path).type);
  if (remote !== undefined) return `${path} lies on ${remote}`;
  for (let at = path; ; at = dirname(at)) {
    const why = writableBeyondRoot(lstatSync(at));
    if (why !== undefined) return `${at} ${why}`;
    if (at === dirname(at)) return undefined;
  }
}

function writableBeyondRoot({ uid, gid, mode }: Stats): string | undefined {
  if (uid !== 0) return `belongs to uid ${uid}`;
  if ((mode & OTHER_WRITE) !== 0) return 'can be written by everybody';
  return (mode & GROUP_WRITE) === 0
    ? undefined
    : `can be written by gid ${gid}, or by others that its list allows`;
}
