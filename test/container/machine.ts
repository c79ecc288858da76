import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cloneProject } from './clone.js';
import { cgroupsOf, removeCgroups } from './cgroups.js';
import { run, succeeded, type Outcome } from './command.js';
import { installDebian, NPM_ENV } from './debian.js';
import { makeFolder } from './workshop.js';

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const BOOT_MS = 60_000;
const SHUTDOWN_MS = 20_000;

/** A Debian of its own, with systemd as its first process, Node.js, npm, and a clone of this project in /root/spoor. */
export class Machine implements AsyncDisposable {
  readonly #folder: string;
  #nspawn: ChildProcess | undefined;
  /** Its first process, by the number that it has out here; 0 before there is one. */
  #init = 0;
  #cgroups: readonly string[] = [];

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async boot(): Promise<Machine> {
    const machine = new Machine(await makeFolder('machine'));
    try {
      await machine.#prepare();
      machine.#start();
      await machine.#untilUp();
      return machine;
    } catch (error) {
      await machine[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Runs a shell script: as root in /root/spoor, or as another user in a transient service of its own. */
  run(script: string, user = 'root'): Promise<Outcome> {
    const service = ['systemd-run', '--quiet', '--pipe', '--wait', '--collect', `--property=User=${user}`];
    const shell =
      user === 'root'
        ? ['sh', '-e', '-c', `cd /root/spoor\n${script}`]
        : [...service, 'sh', '-e', '-c', `cd ~\n${script}`];
    const env = { PATH, HOME: '/root', LANG: 'C.UTF-8', ...NPM_ENV };
    return run('nsenter', ['--target', String(this.#init), '--all', ...shell], { env });
  }

  /** Runs a script that has to succeed, and gives what it wrote. */
  async must(script: string, user = 'root'): Promise<string> {
    return succeeded(await this.run(script, user), script);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop();
    await removeCgroups(this.#cgroups);
    await rm(this.#folder, { recursive: true, force: true });
  }

  get #root(): string {
    return join(this.#folder, 'root');
  }

  async #prepare(): Promise<void> {
    await mkdir(this.#root);
    await installDebian(this.#root);
    await cloneProject(join(this.#root, 'root/spoor'));
  }

  #start(): void {
    const flags = ['--quiet', '--boot', '--register=no', '--keep-unit', '--link-journal=no'];
    const place = ['--directory', this.#root, '--machine', basename(this.#folder)];
    // The machine ends with us, however we end.
    const argv = ['--pdeathsig', 'KILL', 'systemd-nspawn', ...flags, ...place, '--resolv-conf=copy-host'];
    this.#nspawn = spawn('setpriv', argv, { stdio: 'ignore' });
  }

  async #untilUp(): Promise<void> {
    let state = 'no process in it';
    for (const from = performance.now(); performance.now() - from < BOOT_MS; await sleep(100)) {
      this.#init = await firstProcessBelow(this.#nspawn?.pid ?? 0);
      if (this.#init === 0) continue;
      state = (await this.run('systemctl is-system-running || systemctl --failed')).out;
      if (/^(running|degraded)\n/.test(state)) break;
    }
    this.#cgroups = [...(await cgroupsOf(this.#nspawn?.pid ?? 0)), ...(await cgroupsOf(this.#init))];
    if (!/^(running|degraded)\n/.test(state)) throw new Error(`the machine did not come up: ${state}`);
  }

  async #stop(): Promise<void> {
    const nspawn = this.#nspawn;
    if (nspawn === undefined || nspawn.exitCode !== null || nspawn.signalCode !== null) return;
    const ended = once(nspawn, 'exit');
    nspawn.kill('SIGTERM');
    await Promise.race([ended, sleep(SHUTDOWN_MS, undefined, { ref: false })]);
    nspawn.kill('SIGKILL');
    await ended;
  }
}

/** The child that is process 1 of a pid namespace; 0 while there is none. */
async function firstProcessBelow(pid: number): Promise<number> {
  try {
    const children = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim().split(' ');
    for (const child of children) {
      if (/^NSpid:.*\t1$/m.test(await readFile(`/proc/${child}/status`, 'utf8'))) return Number(child);
    }
  } catch {
    // It came and went, or has not come yet.
  }
  return 0;
}
