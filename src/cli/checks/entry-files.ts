import { existsSync } from 'node:fs';
import { NO_LOG } from '../../core/log.js';
import type { Config } from '../../daemon/config.js';
import { EntryCatalog } from '../../entries/entry-catalog.js';
import { entryWarnings } from '../../entries/lint.js';
import type { CliIo } from '../io.js';
import { failureOf, fileFinding, ok, type Finding } from './finding.js';
import { ScratchDatabase } from './scratch-database.js';

const SUBJECT = 'entries';

/** The entry files, read with the daemon's own code; entries that were set by command are the daemon's to report. */
export async function checkEntryFiles(
  { entries: folder, trustDomain }: Config,
  io: CliIo,
): Promise<readonly Finding[]> {
  await using scratch = await ScratchDatabase.open(io.facts.temporary);
  try {
    const deps = { folder, database: scratch.database, trustDomain, clock: io.clock, log: NO_LOG };
    const catalog = await EntryCatalog.open(deps);
    const set = catalog.entries.current.value;
    const weak = [...set].flatMap((entry) =>
      entryWarnings(entry).map((message): Finding => ({
        severity: 'warning',
        subject: SUBJECT,
        message: `${entry.id}: ${message}`,
        // The sentence itself says what to add.
        remedy: '',
        ...(entry.source.kind === 'file' && { file: entry.source.file, line: entry.source.line }),
      })),
    );
    const faults = catalog.problems.map((problem) => fileFinding(SUBJECT, problem));
    if (faults.length + weak.length > 0) return [...faults, ...weak];
    if (!existsSync(folder)) return [ok(SUBJECT, `none in files: there is no folder ${folder}`)];
    return [ok(SUBJECT, `${set.size} in the files of ${folder}`)];
  } catch (error) {
    return [failureOf(SUBJECT, error)];
  }
}
