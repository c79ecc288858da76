import type { Stats } from 'node:fs';
import type { Config } from '../../daemon/config.js';
import type { LaunchDefinition } from '../../launch/definitions/definition.js';
import { runnerOf } from '../../launch/pin/package-spec.js';
import { Accounts, type AccountTable } from '../../measurement/accounts.js';
import { failure, warning, type Finding } from './finding.js';
import { lookAt, writersOf } from './program-file.js';

const SUBJECT = 'launch definitions';
/** For anybody: access(2) would say what holds for whoever checks. */
const ANY_EXECUTE = 0o111;

type Mode = Config['mode'];

/** What of good definitions would fail at their launch, or guard less than it seems, each with its place. */
export async function launchFindings(
  definitions: Iterable<LaunchDefinition>,
  mode: Mode,
  accounts = new Accounts(),
): Promise<readonly Finding[]> {
  const table = await accounts.table();
  const findings: Finding[] = [];
  for (const definition of definitions) {
    const own = [
      ...(await programFindings(definition, mode)),
      ...userFindings(definition, mode, table),
      ...launcherFindings(definition, table),
      ...(await secretFindings(definition)),
      ...(await folderFindings(definition)),
    ];
    findings.push(...own.map((finding) => placed(finding, definition)));
  }
  return findings;
}

function placed(finding: Finding, { name, source }: LaunchDefinition): Finding {
  const place = source.kind === 'file' ? { file: source.file, line: source.line } : {};
  return { ...finding, message: `${name}: ${finding.message}`, ...place };
}

/** Of a package of a registry nothing is here to look at before it was pinned. */
async function programFindings({ command }: LaunchDefinition, mode: Mode): Promise<readonly Finding[]> {
  const [program = ''] = command;
  if (runnerOf(command) !== undefined) return [];
  const wrong = await fileFindings('command', program, 'an executable file', isExecutable);
  const writers = wrong.length === 0 && mode === 'root' ? await writersOf(program) : undefined;
  if (writers === undefined) return wrong;
  const remedy = 'Let only root own and write the program and every folder above it.';
  return [warning(SUBJECT, `command: ${writers}, so it will run from a copy in memory`, remedy)];
}

function isExecutable(found: Stats): boolean {
  return found.isFile() && (found.mode & ANY_EXECUTE) !== 0;
}

function userFindings(
  { runAs, mayLaunch }: LaunchDefinition,
  mode: Mode,
  table: AccountTable,
): readonly Finding[] {
  const account = runAs === undefined ? undefined : table.user(runAs);
  if (runAs !== undefined && account === undefined) {
    const message = `run_as: there is no user ${runAs} in /etc/passwd`;
    return [failure(SUBJECT, message, 'Add the user, or name another.')];
  }
  // In user mode nobody becomes anybody else.
  if (mode === 'user') return [];
  const remedy = 'Name a user without privileges in run_as.';
  if (account?.uid === 0) return [failure(SUBJECT, 'run_as: it would run as root', remedy)];
  const launchers = [...mayLaunch.users, ...mayLaunch.groups, ...mayLaunch.spiffeIds];
  if (runAs !== undefined || launchers.length > 0) return [];
  return [failure(SUBJECT, 'may_launch: only root may launch it, so it would run as root', remedy)];
}

/** Numbers may be of a directory service, which is not asked. */
function launcherFindings({ mayLaunch }: LaunchDefinition, table: AccountTable): readonly Finding[] {
  const isName = (text: string): boolean => !/^\d+$/.test(text);
  const users = mayLaunch.users.filter((user) => isName(user) && table.user(user) === undefined);
  const groups = mayLaunch.groups.filter((group) => isName(group) && table.group(group) === undefined);
  const unknown = [
    ...users.map((user) => `user ${user} in /etc/passwd`),
    ...groups.map((group) => `group ${group} in /etc/group`),
  ];
  const remedy = 'Correct the name, or write the number of one that a directory service has.';
  return unknown.map((who) => failure(SUBJECT, `may_launch: there is no ${who}`, remedy));
}

async function secretFindings({ secrets }: LaunchDefinition): Promise<readonly Finding[]> {
  const files = secrets.flatMap((secret) => ('file' in secret ? [secret] : []));
  const found = files.map(({ name, file }) =>
    fileFindings(`secrets: ${name}`, file, 'a file', (stats) => stats.isFile()),
  );
  return (await Promise.all(found)).flat();
}

async function folderFindings({ cwd }: LaunchDefinition): Promise<readonly Finding[]> {
  if (cwd === undefined || cwd === 'caller') return [];
  return fileFindings('cwd', cwd, 'a folder', (stats) => stats.isDirectory());
}

/** Takes: `wanted`: what is to be there, for people; `isWanted` says whether it is. */
async function fileFindings(
  field: string,
  path: string,
  wanted: string,
  isWanted: (found: Stats) => boolean,
): Promise<readonly Finding[]> {
  const look = await lookAt(path);
  if ('stats' in look) {
    if (isWanted(look.stats)) return [];
    return [failure(SUBJECT, `${field}: ${path} is not ${wanted}`, `Put ${wanted} there, or name another.`)];
  }
  if (look.failure === 'absent') {
    return [failure(SUBJECT, `${field}: there is no ${path}`, `Put ${wanted} there, or name another.`)];
  }
  const message = `${field}: ${path} cannot be looked at: ${look.code}`;
  return [warning(SUBJECT, message, "Run the check as the daemon's user.")];
}
