import { SpoorError } from '../core/errors.js';
import type { Digests } from '../measurement/digests.js';
import { measureExecutable, type Executable } from '../measurement/executable.js';
import type { MeasuredProcess } from '../measurement/process.js';
import { readStatus, type ProcessStatus } from '../measurement/status.js';
import type { AccountFiles, AccountNames } from '../measurement/account-names.js';
import type { Attestor, Finding } from './attestor.js';

export interface UnixAttestorDeps {
  readonly digests: Digests;
  readonly accounts: AccountFiles;
}

/**
 * Who runs a process, and which program it presents: `unix:uid`, `user`, `gid`, `group`, `supplementary_gid`,
 * `supplementary_group`, `path`, `sha256`.
 *
 * A number without a name in /etc gives no name selector. Of a process in a foreign user namespace only the uid is
 * given: it can make its groups and its executable what it likes (decision 2).
 *
 * Source: names and values are those of SPIRE's `unix` attestor, so that its entries carry over.
 */
export class UnixAttestor implements Attestor {
  readonly name = 'unix';
  readonly #deps: UnixAttestorDeps;

  constructor(deps: UnixAttestorDeps) {
    this.#deps = deps;
  }

  /** Errors: PEER_UNKNOWN when the user of the process has changed; those of node:fs when it cannot be looked at. */
  attest(process: MeasuredProcess): Finding | Promise<Finding> {
    const status = readStatus(process.folder);
    if (status.uid !== process.uid || status.gid !== process.gid) throw userChanged(process, status);
    if (process.foreignUserNamespace) return { selectors: [`unix:uid:${process.uid}`] };

    const names = this.#deps.accounts.names();
    const executable = measureExecutable(process.folder, this.#deps.digests);
    if (!(names instanceof Promise) && !(executable instanceof Promise))
      return find(status, names, executable);
    return Promise.all([names, executable]).then(([names, executable]) => find(status, names, executable));
  }
}

function find(status: ProcessStatus, names: AccountNames, executable: Executable): Finding {
  const { path, problem } = executable;
  const selectors = [...userSelectors(status, names), ...executableSelectors(executable)];
  return {
    selectors,
    ...(path !== undefined && { path }),
    ...(problem !== undefined && { failure: problem }),
  };
}

function userSelectors(
  { uid, gid, groups }: ProcessStatus,
  { users, groups: groupNames }: AccountNames,
): string[] {
  return [
    ...numbered('uid', uid, 'user', users),
    ...numbered('gid', gid, 'group', groupNames),
    ...groups.flatMap((group) => numbered('supplementary_gid', group, 'supplementary_group', groupNames)),
  ];
}

function numbered(kind: string, id: number, named: string, names: ReadonlyMap<number, string>): string[] {
  const name = names.get(id);
  return name === undefined ? [`unix:${kind}:${id}`] : [`unix:${kind}:${id}`, `unix:${named}:${name}`];
}

function executableSelectors({ path, sha256 }: Executable): string[] {
  return [
    ...(path === undefined ? [] : [`unix:path:${path}`]),
    ...(sha256 === undefined ? [] : [`unix:sha256:${sha256}`]),
  ];
}

function userChanged(process: MeasuredProcess, status: ProcessStatus): SpoorError {
  return new SpoorError('PEER_UNKNOWN', 'the process runs as another user than when it connected', {
    facts: {
      pid: process.pid,
      connectedAs: `${process.uid}:${process.gid}`,
      runsAs: `${status.uid}:${status.gid}`,
    },
  });
}
