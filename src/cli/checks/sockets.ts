import { access, constants, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Stats } from 'node:fs';
import type { Config } from '../../daemon/config.js';
import { connectFailure } from '../connect-failure.js';
import type { CliIo } from '../io.js';
import { failure, ok, warning, type Finding } from './finding.js';

const SUBJECT = 'sockets';
/** sockaddr_un holds 108 bytes, the closing NUL among them; unix(7). */
const MAX_PATH_BYTES = 107;

/** All sockets: whether they can be made, whether somebody answers there, and who may open the admin socket. */
export async function checkSockets(config: Config, io: CliIo): Promise<readonly Finding[]> {
  const sockets = [config.socket, config.adminSocket, config.launchSocket];
  const findings = await Promise.all(sockets.map((path) => checkSocket(path, config.runtime, io)));
  return [...findings, ...(await adminMode(config.adminSocket))];
}

async function checkSocket(path: string, runtime: string | undefined, io: CliIo): Promise<Finding> {
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) {
    return failure(SUBJECT, `${path} is longer than ${MAX_PATH_BYTES} bytes`, 'Set a shorter path.');
  }
  const found = await stat(path).catch(() => undefined);
  if (found !== undefined) return await present(path, found);
  const folder = dirname(path);
  const around = await stat(folder).catch(() => undefined);
  if (around === undefined) return await withoutFolder(path, folder, runtime);
  return await inFolder(path, folder, around, io);
}

async function present(path: string, found: Stats): Promise<Finding> {
  if (!found.isSocket())
    return failure(SUBJECT, `${path} is there, and no socket`, 'Move it away, or set another path.');
  const failed = await connectFailure(path);
  if (failed === undefined) return ok(SUBJECT, `a daemon answers at ${path}`);
  if (failed === 'ECONNREFUSED') return ok(SUBJECT, `${path} was left behind; the next start replaces it`);
  return warning(SUBJECT, `${path} cannot be tried: ${failed}`, "Run the check as the daemon's user.");
}

async function withoutFolder(path: string, folder: string, runtime: string | undefined): Promise<Finding> {
  if (folder !== runtime) {
    return failure(SUBJECT, `${path}: there is no folder ${folder}`, 'Make the folder, or set another path.');
  }
  const writable = await mayWrite(dirname(folder));
  if (writable) return ok(SUBJECT, `${path} will be made, with its folder`);
  return failure(
    SUBJECT,
    `${path}: this user may not make ${folder}`,
    'Run the daemon as root, or in user mode with XDG_RUNTIME_DIR set.',
  );
}

async function inFolder(path: string, folder: string, around: Stats, io: CliIo): Promise<Finding> {
  if (!(await mayWrite(folder))) {
    return failure(
      SUBJECT,
      `${path}: this user may not write to ${folder}`,
      'Set another path, or mend the folder.',
    );
  }
  const shared = (around.mode & 0o022) !== 0;
  if (!shared && (around.uid === io.facts.uid || around.uid === 0)) return ok(SUBJECT, `${path} can be made`);
  const who = shared ? 'others may write to' : `uid ${around.uid} owns`;
  return warning(
    SUBJECT,
    `${who} ${folder}: a socket there can be replaced by another`,
    'Use a folder that only the daemon can write to.',
  );
}

async function adminMode(path: string): Promise<readonly Finding[]> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined || (found.mode & 0o077) === 0) return [];
  return [failure(SUBJECT, `others may open the admin socket ${path}`, `Run: chmod 0600 ${path}`)];
}

async function mayWrite(folder: string): Promise<boolean> {
  try {
    await access(folder, constants.W_OK);
    return true;
  } catch {
    // Any reason will do: the question was whether.
    return false;
  }
}
