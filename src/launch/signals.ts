import { constants } from 'node:os';
import type { Pidfds } from '../kernel/pidfd.js';
import type { ActiveLaunch } from './active-launch.js';

/** Sends a signal to the program, and to nobody who has its number later. One that has ended is no mistake. */
export function signalProgram(
  { process, isEnded }: ActiveLaunch,
  name: NodeJS.Signals,
  pidfds: Pidfds,
): void {
  if (!isEnded && process !== undefined) pidfds.signal(process.pidfd, constants.signals[name]);
}

/** Sends one to its process group, which it leads since it began a session. Source: kill(2). */
export function signalGroup({ pid, isEnded }: ActiveLaunch, name: NodeJS.Signals): void {
  if (isEnded) return;
  try {
    process.kill(-pid, name);
  } catch {
    // ESRCH: all of them have ended meanwhile.
  }
}
