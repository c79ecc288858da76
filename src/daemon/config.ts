import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { z } from 'zod';
import { SpoorError } from '../core/errors.js';
import { defaultPaths, type Mode, type PathFacts } from '../core/paths.js';
import { parsePositionedYaml, type PositionedYaml, type YamlPath } from '../encoding/positioned-yaml.js';
import type { TrustDomain } from '../spiffe/trust-domain.js';
import { SETTINGS, type Settings } from './settings.js';

/** Flags of `spoord`, as they were written; each overrides the setting of its name. */
export interface Flags {
  readonly config?: string;
  readonly trustDomain?: string;
  readonly mode?: string;
  readonly state?: string;
  readonly socket?: string;
  readonly adminSocket?: string;
  readonly launchSocket?: string;
  readonly entries?: string;
  readonly bundles?: string;
  readonly launch?: string;
  readonly http?: string;
  readonly logLevel?: string;
}

/** The settings in force: checked, complete, frozen. */
export interface Config extends Omit<
  Settings,
  | 'trust_domain'
  | 'mode'
  | 'state'
  | 'socket'
  | 'admin_socket'
  | 'launch_socket'
  | 'entries'
  | 'bundles'
  | 'launch'
  | 'packages'
> {
  readonly trustDomain: TrustDomain;
  readonly mode: Mode;
  /** The settings file that was read; undefined when there is none. */
  readonly file: string | undefined;
  /** The folder of the sockets when it is the default one, which the daemon makes itself. */
  readonly runtime: string | undefined;
  readonly state: string;
  readonly socket: string;
  readonly adminSocket: string;
  readonly launchSocket: string;
  readonly entries: string;
  readonly bundles: string;
  readonly launch: string;
  readonly packages: string;
}

type WatchedFolders = Pick<Config, 'entries' | 'bundles' | 'launch'>;

interface Problem {
  /** `spoor.yaml:3 lifetimes.jwt_svid` or `--http`. */
  readonly where: string;
  readonly found: string;
  readonly allowed: string;
}

/**
 * Reads flags and settings file into one configuration.
 *
 * The file is the one that `--config` names, or the default one of the mode when it is there.
 *
 * Errors: CONFIG_INVALID listing every problem with file, line, value and what is allowed.
 */
export function loadConfig(flags: Flags, facts: PathFacts): Config {
  const mode = flags.mode === 'user' || (flags.mode !== 'root' && facts.uid !== 0) ? 'user' : 'root';
  const file = readSettings(flags.config, defaultPaths(mode, facts).config);
  const text = file === undefined ? undefined : parsePositionedYaml(file.text);
  const problems = [...faultsOf(file?.path, text)];

  const raw = overridden(text?.value, flags);
  const parsed = SETTINGS.safeParse(raw);
  if (!parsed.success)
    problems.push(...parsed.error.issues.flatMap((issue) => problemsOf(issue, file?.path, text, flags)));
  if (problems.length > 0) throw invalid(problems);
  return complete(parsed.data as Settings, file?.path, facts);
}

