import { readerOfDangerous } from './dangerous-variables.js';
import type { LaunchDefinition } from './definition.js';

/** Variables that a definition may set, and nobody may pass: without it, they are those of the user. */
const SETTABLE: readonly string[] = ['HOME', 'SHELL', 'PATH'];

/** Variables that every launched program gets from the daemon, and that are never taken over from the caller. */
export const FIXED_VARIABLES: readonly string[] = [
  ...SETTABLE,
  'USER',
  'LOGNAME',
  'SPIFFE_ENDPOINT_SOCKET',
  'SPOOR_INSTANCE',
  'CREDENTIALS_DIRECTORY',
];

/** Whether only the daemon says what this variable is. */
export function isDaemonsAlone(name: string): boolean {
  return FIXED_VARIABLES.includes(name) && !SETTABLE.includes(name);
}

/**
 * The whole environment of a launched program: the daemon's variables, then those passed from the caller, then those that
 * the definition sets.
 *
 * A variable that could inject code is dropped unless `env.dangerous` lists it, wherever it is from: a definition that was
 * kept by an older Spoor knows less of them.
 *
 * Takes:   `fromCaller`: only names of `env.pass` count.
 * Source:  decision 4.
 */
export function launchEnvironment(
  { env }: Pick<LaunchDefinition, 'env'>,
  fixed: Readonly<Record<string, string>>,
  fromCaller: Readonly<Record<string, string>>,
): Record<string, string> {
  const isMeant = (name: string): boolean =>
    readerOfDangerous(name) === undefined || env.dangerous.includes(name);
  const passed = env.pass.filter(
    (name) => Object.hasOwn(fromCaller, name) && !FIXED_VARIABLES.includes(name) && isMeant(name),
  );
  const set = Object.entries(env.set).filter(([name]) => !isDaemonsAlone(name) && isMeant(name));
  return Object.fromEntries([
    ...Object.entries(fixed),
    ...passed.map((name) => [name, fromCaller[name] ?? ''] as const),
    ...set,
  ]);
}
