import { chmodSync, chownSync, lstatSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SpoorError } from '../../core/errors.js';
import type { LaunchDefinition, Secret } from '../definitions/definition.js';
import { asDaemon, type FileRights, type FileUser, type LookAs } from '../../kernel/file-rights.js';
import { distrustOfWay } from '../../measurement/trusted-path.js';
import { contentsOf, openFile } from '../measuring/open-file.js';

/** A credential of systemd is at most as large; systemd.exec(5). */
const MAX_SECRET_BYTES = 1_048_576;
const OTHERS_WRITE = 0o022;
/** Everybody may pass through, nobody but the daemon may look what is there. */
const PASSAGE = 0o711;
/** Of the daemon, so that it may take the folder away, and of the group of the program, which looks into it. */
const OPEN_TO_GROUP = 0o750;

export interface LaunchSecretsDeps {
  /** Where the folders of the programs are made: one that nobody but the daemon can write to. */
  readonly folder: string;
  /** Where systemd puts the credentials of the daemon's unit; undefined without systemd. */
  readonly credentials: string | undefined;
  readonly rights: FileRights;
}

/** Hands secrets to launched programs, as systemd hands credentials to services: as files in a folder of each program's own. */
export class LaunchSecrets {
  readonly #deps: LaunchSecretsDeps;

  constructor(deps: LaunchSecretsDeps) {
    this.#deps = deps;
  }

  /**
   * Writes the secrets of a definition for one instance: 0400, of that user.
   *
   * Takes:   `owner`: undefined in user mode, where the files are the daemon's own.
   * Returns: the folder for CREDENTIALS_DIRECTORY; undefined when the definition has no secrets.
   * Errors:  LAUNCH_FAILED naming the secret, never what is in it.
   */
  write(instance: string, { secrets }: LaunchDefinition, owner: FileUser | undefined): string | undefined {
    if (secrets.length === 0) return undefined;
    const contents = secrets.map((secret) => [secret.name, this.#read(secret, owner)] as const);
    try {
      return this.#hand(instance, contents, owner);
    } catch (cause) {
      if (cause instanceof SpoorError) throw cause;
      const { code = 'unknown', path = '' } = cause as NodeJS.ErrnoException;
      throw failed(`secrets cannot be handed over: ${path} (${code})`, cause);
    }
  }

  /** The program has ended. One without secrets is no mistake. */
  remove(instance: string): void {
    rmSync(join(this.#deps.folder, instance), { recursive: true, force: true });
  }

  #hand(
    instance: string,
    contents: readonly (readonly [string, Buffer])[],
    owner: FileUser | undefined,
  ): string {
    const folder = join(this.#passage(), instance);
    mkdirSync(folder, 0o700);
    for (const [name, bytes] of contents) {
      const file = join(folder, name);
      writeFileSync(file, bytes, { mode: 0o400, flag: 'wx' });
      if (owner !== undefined) chownSync(file, owner.uid, owner.gid);
    }
    if (owner !== undefined) {
      chownSync(folder, -1, owner.gid);
      chmodSync(folder, OPEN_TO_GROUP);
    }
    return folder;
  }

  #passage(): string {
    const { folder } = this.#deps;
    mkdirSync(folder, { recursive: true });
    const { uid, mode } = lstatSync(folder);
    if (uid !== process.geteuid?.() || (mode & OTHERS_WRITE) !== 0) {
      throw failed(`secrets cannot be handed over: others can write to ${folder}`);
    }
    // Whatever the umask has made of it.
    chmodSync(folder, PASSAGE);
    return folder;
  }

  /** A file that somebody else could put there is read with the rights of the program: a link shows it nothing of root's. */
  #read(secret: Secret, owner: FileUser | undefined): Buffer {
    const path = this.#pathOf(secret);
    try {
      const isRoots = owner === undefined || distrustOfWay(path) === undefined;
      return readSecret(secret, path, isRoots ? asDaemon : this.#deps.rights.of(owner));
    } catch (cause) {
      if (cause instanceof SpoorError) throw cause;
      const { code = 'unknown' } = cause as NodeJS.ErrnoException;
      throw failed(`the secret ${secret.name} cannot be read: ${path} (${code})`, cause);
    }
  }

  #pathOf(secret: Secret): string {
    if ('file' in secret) return secret.file;
    const { credentials } = this.#deps;
    if (credentials !== undefined) return join(credentials, secret.credential);
    throw failed(`the secret ${secret.name} is a systemd credential, and the daemon was not given any`);
  }
}

function readSecret({ name }: Secret, path: string, lookAs: LookAs): Buffer {
  using file = openFile(path, lookAs);
  const found = contentsOf(file, MAX_SECRET_BYTES);
  if ('bytes' in found) return found.bytes;
  if ('irregular' in found) throw failed(`the secret ${name} is no regular file: ${path}`);
  throw failed(`the secret ${name} has ${found.size} bytes, at most ${MAX_SECRET_BYTES}`);
}

function failed(message: string, cause?: unknown): SpoorError {
  return new SpoorError('LAUNCH_FAILED', message, { cause });
}
