import { readFileSync } from 'node:fs';

/** The place of a process in one hierarchy of control groups. */
export interface CgroupPlace {
  /** `unified` for v2, else the v1 controllers or name as the kernel writes them: `memory`, `cpu,cpuacct`, `name=systemd`. */
  readonly hierarchy: string;
  /** Absolute, as seen from the daemon's cgroup namespace; `/..` in front where it lies outside of that. */
  readonly path: string;
}

/** The v2 hierarchy in the words of this file. */
export const UNIFIED = 'unified';
/** Where v2 says nothing (v1, and hybrid where only v1 is used): systemd's own tree first, then what container engines use. */
const PREFERRED = [UNIFIED, 'name=systemd', 'memory', 'pids', 'cpu,cpuacct', 'cpu', 'devices'];

/**
 * Reads /proc/PID/cgroup and gives the one place by which the process is known.
 *
 * That is its place in v2, or, where it stands in the root there and v1 is mounted too, in the first v1 hierarchy
 * in which it stands elsewhere. A process can only change that choice by a move in a hierarchy that it may write.
 *
 * The path is the kernel's answer to us, in our cgroup namespace; the process's own namespace has no part in it.
 *
 * Errors: those of node:fs (ENOENT, ESRCH: the process is gone).
 * Source: cgroups(7), section "/proc files"; cgroup_namespaces(7).
 */
export function readCgroup(folder: string): CgroupPlace | undefined {
  return chooseCgroup(parseCgroups(readFileSync(`${folder}/cgroup`, 'utf8')));
}

/**
 * Reads the text of /proc/PID/cgroup: one `number:controllers:path` a line. A path may hold colons; the kernel
 * allows no newline in the name of a cgroup.
 */
export function parseCgroups(text: string): readonly CgroupPlace[] {
  return text.split('\n').flatMap((line) => {
    const [, controllers, path] = /^\d+:(.*?):(\/.*)$/.exec(line) ?? [];
    if (controllers === undefined || path === undefined) return [];
    return [{ hierarchy: controllers === '' ? UNIFIED : controllers, path }];
  });
}

/** The place by which a process with these places is known; undefined where there are no cgroups. */
export function chooseCgroup(places: readonly CgroupPlace[]): CgroupPlace | undefined {
  const [unified] = places;
  if (places.length === 1) return unified;
  const ranked = rankedPlaces(places);
  return ranked.find(({ path }) => path !== '/') ?? ranked[0];
}

/** v2 first, then the hierarchies of v1 in the order in which they tell processes apart. */
export function rankedPlaces(places: readonly CgroupPlace[]): readonly CgroupPlace[] {
  return places.toSorted((a, b) => rank(a) - rank(b));
}

function rank({ hierarchy }: CgroupPlace): number {
  const index = PREFERRED.indexOf(hierarchy);
  return index === -1 ? PREFERRED.length : index;
}
