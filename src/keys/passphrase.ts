import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { SpoorError } from '../core/errors.js';

/** OpenSSL reads no more than this from a passphrase callback (PEM_BUFSIZE). */
const MAX_PASSPHRASE_BYTES = 1_024;
const CREDENTIAL = /^credential:([A-Za-z0-9._-]{1,255})$/;

/**
 * Reads the passphrase of the key files.
 *
 * Takes:   `source`: a path, or `credential:NAME` for the systemd credential NAME in `credentialsDirectory`.
 * Returns: the contents without the one line break at the end.
 * Errors:  KEY_UNREADABLE when it is not there, empty, or longer than 1,024 bytes.
 * Source:  systemd.exec(5), LoadCredentialEncrypted=.
 */
export async function loadPassphrase(source: string, credentialsDirectory?: string): Promise<string> {
  const path = pathOf(source, credentialsDirectory);
  const text = await readShort(path);
  const passphrase = text.replace(/\r?\n$/, '');
  if (passphrase === '') throw unreadable(path, 'is empty');
  return passphrase;
}

function pathOf(source: string, credentialsDirectory: string | undefined): string {
  const name = CREDENTIAL.exec(source)?.[1];
  if (name === undefined) return source;
  if (credentialsDirectory === undefined) {
    throw unreadable(source, 'is a systemd credential, and CREDENTIALS_DIRECTORY is not set');
  }
  return join(credentialsDirectory, name);
}

async function readShort(path: string): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size <= MAX_PASSPHRASE_BYTES) return await readFile(path, 'utf8');
  } catch (cause) {
    throw unreadable(path, 'cannot be read', cause);
  }
  throw unreadable(path, `is longer than ${MAX_PASSPHRASE_BYTES} bytes`);
}

function unreadable(path: string, why: string, cause?: unknown): SpoorError {
  return new SpoorError('KEY_UNREADABLE', `the passphrase file ${path} ${why}`, { facts: { path }, cause });
}
