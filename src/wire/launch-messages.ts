import { z } from 'zod';
import {
  invalidLaunch,
  LAUNCH_VERSION,
  PASSED_SIGNALS,
  type LaunchHello,
  type LaunchOrder,
  type LaunchSignal,
} from './launch-frames.js';

const MAX_NAME = 64;
const MAX_ARGUMENTS = 8_192;
const MAX_VARIABLES = 1_024;
/** PATH_MAX of Linux, without the NUL. */
const MAX_PATH = 4_095;

const text = z.string().refine((value) => !value.includes('\0'), 'a text without a NUL is needed');

const HELLO = z.strictObject({
  v: z.literal(LAUNCH_VERSION),
  op: z.literal('launch'),
  name: z.string().min(1).max(MAX_NAME),
  detach: z.boolean(),
});

const ORDER = z.strictObject({
  challenge: z.string(),
  args: z.array(text).max(MAX_ARGUMENTS),
  env: z
    .record(
      text.refine((name) => name !== '' && !name.includes('='), 'a name is needed'),
      text,
    )
    .refine((env) => Object.keys(env).length <= MAX_VARIABLES, `at most ${MAX_VARIABLES} are allowed`),
  cwd: text.max(MAX_PATH).refine((path) => path.startsWith('/'), 'an absolute path is needed'),
  terminal: z.boolean(),
});

const SIGNAL = z.strictObject({ signal: z.enum(PASSED_SIGNALS) });

/** Errors: LAUNCH_MESSAGE_INVALID, naming the field. */
export function readHello(value: unknown): LaunchHello {
  return read(HELLO, value);
}

/** Errors: LAUNCH_MESSAGE_INVALID, naming the field. */
export function readOrder(value: unknown): LaunchOrder {
  return read(ORDER, value);
}

/** Errors: LAUNCH_MESSAGE_INVALID, naming the field. */
export function readSignal(value: unknown): LaunchSignal {
  return read(SIGNAL, value);
}

/** What was found is not repeated: it may be anything, and ends in a log. */
function read<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue?.path.length ? ` at ${issue.path.map(String).join('.').slice(0, 80)}` : '';
  throw invalidLaunch(`a message is not as it must be${where}: ${wordsOf(issue)}`);
}

function wordsOf(issue: z.core.$ZodIssue | undefined): string {
  const [first = '', ...rest] = issue?.message ?? '';
  return first.toLowerCase() + rest.join('');
}
