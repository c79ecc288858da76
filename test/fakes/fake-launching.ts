import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync } from 'node:fs';
import { SpoorError } from '../../src/core/errors.js';
import type {
  Ending,
  Launching,
  LaunchRequest,
  LaunchStatus,
  RunningLaunch,
  Viewer,
  Wanted,
} from '../../src/launch/launching.js';
import type { MeasuredProcess } from '../../src/measurement/process.js';

/** `setsid --ctty` makes standard input the controlling terminal of a new session. */
const IN_A_TERMINAL = ['setsid', '--ctty', '--wait'] as const;

interface Running {
  readonly child: ChildProcess;
  readonly status: LaunchStatus;
  readonly ended: Promise<Ending>;
}

/** Launches whatever its definitions say, with the descriptors that it is given, and measures nothing. */
export class FakeLaunching implements Launching {
  /** What each name stands for; the caller's arguments go behind. */
  readonly definitions = new Map<string, readonly string[]>();
  readonly env = ['LANG', 'PATH'];
  readonly requests: LaunchRequest[] = [];
  readonly callers: MeasuredProcess[] = [];
  /** `id signal`, in their order; `hang-up` for those. */
  readonly heard: string[] = [];
  readonly running = new Map<string, Running>();
  /** When set, the answer to the first message takes until this resolves. */
  judging: Promise<void> | undefined;
  /** When set, a start takes until this resolves. */
  starting: Promise<void> | undefined;
  failure: SpoorError | undefined;

  async wants(name: string, _caller: MeasuredProcess): Promise<Wanted> {
    await this.judging;
    if (this.definitions.has(name)) return { env: this.env };
    throw new SpoorError('DEFINITION_NOT_FOUND', `there is no launch definition ${name}`);
  }

  async launch(request: LaunchRequest, caller: MeasuredProcess): Promise<RunningLaunch> {
    try {
      await this.starting;
      if (this.failure !== undefined) throw this.failure;
      this.requests.push(request);
      this.callers.push(caller);
      return await this.#start(request, caller);
    } finally {
      for (const fd of request.stdio) closeSync(fd);
    }
  }

  list(viewer: Viewer): readonly LaunchStatus[] {
    return [...this.running.values()]
      .map(({ status }) => status)
      .filter(({ launchedBy }) => viewer === 'operator' || viewer.uid === launchedBy);
  }

  async stop(which: string, viewer: Viewer, graceMs: number): Promise<readonly string[]> {
    const found = this.list(viewer).filter(({ instance, name }) => which === instance || which === name);
    if (found.length === 0) throw new SpoorError('INSTANCE_NOT_FOUND', `there is no instance ${which}`);
    for (const { instance } of found) {
      const { child, ended } = this.running.get(instance)!;
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), graceMs);
      await ended;
      clearTimeout(late);
    }
    return found.map(({ instance }) => instance);
  }

  /** Ends all that still runs. */
  async [Symbol.asyncDispose](): Promise<void> {
    const all = [...this.running.values()];
    for (const { child } of all) child.kill('SIGKILL');
    await Promise.all(all.map(({ ended }) => ended));
  }

  async #start(request: LaunchRequest, caller: MeasuredProcess): Promise<RunningLaunch> {
    const argv = [...(this.definitions.get(request.name) ?? []), ...request.args];
    const [command = '', ...args] = request.terminal ? [...IN_A_TERMINAL, ...argv] : argv;
    const child = spawn(command, args, {
      stdio: [...request.stdio],
      cwd: request.cwd,
      env: { ...request.env },
      detached: !request.terminal,
    });
    await once(child, 'spawn');
    const pid = child.pid ?? 0;
    const instance = `i${pid}`;
    const ended = this.#ending(child, instance);
    this.running.set(instance, { child, ended, status: statusOf(instance, pid, request, caller) });
    return {
      instance,
      pid,
      ended,
      signal: (name) => {
        this.heard.push(name);
        child.kill(name);
      },
      hangUp: () => {
        this.heard.push('hang-up');
        process.kill(-pid, 'SIGHUP');
        process.kill(-pid, 'SIGCONT');
      },
    };
  }

  async #ending(child: ChildProcess, instance: string): Promise<Ending> {
    const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
    this.running.delete(instance);
    return code === null ? { signal: signal ?? 'SIGKILL' } : { code };
  }
}

function statusOf(
  instance: string,
  pid: number,
  { name, detach }: LaunchRequest,
  { uid }: MeasuredProcess,
): LaunchStatus {
  return {
    instance,
    name,
    pid,
    uid,
    launchedBy: uid,
    detached: detach,
    startedAt: new Date('2030-01-01T00:00:00Z'),
    executable: '/usr/bin/node',
    script: '/opt/agents/researcher.mjs',
    restarts: 0,
    notes: [],
  };
}
