import { ERRORS, SpoorError } from '../core/errors.js';
import type { DoorRefusal } from '../door/door-refusal.js';
import { writeLaunchFrame, type LaunchFault } from '../wire/launch-frames.js';

const NOTHING = new Uint8Array(0);

/** What whoever launches sees of an error: all of it but facts and causes, which are in the log. */
export function faultOf(error: unknown, call: number): LaunchFault {
  const facts = { call };
  if (error instanceof SpoorError && error.kind !== 'bug') {
    const { code, message, remedy } = error;
    return { code, message, remedy, facts };
  }
  return {
    code: 'INVARIANT_BROKEN',
    message: 'internal error',
    remedy: ERRORS.INVARIANT_BROKEN.remedy,
    facts,
  };
}

/** What whoever connected is told of a refusal at the door; nothing where the door tells nobody. */
export function farewellOf({ reason, message }: DoorRefusal): Uint8Array {
  if (reason !== 'malformed' && reason !== 'deadline') return NOTHING;
  const code = reason === 'malformed' ? 'LAUNCH_MESSAGE_INVALID' : 'DEADLINE_EXCEEDED';
  return writeLaunchFrame({ error: { code, message, remedy: ERRORS[code].remedy, facts: {} } });
}
