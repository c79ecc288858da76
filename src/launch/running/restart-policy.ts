import type { Restart } from '../definitions/definition.js';
import type { Ending } from '../launching.js';

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 60_000;
/** A program that ran so long is begun anew without a grudge. */
const SETTLED_MS = 60_000;

/** Whether a program that ended so is started again. */
export function isRestarted(restart: Restart, ending: Ending): boolean {
  if (restart === 'on-failure') return !('code' in ending && ending.code === 0);
  return restart === 'always';
}

/** How often a program was restarted in a row, once it has run for so long and is restarted again. */
export function nextRestart(restarts: number, ranMs: number): number {
  return ranMs >= SETTLED_MS ? 1 : restarts + 1;
}

/** How long to wait before restart number `restarts`, counted from 1. */
export function restartWaitMs(restarts: number): number {
  return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(restarts - 1, 16));
}
