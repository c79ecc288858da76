import type { WireLaunchDefinition, WireLaunchSecret } from '../../wire/launch-definitions.js';
import type { Paint } from '../paint.js';
import { headedTable, table } from '../table.js';

/** One launch definition, in `--output json` of every command that prints them. */
export const DEFINITION_JSON = `{"name", "command": [], "args": [], "caller_args": "none"|"append", "cwd",
 "env": {"pass": [], "set": {NAME: "value"}, "dangerous": []},
 "secrets": [{"name", "file", "credential"}],
 "may_launch": {"users": [], "groups": [], "spiffe_ids": []}, "run_as",
 "limits": {NAME: "256"|"infinity"}, "restart": "never"|"on-failure"|"always",
 "created_at", "source": "file"|"store", "file", "line"}
Empty are a cwd that is the user's home, a run_as that is whoever launches, and what a secret is not from.`;

type Rows = readonly (readonly [string, string])[];

/** Everything about one launch definition, a line a field; fields without a value are left out. */
export function definitionText(definition: WireLaunchDefinition, paint: Paint): string {
  const { env, limits, secrets } = definition;
  const fields: Rows = [
    ['command', commandLine([...definition.command, ...definition.args])],
    ['caller args', definition.caller_args === 'append' ? 'are appended' : ''],
    ['folder', folderText(definition.cwd)],
    ['passes', (env?.pass ?? []).join(', ')],
    ...listed('sets', pairs(env?.set ?? {})),
    ['dangerous', (env?.dangerous ?? []).join(', ')],
    ...listed('secrets', secrets.map(secretText)),
    ...listed('may launch', launchers(definition)),
    ['runs as', definition.run_as || 'whoever launches'],
    ['limits', pairs(limits).join(', ')],
    ['restart', definition.restart === 'never' ? '' : definition.restart],
    ['kept in', whereKept(definition)],
  ];
  const shown = fields.filter(([, value]) => value !== '').map(([name, value]) => [`  ${name}`, value]);
  return `${paint.strong(definition.name)}\n${table(shown)}`;
}

/** Many launch definitions, a line each. */
export function definitionsText(definitions: readonly WireLaunchDefinition[]): string {
  const rows = definitions.map((definition) => [
    definition.name,
    definition.run_as || 'whoever launches',
    launchers(definition).join(', '),
    whereKept(definition),
    commandLine([...definition.command, ...definition.args]),
  ]);
  const heading = ['name', 'runs as', 'may launch', 'kept in', 'command'];
  return headedTable(heading, rows, 'no launch definitions');
}

function launchers({ may_launch }: WireLaunchDefinition): readonly string[] {
  const named = [
    ...(may_launch?.users ?? []).map((user) => `user ${user}`),
    ...(may_launch?.groups ?? []).map((group) => `group ${group}`),
    ...(may_launch?.spiffe_ids ?? []),
  ];
  return named.length === 0 ? ["root and the daemon's user"] : named;
}

/** A name before the first of many lines. */
function listed(name: string, [first = '', ...others]: readonly string[]): Rows {
  return [[name, first], ...others.map((other) => ['', other] as const)];
}

function pairs(record: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(record).map(([name, value]) => `${name}=${quoted(value)}`);
}

function secretText({ name, file, credential }: WireLaunchSecret): string {
  return `${name} from ${file === '' ? `the credential ${credential}` : file}`;
}

function folderText(cwd: string): string {
  return cwd === 'caller' ? 'that of whoever launches' : cwd;
}

function commandLine(words: readonly string[]): string {
  return words.map(quoted).join(' ');
}

/** Words that would fall apart, or hold what a terminal must not be given, in the quotes of JSON. */
function quoted(word: string): string {
  return /^[\w@%+=:,./~-]+$/u.test(word) ? word : JSON.stringify(word);
}

function whereKept({ source, file, line }: WireLaunchDefinition): string {
  return source === 'file' ? `${file}:${line}` : 'store';
}
