import { readFileSync } from 'node:fs';
import { readExecutionStat } from '../../src/measurement/execution-stat.js';
import type { Descendant } from '../../src/measurement/process-tree.js';

/** A running process as its ancestors are asked for. */
export function descendant(folder: string): Descendant {
  const stat = readFileSync(`${folder}/stat`);
  const { parentPid, startTicks } = readExecutionStat(stat, stat.length);
  return { folder, parentPid, startTicks };
}