function readSettings(
  named: string | undefined,
  standard: string,
): { path: string; text: string } | undefined {
  const path = resolve(named ?? standard);
  try {
    return { path, text: readFileSync(path, 'utf8') };
  } catch (cause) {
    // Without --config a missing file is an empty one: `spoord --trust-domain X` alone suffices.
    if (named === undefined && (cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    const { code = 'unknown' } = cause as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'there is no such file' : code;
    throw new SpoorError('CONFIG_INVALID', `cannot read the settings file ${path}: ${why}`, { cause });
  }
}

function* faultsOf(path: string | undefined, text: PositionedYaml | undefined): Generator<Problem> {
  for (const { line, message } of text?.faults ?? []) {
    yield { where: `${path}:${line}`, found: 'malformed YAML', allowed: message };
  }
}

const FLAG_OF: Readonly<Record<string, { readonly key: keyof Flags; readonly flag: string }>> = {
  trust_domain: { key: 'trustDomain', flag: '--trust-domain' },
  mode: { key: 'mode', flag: '--mode' },
  state: { key: 'state', flag: '--state' },
  socket: { key: 'socket', flag: '--socket' },
  admin_socket: { key: 'adminSocket', flag: '--admin-socket' },
  launch_socket: { key: 'launchSocket', flag: '--launch-socket' },
  entries: { key: 'entries', flag: '--entries' },
  bundles: { key: 'bundles', flag: '--bundles' },
  launch: { key: 'launch', flag: '--launch' },
  'http.listen': { key: 'http', flag: '--http' },
  'log.level': { key: 'logLevel', flag: '--log-level' },
};

const PATHS = new Set(['state', 'socket', 'admin_socket', 'launch_socket', 'entries', 'bundles', 'launch']);

/** The file's value with each flag in its place; paths of flags are relative to the working folder, as in any command. */
function overridden(value: unknown, flags: Flags): unknown {
  if (value !== undefined && value !== null && (typeof value !== 'object' || Array.isArray(value)))
    return value;
  const raw = structuredClone((value ?? {}) as Record<string, unknown>);
  for (const [setting, { key }] of Object.entries(FLAG_OF)) {
    const given = flags[key];
    if (given === undefined) continue;
    const [outer = '', inner] = setting.split('.');
    if (inner === undefined) raw[outer] = PATHS.has(outer) ? resolve(given) : given;
    else raw[outer] = { ...(raw[outer] as object | undefined), [inner]: given };
  }
  return raw;
}

function problemsOf(
  issue: z.core.$ZodIssue,
  file: string | undefined,
  text: PositionedYaml | undefined,
  flags: Flags,
): Problem[] {
  const path = issue.path as YamlPath;
  if (issue.code === 'unrecognized_keys') {
    const known = Object.keys(shapeAt(path)).join(', ');
    return issue.keys.map((key) => ({
      where: `${file}:${text?.lineOf([...path, key]) ?? 1} ${[...path, key].join('.')}`,
      found: 'an unknown setting',
      allowed: `known here: ${known}`,
    }));
  }
  const setting = path.join('.');
  const flag = FLAG_OF[setting];
  const given = flag && flags[flag.key];
  if (flag && given !== undefined) return [{ where: flag.flag, found: given, allowed: issue.message }];
  const line = text?.lineOf(path) ?? 1;
  return [
    { where: `${file}:${line} ${setting}`, found: text?.foundAt(path) ?? 'nothing', allowed: issue.message },
  ];
}

function shapeAt(path: YamlPath): Readonly<Record<string, unknown>> {
  let schema: unknown = SETTINGS;
  for (const key of path) schema = shapeOf(schema)[key] ?? {};
  return shapeOf(schema);
}

/** The keys that a schema takes, looking through `optional` and defaults. */
export function shapeOf(schema: unknown): Readonly<Record<string, unknown>> {
  const { shape, def } = schema as { shape?: Record<string, unknown>; def?: { innerType?: unknown } };
  return shape ?? (def?.innerType === undefined ? {} : shapeOf(def.innerType));
}

function complete(settings: Settings, file: string | undefined, facts: PathFacts): Config {
  const {
    trust_domain: trustDomain,
    mode = facts.uid === 0 ? 'root' : 'user',
    admin_socket,
    launch_socket,
    ...rest
  } = settings;
  const standard = defaultPaths(mode, facts);
  if (trustDomain === undefined) {
    const allowed = `a name such as example.org, in ${file ?? standard.config} or by --trust-domain`;
    throw invalid([{ where: 'trust_domain', found: 'nothing', allowed }]);
  }
  if (mode === 'root' && facts.uid !== 0) {
    // Whatever its capabilities, its keys would lie open to its own uid, and `spoor status` would say otherwise.
    const allowed = `user, since this is uid ${facts.uid}; root mode is for a daemon that runs as root`;
    throw invalid([{ where: 'mode', found: 'root', allowed }]);
  }
  const usesRuntime = settings.socket === undefined || admin_socket === undefined;
  const socket = settings.socket ?? standard.socket;
  return Object.freeze({
    ...rest,
    trustDomain,
    mode,
    file,
    runtime: usesRuntime ? standard.runtime : undefined,
    state: settings.state ?? standard.state,
    socket,
    adminSocket: admin_socket ?? standard.adminSocket,
    packages: settings.packages ?? standard.packages,
    launchSocket: launch_socket ?? join(dirname(socket), 'launch.sock'),
    ...watched(settings, file, standard),
  });
}

/** entries.d, bundles.d and launch.d lie beside the settings file, wherever that is. */
function watched(settings: Settings, file: string | undefined, standard: WatchedFolders): WatchedFolders {
  const beside = (name: string, path: string): string =>
    file === undefined ? path : resolve(dirname(file), name);
  return {
    entries: settings.entries ?? beside('entries.d', standard.entries),
    bundles: settings.bundles ?? beside('bundles.d', standard.bundles),
    launch: settings.launch ?? beside('launch.d', standard.launch),
  };
}

function invalid(problems: readonly Problem[]): SpoorError {
  const lines = problems.map(({ where, found, allowed }) => `  ${where}: found ${found}; ${allowed}`);
  return new SpoorError('CONFIG_INVALID', ['the settings are not valid', ...lines].join('\n'));
}
