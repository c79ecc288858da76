import { existsSync } from 'node:fs';
import { NO_LOG } from '../../core/log.js';
import type { Config } from '../../daemon/config.js';
import { DefinitionCatalog } from '../../launch/definitions/definition-catalog.js';
import type { DefinitionSet } from '../../launch/definitions/definition-set.js';
import type { CliIo } from '../io.js';
import { failureOf, fileFinding, ok, warning, type Finding } from './finding.js';
import { launchFindings } from './launch-findings.js';
import { writersOf } from './program-file.js';
import { ScratchDatabase } from './scratch-database.js';

const SUBJECT = 'launch definitions';

/**
 * The files of launch definitions, read with the daemon's own code, and whether what they name is there. Definitions that
 * were set by command are the daemon's to report.
 */
export async function checkLaunchFiles(config: Config, io: CliIo): Promise<readonly Finding[]> {
  const { launch: folder, trustDomain, mode } = config;
  await using scratch = await ScratchDatabase.open(io.facts.temporary);
  try {
    const deps = { folder, database: scratch.database, trustDomain, clock: io.clock, log: NO_LOG };
    const catalog = await DefinitionCatalog.open(deps);
    const set = catalog.definitions.current.value;
    const found = [
      ...catalog.problems.map((problem) => fileFinding(SUBJECT, problem)),
      ...(await launchFindings(set, mode)),
      ...(mode === 'root' ? await writerFindings(set) : []),
    ];
    if (found.length > 0) return found;
    if (!existsSync(folder)) return [ok(SUBJECT, `none in files: there is no folder ${folder}`)];
    return [ok(SUBJECT, `${set.size} in the files of ${folder}`)];
  } catch (error) {
    return [failureOf(SUBJECT, error)];
  }
}

/** Who can write a definition can have anything run as anybody. */
async function writerFindings(set: DefinitionSet): Promise<readonly Finding[]> {
  const files = [...set].flatMap(({ source }) => (source.kind === 'file' ? [source.file] : []));
  const writers = await Promise.all([...new Set(files)].map((file) => writersOf(file)));
  const remedy = 'Let only root own and write the files of launch definitions and every folder above them.';
  return [...new Set(writers)].flatMap((who) =>
    who === undefined ? [] : [warning(SUBJECT, `${who}, and so can say what runs as whom`, remedy)],
  );
}
