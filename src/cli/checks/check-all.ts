import type { Flags } from '../../daemon/config.js';
import type { Cli } from '../cli.js';
import { checkBundleFiles } from './bundle-files.js';
import { checkEntryFiles } from './entry-files.js';
import type { Finding } from './finding.js';
import { checkKernel } from './kernel.js';
import { checkLaunchFiles } from './launch-files.js';
import { checkRunningDaemon } from './running-daemon.js';
import { checkSettings } from './settings.js';
import { checkSockets } from './sockets.js';
import { checkState } from './state.js';
import { checkUpstream } from './upstream.js';

/**
 * Looks at everything that the daemon rests on, as the user who asks.
 *
 * Returns: at least one finding for each subject; what the settings name is left out when they are not valid.
 */
export async function checkAll(cli: Cli, flags: Flags): Promise<readonly Finding[]> {
  const { config, findings } = checkSettings(flags, cli.io.facts);
  if (config === undefined) return [...findings, ...checkKernel()];
  const found = [
    ...findings,
    ...(await checkEntryFiles(config, cli.io)),
    ...(await checkBundleFiles(config, cli.io)),
    ...(await checkLaunchFiles(config, cli.io)),
    ...(await checkState(config, cli.io)),
    ...(await checkUpstream(config, cli.io)),
    ...(await checkSockets(config, cli.io)),
    ...checkKernel(),
  ];
  const daemon = await checkRunningDaemon(config, cli);
  return [...found, ...daemon.filter((finding) => !found.some((other) => isSame(finding, other)))];
}

/** The daemon reads the same files: what they have wrong was said already. */
function isSame(one: Finding, other: Finding): boolean {
  return one.file !== undefined && one.file === other.file && one.line === other.line;
}
