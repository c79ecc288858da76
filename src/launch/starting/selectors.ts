import type { LaunchedScript } from '../../instances/launched.js';

/**
 * What holds for a launched program beyond what holds for any process.
 *
 * Takes: `launchedBy`: uid of whoever launched it.
 */
export function launchSelectors(
  name: string,
  launchedBy: number,
  script: LaunchedScript | undefined,
): readonly string[] {
  const launch = [`launch:name:${name}`, `launch:uid:${launchedBy}`];
  if (script === undefined) return launch;
  return [
    ...launch,
    `script:path:${script.path}`,
    `script:sha256:${script.sha256}`,
    `script:interpreter:${script.interpreter}`,
    ...(script.packageName === undefined ? [] : [`script:package:${script.packageName}`]),
    ...(script.lockSha256 === undefined ? [] : [`script:lock_sha256:${script.lockSha256}`]),
  ];
}
