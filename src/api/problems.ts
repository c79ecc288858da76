import { ERRORS } from '../core/errors.js';
import type { BundleProblem } from '../issuance/bundle-store.js';
import type { FileProblem } from '../state/file-problems.js';
import type { Problem } from '../wire/admin.js';
import type { AdminRooms, Finding } from './admin-rooms.js';

const NOWHERE = { file: '', line: 0, path: '', found: '', allowed: '' } as const;

/** Everything that the daemon knows to be wrong at the moment: in its files, and in how it is. */
export function problemsOf({
  catalog,
  bundles,
  health,
}: Pick<AdminRooms, 'catalog' | 'bundles' | 'health'>): Problem[] {
  const ofFiles = [...catalog.problems.map(ofEntries), ...bundles.problems.map(ofBundles)];
  // Health says in a word what these say in full.
  const said = new Set(ofFiles.map(({ subject }) => subject));
  const unwell = health().filter((finding) => isUnwell(finding) && !said.has(finding.name));
  return [...ofFiles, ...unwell.map(ofHealth)];
}

function ofEntries({ file, line, path, found, allowed }: FileProblem): Problem {
  return {
    severity: 'error',
    subject: 'entries',
    message: 'a file of entries is not in force as it stands; the last good one is',
    remedy: ERRORS.ENTRIES_INVALID.remedy,
    file,
    line,
    path,
    found,
    allowed,
  };
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
