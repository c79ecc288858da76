import { readFileSync } from 'node:fs';
import { UNIFIED, type CgroupPlace } from './cgroup.js';

/** Where one hierarchy can be looked at in the daemon's own mount namespace. */
export interface CgroupMount {
  /** As in CgroupPlace; a v1 mount has one for each of its controllers and one for all together. */
  readonly hierarchies: readonly string[];
  /** The cgroup that is seen at the mount point, `/` for all. */
  readonly root: string;
  readonly mountPoint: string;
}

/** Finds the folder of a cgroup. Reads the daemon's own mountinfo, never that of the process in question, who could rewrite it. */
export class CgroupMounts {
  readonly #file: string;
  #mounts: readonly CgroupMount[] | undefined;

  constructor(file = '/proc/self/mountinfo') {
    this.#file = file;
  }

  /**
   * The folders of a cgroup and of every one above it, innermost first.
   *
   * Returns: undefined when the hierarchy is not mounted here, or the cgroup lies outside of what is.
   */
  foldersOf(place: CgroupPlace): readonly string[] | undefined {
    this.#mounts ??= parseCgroupMounts(readFileSync(this.#file, 'utf8'));
    const mount = this.#mounts.find(({ hierarchies, root }) => {
      return hierarchies.includes(place.hierarchy) && below(place.path, root) !== undefined;
    });
    if (mount === undefined) return undefined;
    const names = below(place.path, mount.root)?.split('/').filter(Boolean) ?? [];
    return names
      .map((_, above) => [mount.mountPoint, ...names.slice(0, names.length - above)].join('/'))
      .concat(mount.mountPoint);
  }

  /** Reads mountinfo again at the next question. */
  forget(): void {
    this.#mounts = undefined;
  }
}

/**
 * Reads the cgroup mounts of a mountinfo text.
 *
 * Source: proc_pid_mountinfo(5): root (4), mount point (5), then after the dash type, source and super options.
 */
export function parseCgroupMounts(text: string): readonly CgroupMount[] {
  return text.split('\n').flatMap((line) => {
    const [before = '', after = ''] = line.split(' - ', 2);
    const [, , , root, mountPoint] = before.split(' ');
    const [type, , options = ''] = after.split(' ');
    if (root === undefined || mountPoint === undefined) return [];
    if (type !== 'cgroup' && type !== 'cgroup2') return [];
    const hierarchies = type === 'cgroup2' ? [UNIFIED] : hierarchiesOf(options.split(','));
    return [{ hierarchies, root: unescape(root), mountPoint: unescape(mountPoint) }];
  });
}

/** `rw,cpu,cpuacct` is the hierarchy that /proc/PID/cgroup calls `cpu,cpuacct`, in either order. */
function hierarchiesOf(options: readonly string[]): readonly string[] {
  const controllers = options.filter((option) => !NOT_CONTROLLERS.has(option.split('=')[0] ?? option));
  return [controllers.join(','), controllers.toReversed().join(','), ...controllers];
}

const NOT_CONTROLLERS = new Set([
  'rw',
  'ro',
  'xattr',
  'release_agent',
  'clone_children',
  'noprefix',
  'cpuset_v2_mode',
  'favordynmods',
]);

/** The rest of `path` below `root`; undefined when it is not below. */
function below(path: string, root: string): string | undefined {
  if (path === '/..' || path.startsWith('/../')) return undefined;
  if (root === '/' || path === root) return path.slice(root === '/' ? 0 : root.length);
  return path.startsWith(`${root}/`) ? path.slice(root.length) : undefined;
}

/** Blanks, tabs, newlines and backslashes are written as three octal digits. */
function unescape(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCodePoint(Number.parseInt(octal, 8)),
  );
}
