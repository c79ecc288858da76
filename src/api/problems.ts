import { ERRORS } from '../core/errors.js';
import type { BundleProblem } from '../issuance/bundle-store.js';
import type { FileProblem } from '../state/file-problems.js';
import type { Problem } from '../wire/admin.js';
import type { AdminRooms, Finding } from './admin-rooms.js';

const ENTRIES = {
  subject: 'entries',
  message: 'a file of entries is not in force as it stands; the last good one is',
  remedy: ERRORS.ENTRIES_INVALID.remedy,
} as const;
const DEFINITIONS = {
  subject: 'launch definitions',
  message: 'a file of launch definitions is not in force as it stands; the last good one is',
  remedy: ERRORS.DEFINITIONS_INVALID.remedy,
} as const;
const NOWHERE = { file: '', line: 0, path: '', found: '', allowed: '' } as const;

/** Everything that the daemon knows to be wrong at the moment: in its files, and in how it is. */
export function problemsOf({
  catalog,
  definitions,
  bundles,
  health,
}: Pick<AdminRooms, 'catalog' | 'definitions' | 'bundles' | 'health'>): Problem[] {
  const ofFiles = [
    ...catalog.problems.map((problem) => ofItems(problem, ENTRIES)),
    ...definitions.problems.map((problem) => ofItems(problem, DEFINITIONS)),
    ...bundles.problems.map(ofBundles),
  ];
  // Health says in a word what these say in full.
  const said = new Set(ofFiles.map(({ subject }) => subject));
  const unwell = health().filter((finding) => isUnwell(finding) && !said.has(finding.name));
  return [...ofFiles, ...unwell.map(ofHealth)];
}

function ofItems(place: FileProblem, kind: Pick<Problem, 'subject' | 'message' | 'remedy'>): Problem {
  return { severity: 'error', ...kind, ...place };
}

function ofBundles({ file, message }: BundleProblem): Problem {
  return {
    ...NOWHERE,
    severity: 'error',
    subject: 'bundles',
    message,
    remedy: 'Correct the named file; the last good bundle stays in force.',
    file,
  };
}

function isUnwell({ status }: Finding): boolean {
  return status !== 'ok';
}

function ofHealth({ name, status, detail }: Finding): Problem {
  return {
    ...NOWHERE,
    severity: status === 'failed' ? 'error' : 'warning',
    subject: name,
    message: detail,
    remedy: 'The log has the lines around it.',
  };
}
