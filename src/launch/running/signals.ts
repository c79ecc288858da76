import { constants } from 'node:os';
import type { Pidfds } from '../../kernel/pidfd.js';
import type { ActiveLaunch } from './active-launch.js';

/** Sends a signal to the program, and to nobody who has its number later. One that has ended is no mistake. */
export function signalProgram(
  { process: kept, pid, isEnded }: ActiveLaunch,
  name: NodeJS.Signals,
  pidfds: Pidfds,
): void {
  if (isEnded) return;
  if (kept !== undefined) pidfds.signal(kept.pidfd, constants.signals[name]);
  // It had become another program before it was looked at. As our own child it has its number until we hear of its end.
  else signalNumber(pid, name);
}

/** Sends one to its process group, which it leads since it began a session. Source: kill(2). */
export function signalGroup({ pid, isEnded }: ActiveLaunch, name: NodeJS.Signals): void {
  if (!isEnded) signalNumber(-pid, name);
}

function signalNumber(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // ESRCH: all of them have ended meanwhile.
  }
}
