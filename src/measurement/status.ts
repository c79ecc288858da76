import { readFileSync } from 'node:fs';
import { SpoorError } from '../core/errors.js';

/** What the kernel says about the user of a process, as seen from the daemon's user namespace. */
export interface ProcessStatus {
  readonly parentPid: number;
  /** Effective. */
  readonly uid: number;
  /** Effective. */
  readonly gid: number;
  /** Supplementary groups, in the kernel's order: ascending. */
  readonly groups: readonly number[];
  /** Permitted capabilities, one bit each; capabilities(7). */
  readonly capabilities: bigint;
}

/**
 * Reads /proc/PID/status of the process with that folder.
 *
 * Takes:  `folder`, e.g. `/proc/self/fd/31`.
 * Errors: those of node:fs (ENOENT, ESRCH: the process is gone); INVARIANT_BROKEN when the text is not one of status.
 * Source: proc_pid_status(5).
 */
export function readStatus(folder: string): ProcessStatus {
  return parseStatus(readFileSync(`${folder}/status`, 'utf8'));
}

/**
 * Reads the text of /proc/PID/status. The name of the process cannot forge a line: the kernel writes its
 * newlines as `\n`, two characters.
 *
 * Errors: INVARIANT_BROKEN, naming the line that is missing.
 */
export function parseStatus(text: string): ProcessStatus {
  return {
    parentPid: statusNumber(text, 'PPid', 0),
    uid: statusNumber(text, 'Uid', 1),
    gid: statusNumber(text, 'Gid', 1),
    groups: statusWords(text, 'Groups').map(Number),
    capabilities: BigInt(`0x${statusWords(text, 'CapPrm')[0] ?? '0'}`),
  };
}

/**
 * One number of one line of the text of /proc/PID/status.
 *
 * Errors: INVARIANT_BROKEN when the line is missing, or has no number there.
 */
export function statusNumber(text: string, name: string, index: number): number {
  const word = statusWords(text, name)[index] ?? '';
  if (/^\d{1,10}$/.test(word)) return Number(word);
  throw new SpoorError('INVARIANT_BROKEN', `the line ${name} of /proc/PID/status is missing or not a number`);
}

function statusWords(text: string, name: string): string[] {
  const start = text.indexOf(`\n${name}:`);
  if (start === -1) return [];
  const end = text.indexOf('\n', start + 1);
  const line = text.slice(start + name.length + 2, end === -1 ? undefined : end).trim();
  return line === '' ? [] : line.split(/\s+/);
}
