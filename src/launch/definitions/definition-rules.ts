import type { z } from 'zod';
import { commandFault } from './command-fault.js';
import { readerOfDangerous } from './dangerous-variables.js';
import { FIXED_VARIABLES, isDaemonsAlone } from './launch-environment.js';

/**
 * What execve(2) takes of arguments and environment together even where the stack is small; beyond it, a definition would
 * start or not by the limits of the day.
 */
const MAX_COMMAND_BYTES = 131_072;

const PASSABLE = `none of ${FIXED_VARIABLES.join(', ')}, which the daemon sets`;
const SETTABLE = `none of ${FIXED_VARIABLES.filter(isDaemonsAlone).join(', ')}, which the daemon sets`;

type Path = readonly (string | number)[];
type Rule = (item: Readonly<Record<string, unknown>>) => Iterable<readonly [path: Path, allowed: string]>;

const RULES: readonly Rule[] = [command, size, passed, set, dangerous, secrets];

/**
 * What is wrong between the fields of an item, whatever else is wrong in it: what is no text or no list here, the schema
 * has reported already.
 */
export function brokenRules(item: unknown): readonly z.core.$ZodIssue[] {
  const fields = recordOf(item);
  return RULES.flatMap((rule) =>
    Array.from(rule(fields), ([path, message]) => ({
      code: 'custom' as const,
      path: [...path],
      message,
      input: item,
    })),
  );
}

function* command({ command }: Readonly<Record<string, unknown>>): ReturnType<Rule> {
  if (!Array.isArray(command) || typeof command[0] !== 'string') return;
  const fault = commandFault(command.map(String));
  if (fault !== undefined) yield [['command', fault.at], fault.allowed];
}

function* size({ command, args, env }: Readonly<Record<string, unknown>>): ReturnType<Rule> {
  const { set } = recordOf(env);
  const values = textsOf(Object.values(recordOf(set)));
  // Between a name and its value stands a sign, behind the value a NUL; behind each argument as well.
  const all = [...textsOf(command), ...textsOf(args), ...values, ...Object.keys(recordOf(set))];
  const bytes = all.reduce((sum, text) => sum + Buffer.byteLength(text) + 1, 0);
  if (bytes > MAX_COMMAND_BYTES) {
    yield [
      ['command'],
      `at most ${MAX_COMMAND_BYTES} bytes together with args and env.set, and these are ${bytes}`,
    ];
  }
}

function* passed({ env }: Readonly<Record<string, unknown>>): ReturnType<Rule> {
  const { pass, set, dangerous } = recordOf(env);
  for (const [at, name] of textsOf(pass).entries()) {
    const path = ['env', 'pass', at];
    if (FIXED_VARIABLES.includes(name)) yield [path, PASSABLE];
    else if (Object.hasOwn(recordOf(set), name))
      yield [path, 'a variable that is not in env.set, where it has its value'];
    else yield* unlisted(name, path, dangerous);
  }
}

function* set({ env }: Readonly<Record<string, unknown>>): ReturnType<Rule> {
  const { set, dangerous } = recordOf(env);
  for (const name of Object.keys(recordOf(set))) {
    if (isDaemonsAlone(name)) yield [['env', 'set', name], SETTABLE];
    else yield* unlisted(name, ['env', 'set', name], dangerous);
  }
}

function* unlisted(name: string, path: Path, dangerous: unknown): ReturnType<Rule> {
  const reader = readerOfDangerous(name);
  if (reader === undefined || textsOf(dangerous).includes(name)) return;
  yield [
    path,
    `a variable that cannot inject code, or one that is in env.dangerous too: ${reader} would read this`,
  ];
}

function* dangerous({ env }: Readonly<Record<string, unknown>>): ReturnType<Rule> {
  const { pass, set, dangerous } = recordOf(env);
  const used = [...textsOf(pass), ...Object.keys(recordOf(set))];
  for (const [at, name] of textsOf(dangerous).entries()) {
    if (!used.includes(name)) yield [['env', 'dangerous', at], 'a variable of env.pass or env.set'];
  }
}

function* secrets({ secrets }: Readonly<Record<string, unknown>>): ReturnType<Rule> {
  const names = new Set<unknown>();
  for (const [at, secret] of (Array.isArray(secrets) ? secrets : []).entries()) {
    const { name, file, credential } = recordOf(secret);
    if ((file === undefined) === (credential === undefined)) {
      yield [['secrets', at], 'a secret with either file or credential'];
    }
    if (names.has(name)) yield [['secrets', at, 'name'], 'a name that no other secret of the definition has'];
    if (name !== undefined) names.add(name);
  }
}

/** An empty one for everything else. */
function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : {};
}

/** In their places; what is no text is an empty one. */
function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map((one: unknown) => (typeof one === 'string' ? one : '')) : [];
}
