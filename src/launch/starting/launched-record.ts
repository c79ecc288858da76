import type { RecordEvent } from '../../core/record.js';
import type { LaunchFacts } from '../../instances/launched.js';

/** What is recorded of a program that begins. Takes: `uid`: as whom it runs. */
export function launchedRecord(facts: LaunchFacts, pid: number, uid: number): RecordEvent {
  const { instance, name, launchedBy, parent, executable, executableSha256, script } = facts;
  return {
    event: 'launched',
    instance,
    name,
    pid,
    uid,
    launched_by: launchedBy,
    ...(parent !== undefined && { parent }),
    executable,
    executable_sha256: executableSha256,
    ...(script !== undefined && {
      script: {
        path: script.path,
        sha256: script.sha256,
        interpreter_args: script.interpreterArgs,
        ...(script.packageName !== undefined && { package: script.packageName }),
        ...(script.lockSha256 !== undefined && { lock_sha256: script.lockSha256 }),
      },
    }),
  };
}
