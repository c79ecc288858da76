const SPACE = 0x20;
const CLOSING = 0x29; // )
const ZERO = 0x30;
const ZOMBIE = 0x5a; // Z
const DEAD = 0x58; // X

// Field numbers as the manual page counts them. Fields 1 and 2, the number and the command, stand before STATE.
const STATE = 3;
const PARENT = 4;
const START_TIME = 22;
const START_STACK = 28;
const ARG_START = 48;
const ENV_START = 50;

/** The fields of /proc/PID/stat that tell one execution of a process from another. */
export interface ExecutionStat {
  /** True for a zombie: it has exited and only its number is still taken. */
  readonly exited: boolean;
  /** Who started it, or who took it over when that one exited. */
  readonly parentPid: number;
  /** Clock ticks since boot; fixed at fork. */
  readonly startTicks: number;
  /** Addresses, drawn anew at each exec; 0 when they may not be seen. */
  readonly startStack: number;
  readonly argStart: number;
  readonly envStart: number;
}

/**
 * Reads /proc/PID/stat as bytes, at every call of every workload: no text and no array is made of it.
 *
 * Takes:  `bytes` with `length` valid ones. The command may hold spaces and parentheses: fields are counted
 *         from the last closing one.
 * Source: proc_pid_stat(5).
 */
export function readExecutionStat(bytes: Buffer, length: number): ExecutionStat {
  let offset = bytes.lastIndexOf(CLOSING, length - 1) + 2;
  const state = bytes[offset];
  const found = { parentPid: 0, startTicks: 0, startStack: 0, argStart: 0, envStart: 0 };
  for (let field = STATE; field <= ENV_START && offset < length; field++) {
    let value = 0;
    for (; offset < length && bytes[offset] !== SPACE; offset++) value = value * 10 + bytes[offset]! - ZERO;
    offset++;
    if (field === PARENT) found.parentPid = value;
    else if (field === START_TIME) found.startTicks = value;
    else if (field === START_STACK) found.startStack = value;
    else if (field === ARG_START) found.argStart = value;
    else if (field === ENV_START) found.envStart = value;
  }
  return { exited: state === ZOMBIE || state === DEAD, ...found };
}
