import { access, constants, lstat, readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Config } from '../../daemon/config.js';
import { readNode } from '../../state/node-file.js';
import type { CliIo } from '../io.js';
import { failure, failureOf, ok, warning, type Finding } from './finding.js';

const SUBJECT = 'state';

/** The state folder: whose it is, whether others can look into it, and whether it can be made if there is none. */
export async function checkState({ state, trustDomain }: Config, io: CliIo): Promise<readonly Finding[]> {
  const found = await stat(state).catch(() => undefined);
  if (found === undefined) return [await absent(state)];
  if (!found.isDirectory())
    return [failure(SUBJECT, `${state} is not a folder`, 'Set another --state folder.')];
  if (found.uid !== io.facts.uid) return [foreignOwner(state, found.uid, io.facts.uid)];
  if ((found.mode & 0o077) !== 0) {
    return [failure(SUBJECT, `others can enter ${state}`, `Run: chmod 0700 ${state}`)];
  }
  if ((found.mode & 0o700) !== 0o700) {
    return [failure(SUBJECT, `this user may not write to ${state}`, `Run: chmod 0700 ${state}`)];
  }
  try {
    await readNode(state, trustDomain.name);
    const open = await openFiles(state);
    return open.length > 0 ? open : [ok(SUBJECT, `${state} is this user's alone`)];
  } catch (error) {
    return [failureOf(SUBJECT, error)];
  }
}

async function absent(state: string): Promise<Finding> {
  const parent = await nearestFolder(state);
  try {
    await access(parent, constants.W_OK);
    return ok(SUBJECT, `${state} will be made at the first start`);
  } catch {
    // Not writable is what was asked; the finding says it.
    const remedy = `Make ${state} for the daemon's user with mode 0700, or set another --state folder.`;
    return failure(SUBJECT, `${state} cannot be made: this user may not write to ${parent}`, remedy);
  }
}

async function nearestFolder(path: string): Promise<string> {
  const parent = dirname(path);
  const found = await stat(parent).catch(() => undefined);
  return found === undefined && parent !== path ? await nearestFolder(parent) : parent;
}

function foreignOwner(state: string, owner: number, uid: number): Finding {
  return failure(
    SUBJECT,
    `${state} belongs to uid ${owner}, and this is uid ${uid}`,
    'Run the check, and the daemon, as the owner.',
  );
}

async function openFiles(state: string): Promise<readonly Finding[]> {
  const names = await readdir(state);
  const open = await Promise.all(names.map((name) => isOpen(join(state, name))));
  return names
    .filter((_, at) => open[at])
    .map((name) => join(state, name))
    .map((path) =>
      warning(SUBJECT, `others may read ${path}, if the folder ever lets them in`, `Run: chmod go= ${path}`),
    );
}

/** A running daemon's files come and go: one that is gone is open to nobody. */
async function isOpen(path: string): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined);
  return found?.isFile() === true && (found.mode & 0o077) !== 0;
}
