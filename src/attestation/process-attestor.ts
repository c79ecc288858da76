import type { CgroupOwners } from '../measurement/cgroup-owners.js';
import { readCgroup, type CgroupPlace } from '../measurement/cgroup.js';
import type { Ancestor, ProcessTree } from '../measurement/process-tree.js';
import type { MeasuredProcess } from '../measurement/process.js';
import { readStatus } from '../measurement/status.js';
import type { Attestor, Finding } from './attestor.js';

/** Capabilities with which a process that is not root writes root's files or becomes root; capabilities(7). */
const MIGHTY =
  (1n << 0n) | // CAP_CHOWN
  (1n << 1n) | // CAP_DAC_OVERRIDE
  (1n << 3n) | // CAP_FOWNER
  (1n << 7n) | // CAP_SETUID
  (1n << 19n) | // CAP_SYS_PTRACE
  (1n << 21n); // CAP_SYS_ADMIN
/** What capabilities in a foreign user namespace are worth over root's files. */
const NONE = 0n;

export interface ProcessAttestorDeps {
  readonly tree: ProcessTree;
  readonly owners: CgroupOwners;
}

/**
 * Where a process stands: `process:ancestor_path`, `ancestor_sha256` of every process above it, `cgroup`, and
 * `cgroup_writable`: `false` when that place is root's word alone, `true` when the process itself, its uid or any
 * other uid than 0 could have brought it there.
 *
 * Of a process in a foreign user namespace only the cgroup is given (decision 2).
 */
export class ProcessAttestor implements Attestor {
  readonly name = 'process';
  readonly #deps: ProcessAttestorDeps;

  constructor(deps: ProcessAttestorDeps) {
    this.#deps = deps;
  }

  /** Errors: those of node:fs when the process cannot be looked at. */
  attest(process: MeasuredProcess): Finding | Promise<Finding> {
    if (process.foreignUserNamespace) return this.#cgroupOf(process, NONE);
    const { folder, startTicks } = process;
    const { capabilities, parentPid } = readStatus(folder);
    const cgroup = this.#cgroupOf(process, capabilities);
    const ancestors = this.#deps.tree.above({ folder, parentPid, startTicks });
    if (!(ancestors instanceof Promise)) return withAncestors(cgroup, ancestors);
    return ancestors.then((ancestors) => withAncestors(cgroup, ancestors));
  }

  #cgroupOf(process: MeasuredProcess, capabilities: bigint): Finding {
    const place = readCgroup(process.folder);
    if (place === undefined) return { selectors: [], failure: 'the kernel names no cgroup of it' };
    const selectors = [`process:cgroup:${place.path}`];
    const writable = this.#isWritable(place, process.uid, capabilities);
    if (writable === undefined)
      return { selectors, failure: 'who may write its cgroup cannot be seen from here' };
    return { selectors: [...selectors, `process:cgroup_writable:${writable}`] };
  }

  #isWritable(place: CgroupPlace, uid: number, capabilities: bigint): boolean | undefined {
    return uid === 0 || (capabilities & MIGHTY) !== NONE || this.#deps.owners.isDelegated(place);
  }
}

function withAncestors(cgroup: Finding, ancestors: readonly Ancestor[]): Finding {
  const selectors = ancestors.flatMap(({ executable: { path, sha256 } }) => [
    ...(path === undefined ? [] : [`process:ancestor_path:${path}`]),
    ...(sha256 === undefined ? [] : [`process:ancestor_sha256:${sha256}`]),
  ]);
  const failure = cgroup.failure ?? ancestors.map(shortOf).find((problem) => problem !== undefined);
  return { selectors: [...cgroup.selectors, ...selectors], ...(failure !== undefined && { failure }) };
}

/** An ancestor of another user, into which we may not look, is no failure: its path cannot be read either. */
function shortOf({ pid, executable: { path, problem } }: Ancestor): string | undefined {
  return path === undefined || problem === undefined
    ? undefined
    : `of the ancestor with pid ${pid}: ${problem}`;
}
