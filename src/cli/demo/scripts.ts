import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sha256Hex } from '../../encoding/sha256.js';
import { SpoorError } from '../../core/errors.js';
import { Accounts, type Account } from '../../measurement/accounts.js';

const SCRIPTED_AGENT = fileURLToPath(new URL('scripted-agent.js', import.meta.url));
const HOLD = fileURLToPath(new URL('hold.js', import.meta.url));

/** What each script says of itself: by this alone they differ. */
const WORDS = {
  researcher: 'I look things up.',
  reviewer: 'I review what the researcher wrote.',
  swapped: 'I was put in its place.',
} as const;

export type ScriptName = 'researcher' | 'reviewer';

/** Names of the launch definitions: `held` is the reviewer again, held between its measuring and its running. */
export const DEFINITIONS = ['researcher', 'reviewer', 'held'] as const;

/** Accounts without a person; of these, two are on every Linux. */
const UNPRIVILEGED = ['nobody', 'daemon', 'bin', 'mail', 'games'];

/** As whom the scripts run in root mode. */
export type Users = Readonly<Record<ScriptName, Account>>;

/** Errors: LAUNCH_FAILED when this machine has no two accounts that are good for it. */
export async function findUsers(): Promise<Users> {
  const table = await new Accounts().table();
  const [researcher, reviewer] = UNPRIVILEGED.map((name) => table.user(name)).filter(
    (user) => user !== undefined,
  );
  if (researcher !== undefined && reviewer !== undefined) return { researcher, reviewer };
  throw new SpoorError('LAUNCH_FAILED', `/etc/passwd has no two users of ${UNPRIVILEGED.join(', ')}`);
}

/** The scripts of the demo, in a folder of its own, with what is said of them to the daemon. */
export class Scripts {
  readonly #folder: string;
  readonly #source: string;

  private constructor(folder: string, source: string) {
    this.#folder = folder;
    this.#source = source;
  }

  static async write(folder: string): Promise<Scripts> {
    const scripts = new Scripts(folder, await readFile(SCRIPTED_AGENT, 'utf8'));
    await copyFile(HOLD, scripts.hold);
    for (const name of ['researcher', 'reviewer'] as const) await scripts.put(name, name);
    return scripts;
  }

  /** The module that holds a start. */
  get hold(): string {
    return join(this.#folder, 'hold.mjs');
  }

  path(name: ScriptName): string {
    return join(this.#folder, `${name}.mjs`);
  }

  /** Writes a script, or what is to stand in its place, over whatever is there. */
  async put(name: ScriptName, words: keyof typeof WORDS): Promise<void> {
    await writeFile(this.path(name), this.#textOf(words));
  }

  /** A file of launch definitions; JSON is YAML. Takes: `users` — undefined for whoever launches. */
  definitions(users: Users | undefined): string {
    const define = (name: string, script: ScriptName, ...options: readonly string[]): object => ({
      name,
      command: [process.execPath, ...options, this.path(script)],
      ...(users !== undefined && { run_as: users[script].name }),
    });
    const [researcher, reviewer, held] = DEFINITIONS;
    return JSON.stringify({
      launch: [
        define(researcher, 'researcher'),
        define(reviewer, 'reviewer'),
        define(held, 'reviewer', '--import', this.hold),
      ],
    });
  }

  /** The digest of a script as it was written first. */
  sha256(name: ScriptName): string {
    return sha256Hex(this.#textOf(name));
  }

  #textOf(words: keyof typeof WORDS): string {
    return `const words = ${JSON.stringify(WORDS[words])};\n${this.#source}`;
  }
}
