import { once } from 'node:events';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { endAtLast } from '../fakes/child-process.js';
import { LaunchStage } from '../fakes/launch-stage.js';
import { temporaryFolder } from '../fakes/temporary-folder.js';

const DIST = new URL('../../dist/', import.meta.url).pathname;
const NODE = process.execPath;
const USER_MODE = { flags: ['--mode', 'user'] };

/** Says who it is, or why it is nobody; then does what more there is to do. */
const AGENT = `import { WorkloadApiClient } from '${DIST}index.js';
await using client = WorkloadApiClient.open();
try {
  for await (const { svids } of client.fetchX509Svid(AbortSignal.timeout(10_000))) {
    console.log(svids[0].id.toString());
    break;
  }
} catch (error) {
  console.log(error.code);
}
`;

const DEFINITIONS = `
  - {name: shell, command: [/bin/sh, -c], caller_args: append}
  - {name: fixed, command: [/bin/echo, one]}
  - {name: cat, command: [/bin/cat]}
  - {name: sleeper, command: [/bin/sleep, "600"]}
  - {name: forever, command: [/bin/sleep, "600"], restart: always}
`;
const ENTRIES = `
  - {id: sleeper, spiffe_id: "spiffe://example.org/sleeper", selectors: ["launch:name:sleeper"]}
`;

interface Instance {
  readonly instance: string;
  readonly name: string;
  readonly pid: number;
  readonly restarts: number;
}

function openStage(definitions = DEFINITIONS, entries = ENTRIES): Promise<LaunchStage> {
  return LaunchStage.open(definitions, entries, USER_MODE);
}

/** A stage with a script whose bytes, and nothing else, have an identity. */
async function openWithScript(source: string) {
  const cleanup = new AsyncDisposableStack();
  const script = join(cleanup.use(await temporaryFolder()).path, 'agent.mjs');
  await writeFile(script, source);
  const sha256 = createHash('sha256').update(source).digest('hex');
  const stage = cleanup.use(
    await openStage(
      `  - {name: agent, command: [${NODE}, ${script}]}`,
      `  - {id: agent, spiffe_id: "spiffe://example.org/agent", selectors: ["script:sha256:${sha256}"]}`,
    ),
  );
  return { script, stage, [Symbol.asyncDispose]: () => cleanup.disposeAsync() };
}

async function instancesOf(stage: LaunchStage): Promise<readonly Instance[]> {
  const { stdout } = await stage.spoor(['instances', '--output', 'json']);
  return (JSON.parse(stdout) as { launches: readonly Instance[] }).launches;
}

async function detach(stage: LaunchStage, name: string): Promise<Instance> {
  expect(await stage.spoor(['launch', '--detach', name])).toMatchObject({ code: 0 });
  const found = (await instancesOf(stage)).find((instance) => instance.name === name);
  if (found === undefined) throw new Error(`${name} is not listed`);
  return found;
}

describe('spoor launch, in user mode', () => {
  it('runs a program with the arguments of its caller, and ends as it does', async () => {
    await using stage = await openStage();
    const said = await stage.spoor(['launch', 'shell', '--', 'echo "$0 $1"; exit 7', 'one', 'two words']);
    expect(said).toEqual({ code: 7, stdout: 'one two words\n', stderr: '' });
    expect(await stage.spoor(['launch', 'shell', '--', 'kill -9 $$'])).toMatchObject({ code: 137 });
    expect(await stage.spoor(['launch', 'fixed'])).toMatchObject({ code: 0, stdout: 'one\n' });
    expect(await stage.spoor(['launch', 'fixed', '--', 'two'])).toMatchObject({
      code: 125,
      stdout: '',
      stderr: expect.stringContaining('the definition fixed takes none'),
    });
  });

  it('carries what goes in and what comes out, byte for byte', async () => {
    await using stage = await openStage();
    const child = stage.start(['launch', 'cat']);
    const input = 'a line that goes both ways\n'.repeat(100_000);
    child.stdin?.end(input);
    expect(await text(child.stdout!)).toBe(input);
    expect(await text(child.stderr!)).toBe('');
  });

  it('passes a signal on, and ends by it', async () => {
    await using stage = await openStage();
    const child = stage.start([
      'launch',
      'shell',
      '--',
      'trap "echo heard; exit 3" TERM; echo up; while :; do sleep 0.1; done',
    ]);
    await once(child.stdout!, 'data');
    child.kill('SIGTERM');
    const [[chunk], [code]] = (await Promise.all([once(child.stdout!, 'data'), once(child, 'exit')])) as [
      [Buffer],
      [number],
    ];
    expect([chunk.toString(), code]).toEqual(['heard\n', 3]);
  });
});

