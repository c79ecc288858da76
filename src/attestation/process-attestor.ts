import { isCgroupWritable } from '../measurement/cgroup-writable.js';
import type { CgroupMounts } from '../measurement/cgroup-mounts.js';
import { readCgroup } from '../measurement/cgroup.js';
import type { Digests } from '../measurement/digests.js';
import type { KeptStats } from '../measurement/kept-stats.js';
import { ancestorsOf, type Ancestor } from '../measurement/process-tree.js';
import type { MeasuredProcess } from '../measurement/process.js';
import { readStatus } from '../measurement/status.js';
import type { Attestor, Finding } from './attestor.js';

export interface ProcessAttestorDeps {
  readonly digests: Digests;
  readonly stats: KeptStats;
  readonly mounts: CgroupMounts;
}

/**
 * Where a process stands: `process:ancestor_path`, `ancestor_sha256` of every process above it, `cgroup`, and
 * `cgroup_writable`: whether that place can be the work of anybody else than root.
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
    const cgroup = this.#cgroupOf(process);
    if (process.foreignUserNamespace) return cgroup;
    const ancestors = ancestorsOf(process.pid, this.#deps);
    if (!(ancestors instanceof Promise)) return withAncestors(cgroup, ancestors);
    return ancestors.then((ancestors) => withAncestors(cgroup, ancestors));
  }

  #cgroupOf(process: MeasuredProcess): Finding {
    const place = readCgroup(process.folder);
    if (place === undefined) return { selectors: [], failure: 'the kernel names no cgroup of it' };
    const writable = isCgroupWritable(place, writerOf(process), this.#deps.mounts);
    const selectors = [`process:cgroup:${place.path}`];
    if (writable === undefined)
      return { selectors, failure: 'who may write its cgroup cannot be seen from here' };
    return { selectors: [...selectors, `process:cgroup_writable:${writable}`] };
  }
}

/** Capabilities in a foreign user namespace are none over root's files. */
function writerOf(process: MeasuredProcess): { uid: number; capabilities: bigint } {
  const capabilities = process.foreignUserNamespace ? 0n : readStatus(process.folder).capabilities;
  return { uid: process.uid, capabilities };
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
