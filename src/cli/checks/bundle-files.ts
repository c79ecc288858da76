import { NO_LOG } from '../../core/log.js';
import type { Config } from '../../daemon/config.js';
import { BundleStore } from '../../issuance/bundle-store.js';
import type { CliIo } from '../io.js';
import { failureOf, ok, type Finding } from './finding.js';
import { ScratchDatabase } from './scratch-database.js';

const SUBJECT = 'bundles';

/** The bundle files of other trust domains, read with the daemon's own code. */
export async function checkBundleFiles(
  { bundles: folder, trustDomain }: Config,
  io: CliIo,
): Promise<readonly Finding[]> {
  await using scratch = await ScratchDatabase.open(io.facts.temporary);
  try {
    const deps = { folder, database: scratch.database, trustDomain, clock: io.clock, log: NO_LOG };
    const store = await BundleStore.open(deps);
    const faults = store.problems.map(({ file, message }): Finding => ({
      severity: 'error',
      subject: SUBJECT,
      message,
      remedy: 'Put a SPIFFE bundle document or PEM certificates there; the last good ones stay in force.',
      file,
      line: 0,
    }));
    return faults.length > 0 ? faults : [ok(SUBJECT, `${store.list().length} in the files of ${folder}`)];
  } catch (error) {
    return [failureOf(SUBJECT, error)];
  }
}
