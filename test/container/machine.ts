import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const PROJECT = new URL('../../', import.meta.url).pathname;
const PACKAGES = 'systemd,systemd-sysv,dbus,ca-certificates';
/** Making it takes half a minute, and nothing in it depends on the project. */
const BASE = join('/var/tmp', 'spoor-test-debian');

/** The outcome of one command in the machine. */
export interface Outcome {
  readonly code: number;
  readonly out: string;
}

/** A Debian of its own, with systemd as its first process, Node.js, npm, and a clone of this project in /root/spoor. */
export class Machine implements AsyncDisposable {
  readonly folder: string;
  readonly #nspawn: ChildProcess;
  #init = 0;

  private constructor(folder: string, nspawn: ChildProcess) {
    this.folder = folder;
    this.#nspawn = nspawn;
  }

  static async boot(): Promise<Machine> {
    const folder = mkdtempSync(join('/var/tmp', 'spoor-test-machine-'));
    execFileSync('cp', ['-a', `${debianBase()}/.`, folder]);
    installNode(folder);
    cloneProject(folder);
    const nspawn = spawn(
      'systemd-nspawn',
      ['--quiet', '--directory', folder, '--register=no', '--keep-unit', '--boot', '--resolv-conf=copy-host'],
      { stdio: 'ignore' },
    );
    const machine = new Machine(folder, nspawn);
    await machine.#untilUp();
    return machine;
  }

  /** Runs a shell script as root in /root/spoor, or as another user in its home. */
  run(script: string, user = 'root'): Outcome {
    const shell = ['bash', '-e', '-o', 'pipefail', '-c', `cd ~${user === 'root' ? '/spoor' : ''}; ${script}`];
    const command = user === 'root' ? ['env', 'HOME=/root', ...shell] : ['runuser', '-u', user, '--', ...shell];
    try {
      const out = execFileSync('nsenter', ['-t', String(this.#init), '-a', ...command], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8' },
      });
      return { code: 0, out };
    } catch (error) {
      const { status, stdout, stderr } = error as { status: number | null; stdout: string; stderr: string };
      return { code: status ?? 1, out: `${stdout}${stderr}` };
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#nspawn.exitCode === null) {
      const ended = once(this.#nspawn, 'exit');
      this.#nspawn.kill('SIGKILL');
      await ended;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #untilUp(): Promise<void> {
    for (let tries = 0; tries < 300; tries++) {
      this.#init ||= childOf(this.#nspawn.pid ?? 0);
      const state = this.#init === 0 ? '' : this.run('systemctl is-system-running || true').out.trim();
      if (['running', 'degraded'].includes(state)) return;
      if (this.#nspawn.exitCode !== null) break;
      await sleep(100);
    }
    throw new Error('the machine did not come up');
  }
}

/** Made once and kept: a minimal Debian with systemd. */
function debianBase(): string {
  if (existsSync(BASE)) return BASE;
  const making = `${BASE}.making`;
  rmSync(making, { recursive: true, force: true });
  mkdirSync(dirname(making), { recursive: true });
  execFileSync('debootstrap', ['--variant=minbase', `--include=${PACKAGES}`, 'bookworm', making], { stdio: 'ignore' });
  renameSync(making, BASE);
  return BASE;
}

/** The Node.js that the tests run on, and the npm that belongs to the machine we run on. */
function installNode(folder: string): void {
  cpSync(process.execPath, join(folder, 'usr/bin/node'));
  const npm = execFileSync('npm', ['root', '--global'], { encoding: 'utf8' }).trim();
  cpSync(join(npm, 'npm'), join(folder, 'usr/lib/node_modules/npm'), { recursive: true });
  for (const name of ['npm', 'npx']) {
    symlinkSync(`../lib/node_modules/npm/bin/${name}-cli.js`, join(folder, 'usr/bin', name));
  }
}

/** What git tracks and what is new, as a fresh clone would have it. */
function cloneProject(folder: string): void {
  const clone = join(folder, 'root/spoor');
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: PROJECT,
    encoding: 'utf8',
  });
  for (const name of listed.split('\0').filter((path) => path !== '' && existsSync(join(PROJECT, path)))) {
    cpSync(join(PROJECT, name), join(clone, name), { recursive: true });
  }
}

function childOf(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0]) || 0;
  } catch {
    // The container's manager has not started yet.
    return 0;
  }
}