describe('the identity of a launched script, in user mode', () => {
  it('is that of its bytes, and nobody has it who runs the same script by hand', async () => {
    await using at = await openWithScript(AGENT);
    const { stage, script } = at;
    expect(await stage.spoor(['launch', 'agent'])).toMatchObject({ stdout: 'spiffe://example.org/agent\n' });
    expect(await stage.run([NODE, script])).toMatchObject({ stdout: 'IDENTITY_NOT_ISSUED\n' });
  });

  it('goes with the bytes: a script that was swapped has none', async () => {
    await using at = await openWithScript(AGENT);
    const { stage, script } = at;
    await writeFile(script, `${AGENT}// swapped\n`);
    expect(await stage.spoor(['launch', 'agent'])).toMatchObject({ stdout: 'IDENTITY_NOT_ISSUED\n' });
    await writeFile(script, AGENT);
    expect(await stage.spoor(['launch', 'agent'])).toMatchObject({ stdout: 'spiffe://example.org/agent\n' });
  });

  it('is not that of a shell below it, and explain says why', async () => {
    const below = `import { spawn } from 'node:child_process';
      ${AGENT}
      const shell = spawn('/bin/sh', ['-c', '${NODE} ${DIST}cli/spoor.js fetch x509 2>&1; echo $$; exec sleep 600'], { stdio: 'inherit' });
      shell.on('exit', () => {});`;
    await using at = await openWithScript(below);
    const client = at.stage.start(['launch', 'agent']);
    let said = '';
    client.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await expect.poll(() => said).toMatch(/^\d+\n/m);
    using _ = endAtLast(Number(/^(\d+)$/m.exec(said)?.[1]));
    expect(said).toMatch(/^spiffe:\/\/example\.org\/agent\n/);
    expect(said).toContain('IDENTITY_NOT_ISSUED');
    const pid = /^(\d+)$/m.exec(said)?.[1] ?? '';
    const { stdout } = await at.stage.spoor(['explain', pid]);
    expect(stdout).toMatch(
      /descendant of the launched instance [0-9a-f]{32} \(agent, pid \d+\), found by its (ancestors|cgroup): it gets nothing/,
    );
    client.kill('SIGTERM');
    await once(client, 'exit');
  });
});

describe('a detached program, in user mode', () => {
  it('is listed until it is stopped', async () => {
    await using stage = await openStage();
    const { instance, pid } = await detach(stage, 'sleeper');
    expect(await stage.spoor(['stop', instance])).toMatchObject({
      code: 0,
      stdout: `${instance} has ended\n`,
    });
    expect(existsSync(`/proc/${pid}`)).toBe(false);
    expect(await instancesOf(stage)).toEqual([]);
  });

  it('runs on without its daemon, and the next daemon knows it', async () => {
    await using stage = await openStage();
    const before = await detach(stage, 'sleeper');
    using _ = endAtLast(before.pid);
    await stage.daemon.stop('SIGKILL');
    await stage.daemon.startAgain();
    expect(await instancesOf(stage)).toMatchObject([{ instance: before.instance, pid: before.pid }]);
    const { stdout } = await stage.spoor(['explain', String(before.pid), '--output', 'json']);
    expect(JSON.parse(stdout)).toMatchObject({
      process: { level: 'launched', instance: before.instance },
      matches: [{ spiffe_id: 'spiffe://example.org/sleeper' }],
    });
    expect(await stage.spoor(['stop', 'sleeper'])).toMatchObject({ code: 0 });
    // It is no child of this daemon: whoever took it in when the other one ended reaps it.
    await expect.poll(() => existsSync(`/proc/${before.pid}`)).toBe(false);
  });

  it('is started anew when it ends, as another instance, if its definition says always', async () => {
    await using stage = await openStage();
    const first = await detach(stage, 'forever');
    process.kill(first.pid, 'SIGKILL');
    await expect.poll(() => instancesOf(stage)).toMatchObject([{ name: 'forever', restarts: 1 }]);
    expect((await instancesOf(stage))[0]?.instance).not.toBe(first.instance);
    expect(await stage.spoor(['stop', 'forever'])).toMatchObject({ code: 0 });
    expect(await instancesOf(stage)).toEqual([]);
  });
});

describe('launch definitions, in user mode', () => {
  it('count from the moment they are added to that in which they are deleted', async () => {
    await using stage = await openStage();
    const unknown = { code: 125, stderr: expect.stringContaining('DEFINITION_NOT_FOUND') };
    expect(await stage.spoor(['launch', 'hello'])).toMatchObject(unknown);
    await stage.spoor(['launch-def', 'add', 'hello', '--', '/bin/echo', 'hello']);
    expect(await stage.spoor(['launch', 'hello'])).toMatchObject({ code: 0, stdout: 'hello\n' });
    expect((await stage.spoor(['launch-def', 'list'])).stdout).toContain('hello');
    await stage.spoor(['launch-def', 'delete', 'hello']);
    expect(await stage.spoor(['launch', 'hello'])).toMatchObject(unknown);
  });

  it('stay as they were when their file goes bad', async () => {
    await using stage = await openStage();
    await writeFile(
      join(stage.daemon.file('launch.d'), 'all.yaml'),
      'launch: [{name: fixed, command: [echo]}]\n',
    );
    await expect.poll(() => stage.daemon.log).toContain('launch definition files have problems');
    expect(await stage.spoor(['launch', 'fixed'])).toMatchObject({ code: 0, stdout: 'one\n' });
  });
});
