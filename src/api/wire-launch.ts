import type { Descent } from '../instances/instance.js';
import type { LaunchedScript, LaunchFacts } from '../instances/launched.js';
import type { WireDescent, WireLaunch, WireScript } from '../wire/explain.js';

/** What is known of a launched process, as it is explained. Its instance and its selectors stand elsewhere in the answer. */
export function toWireLaunch(facts: LaunchFacts): WireLaunch {
  const { name, launchedBy, parent = '', executable, executableSha256, script, notes } = facts;
  return {
    name,
    launched_by: launchedBy,
    parent,
    executable,
    executable_sha256: executableSha256,
    script: script === undefined ? null : toWireScript(script),
    notes,
  };
}

function toWireScript(script: LaunchedScript): WireScript {
  const { path, sha256, interpreter, interpreterArgs, packageName = '', lockSha256 = '' } = script;
  return {
    path,
    sha256,
    interpreter,
    interpreter_args: interpreterArgs,
    package: packageName,
    lock_sha256: lockSha256,
  };
}

/** From whom a process descends, as it is explained. */
export function toWireDescent({ instance = '', name = '', pid = 0, by }: Descent): WireDescent {
  return { instance, name, pid, found_by: by };
}
