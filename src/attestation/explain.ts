import { SpoorError } from '../core/errors.js';
import type { Attestation } from '../instances/instance.js';
import type { MeasuredProcess } from '../measurement/process.js';
import type { Attestors } from './attest.js';

/** The highest number a process can have: PID_MAX_LIMIT. */
const MAX_PID = 4_194_304;

export interface ExplainDeps {
  readonly processes: {
    /** Counted; PROCESS_NOT_FOUND when there is none. */
    acquirePid(pid: number): MeasuredProcess;
    release(process: MeasuredProcess): void;
  };
  readonly attestors: Attestors;
}

/** What attestation finds out about a running process, connected or not. */
export interface Explanation {
  readonly process: Pick<MeasuredProcess, 'pid' | 'uid' | 'gid' | 'startTicks' | 'foreignUserNamespace'>;
  readonly attestation: Attestation;
}

/**
 * Measures and attests any running process, with each attestor's outcome, also where all of them fail.
 *
 * Errors: PROCESS_NOT_FOUND when there is no such process, or it ends or becomes another one meanwhile.
 */
export async function explainProcess(pid: number, deps: ExplainDeps): Promise<Explanation> {
  if (!Number.isInteger(pid) || pid < 1 || pid > MAX_PID) throw notFound(pid);
  const process = deps.processes.acquirePid(pid);
  try {
    const attestation = await deps.attestors.explain(process);
    if (process.standing() !== 'same') throw notFound(pid);
    const { uid, gid, startTicks, foreignUserNamespace } = process;
    return { process: { pid, uid, gid, startTicks, foreignUserNamespace }, attestation };
  } finally {
    deps.processes.release(process);
  }
}

function notFound(pid: number): SpoorError {
  return new SpoorError('PROCESS_NOT_FOUND', 'there is no running process with this pid', {
    facts: { pid },
  });
}
