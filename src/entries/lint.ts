import type { Entry } from './entry.js';
import { isLooseTemplate } from './descendants.js';
import { impliesLaunched, splitSelector } from './selector.js';

/** What another user cannot bring about, besides what only launched processes have. */
const EVIDENCE: readonly string[] = [
  'unix:uid',
  'unix:user',
  'unix:gid',
  'unix:group',
  'unix:supplementary_gid',
  'unix:supplementary_group',
];
/** What any process can present: it can change its own executable, preload code, and choose its parent. */
const PRESENTED: readonly string[] = [
  'unix:path',
  'unix:sha256',
  'process:ancestor_path',
  'process:ancestor_sha256',
];

/**
 * Sentences for people about what an entry rests on, and about whom else it lets in; none when a uid, a gid, a cgroup
 * that root owns or something that only launched processes have is among the former.
 *
 * Source: decisions 2 and 5.
 */
export function entryWarnings(entry: Entry): readonly string[] {
  return [...evidenceWarnings(entry), ...descendantWarnings(entry)];
}

function descendantWarnings(entry: Entry): readonly string[] {
  return isLooseTemplate(entry)
    ? [
        `any program below the agent can call itself what it likes, and so get every SPIFFE ID of the form ` +
          `${entry.descendants}: begin the template with ${entry.spiffeId}/`,
      ]
    : [];
}

function evidenceWarnings({ selectors }: Entry): readonly string[] {
  const names = selectors.map((selector) => splitSelector(selector).name);
  if (names.some(isEvidence) || restsOnCgroup(selectors, names)) return [];
  const presented = names.filter((name) => PRESENTED.includes(name));
  if (presented.length > 0) {
    const what = [...new Set(presented)].join(' and ');
    return [
      `it rests on ${what}, which any user of this machine can present: add a uid, a gid or a root-owned cgroup`,
    ];
  }
  return names.includes('process:cgroup')
    ? [
        'it rests on a cgroup that its processes may have chosen: add process:cgroup_writable:false, a uid or a gid',
      ]
    : ['it names no user, group or cgroup: any process in a place of that kind gets it'];
}

function isEvidence(name: string): boolean {
  return EVIDENCE.includes(name) || impliesLaunched(name);
}

function restsOnCgroup(selectors: readonly string[], names: readonly string[]): boolean {
  return selectors.includes('process:cgroup_writable:false') && names.includes('process:cgroup');
}
