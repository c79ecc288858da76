/** What an unprivileged process can choose for itself: the program that it presents. */
const CHOSEN = /^(?:unix:(?:path|sha256)|process:ancestor_(?:path|sha256)):/u;
const CGROUP = 'process:cgroup:';
/** Said of a cgroup that is root's word alone. */
const CGROUP_IS_EVIDENCE = 'process:cgroup_writable:false';

/**
 * Whether a selector says only what the process presents of itself.
 *
 * Takes:  `all` — every selector of the process: a cgroup is evidence only beside `cgroup_writable:false`.
 * Source: decision 2.
 */
export function isPresented(selector: string, all: readonly string[]): boolean {
  if (selector.startsWith(CGROUP)) return !all.includes(CGROUP_IS_EVIDENCE);
  return CHOSEN.test(selector);
}
