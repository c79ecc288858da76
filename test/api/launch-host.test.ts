import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { SpoorError } from '../../src/core/errors.js';
import { canBarDescriptors } from '../fakes/barred-descriptors.js';
import { FakeClock } from '../fakes/fake-clock.js';
import { openLaunchDoor } from '../fakes/launch-door.js';
import { openDescriptors } from '../fakes/open-descriptors.js';
import { framed, RawLaunchClient } from '../fakes/raw-launch-client.js';
import { temporaryFolder } from '../fakes/temporary-folder.js';

type Open = Awaited<ReturnType<typeof openLaunchDoor>>;

/** What stays open of a process that was measured, for as long as it lives. */
const MEASURED = 4;

/** A launch door to which this process is known already; its program says what it is told, and ends with 7. */
async function openDoor(options: Parameters<typeof openLaunchDoor>[0] = {}): Promise<Open> {
  const open = await openLaunchDoor(options);
  open.launching.definitions.set('say', ['/bin/sh', '-c', 'echo "$LANG $SECRET" "$@"; exit 7', 'say']);
  open.launching.definitions.set('wait', ['/bin/sleep', '60']);
  const first = new RawLaunchClient(open.path);
  await expect.poll(() => open.budget.taken).toBe(MEASURED + 1);
  await first[Symbol.asyncDispose]();
  await expect.poll(() => open.budget.taken).toBe(MEASURED);
  return open;
}

/** A file to write to, in place of standard output. */
async function outputFile() {
  const folder = await temporaryFolder();
  const path = join(folder.path, 'out');
  const fd = openSync(path, 'w');
  return {
    fd,
    text: () => readFileSync(path, 'utf8'),
    [Symbol.asyncDispose]: async () => {
      closeSync(fd);
      await folder[Symbol.asyncDispose]();
    },
  };
}

async function waiting(open: Open): Promise<RawLaunchClient> {
  const client = new RawLaunchClient(open.path);
  client.order(await client.hello('wait'), [0, 1, 2]);
  expect(await client.answer()).toHaveProperty('launched');
  return client;
}

describe('a launch', () => {
  it('gets the descriptors, the arguments and the variables that were wanted, and says how it ended', async () => {
    await using open = await openDoor();
    await using out = await outputFile();
    await using client = new RawLaunchClient(open.path);
    client.send(framed('{"v":1,"op":"launch","name":"say","detach":false}'));
    const { challenge = '', env } = await client.answer();
    expect([challenge, env]).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/u), ['LANG', 'PATH']]);
    const changes = { args: ['a', 'b c'], env: { LANG: 'C', SECRET: 'x' } };
    client.order(challenge, [0, out.fd, 2], changes);
    const { launched } = await client.answer();
    expect(launched).toEqual({ instance: `i${launched?.pid}`, pid: expect.any(Number) });
    expect(await client.answer()).toEqual({ ended: { code: 7 } });
    await client.untilEnded();
    expect(out.text()).toBe('C  a b c\n');
    expect(open.launching.callers[0]?.pid).toBe(process.pid);
    expect(open.rooms.metrics.calls).toEqual(['/spoor.v1.Launch/Launch OK']);
    expect([open.desk.openCalls, open.log.lines]).toEqual([0, []]);
  });

  it('takes a second message of almost a megabyte, which comes in many pieces', async () => {
    await using open = await openDoor();
    await using out = await outputFile();
    await using client = new RawLaunchClient(open.path);
    const args = Array.from({ length: 8 }, (_, at) => String(at).repeat(100_000));
    client.order(await client.hello('say'), [0, out.fd, 2], { args });
    expect(await client.answer()).toHaveProperty('launched');
    expect(await client.answer()).toEqual({ ended: { code: 7 } });
    expect(out.text()).toHaveLength(800_010);
  });

  it('passes signals, and tells of the one that ended the program', async () => {
    await using open = await openDoor();
    await using client = await waiting(open);
    client.send(framed('{"signal":"SIGCONT"}'));
    client.send(framed('{"signal":"SIGTERM"}'));
    expect(await client.answer()).toEqual({ ended: { signal: 'SIGTERM' } });
    expect(open.launching.heard).toEqual(['SIGCONT', 'SIGTERM']);
  });

  it('passes signals that came before the program executed', async () => {
    await using open = await openDoor();
    const start = Promise.withResolvers<void>();
    open.launching.starting = start.promise;
    await using client = new RawLaunchClient(open.path);
    client.order(await client.hello('wait'), [0, 1, 2]);
    client.send(framed('{"signal":"SIGINT"}'));
    await pause(50);
    start.resolve();
    expect(await client.answer()).toHaveProperty('launched');
    expect(await client.answer()).toEqual({ ended: { signal: 'SIGINT' } });
  });

  it('goes on without its client when it is detached', async () => {
    await using open = await openDoor();
    await using client = new RawLaunchClient(open.path);
    client.order(await client.hello('wait', true), [0, 1, 2]);
    expect(await client.answer()).toHaveProperty('launched');
    await client.untilEnded();
    await pause(50);
    expect([open.launching.running.size, open.launching.heard]).toEqual([1, []]);
  });

  it('is hung up on when its client is gone, also before the program executed', async () => {
    await using open = await openDoor();
    const client = await waiting(open);
    await client[Symbol.asyncDispose]();
    await expect.poll(() => open.launching.heard).toEqual(['hang-up']);
    await expect.poll(() => open.launching.running.size).toBe(0);

    const start = Promise.withResolvers<void>();
    open.launching.starting = start.promise;
    const early = new RawLaunchClient(open.path);
    early.order(await early.hello('wait'), [0, 1, 2]);
    await expect.poll(() => open.door.statistics).toEqual({ connections: 1, pending: 0 });
    await early[Symbol.asyncDispose]();
    start.resolve();
    await expect.poll(() => open.launching.heard).toEqual(['hang-up', 'hang-up']);
    expect(open.rooms.metrics.calls).toEqual(Array(2).fill('/spoor.v1.Launch/Launch CANCELLED'));
  });

  it('is left to its terminal when its client is gone', async () => {
    await using open = await openDoor();
    await using client = new RawLaunchClient(open.path);
    open.launching.definitions.set('wait', ['sh', '-c', 'sleep 60']);
    // It is none, so that `setsid --ctty` fails: what counts is what the daemon does.
    await using out = await outputFile();
    client.order(await client.hello('wait'), [0, 1, out.fd], { terminal: true });
    expect(await client.answer()).toHaveProperty('launched');
    await client[Symbol.asyncDispose]();
    await expect.poll(() => open.desk.openCalls).toBe(0);
    expect(open.launching.heard).toEqual([]);
  });

  it('goes on when the daemon stops, and its client hears nothing of an ending', async () => {
    await using open = await openDoor();
    await using client = await waiting(open);
    await open.close();
    await client.untilEnded();
    expect([client.answers, open.launching.heard, open.launching.running.size]).toEqual([[], [], 1]);
    expect([open.desk.openCalls, open.log.lines]).toEqual([0, []]);
    expect(open.rooms.recorded).toEqual([]);
  });
});

describe('a launch that is refused', () => {
  it('is told why before it sends anything along, in the log and in the record', async () => {
    await using open = await openDoor();
    await using client = new RawLaunchClient(open.path);
    await client.hello('unknown').catch(() => {});
    await client.untilEnded();
    expect(open.log.lines).toEqual(['warn call refused']);
    expect(open.log.fields).toMatchObject([{ code: 'DEFINITION_NOT_FOUND', pid: process.pid, call: 1 }]);
    expect(open.rooms.recorded).toMatchObject([
      { code: 'DEFINITION_NOT_FOUND', method: '/spoor.v1.Launch/Launch' },
    ]);
    expect(open.rooms.metrics.calls).toEqual(['/spoor.v1.Launch/Launch NOT_FOUND']);
  });

  it('is told the code, the sentence, the remedy and the call, and no more', async () => {
    await using open = await openDoor();
    const facts = { secret: 'path' };
    open.launching.failure = new SpoorError('LAUNCH_FAILED', 'the executable is gone', { facts });
    await using client = new RawLaunchClient(open.path);
    client.order(await client.hello('say'), [0, 1, 2]);
    expect(await client.answer()).toEqual({
      error: {
        code: 'LAUNCH_FAILED',
        message: 'the executable is gone',
        remedy: expect.stringContaining('Mend'),
        facts: { call: 1 },
      },
    });
  });

  it('is told nothing of a fault of ours', async () => {
    await using open = await openDoor();
    open.launching.failure = new SpoorError('INVARIANT_BROKEN', 'a secret of ours');
    await using client = new RawLaunchClient(open.path);
    client.order(await client.hello('say'), [0, 1, 2]);
    expect((await client.answer()).error).toMatchObject({
      code: 'INVARIANT_BROKEN',
      message: 'internal error',
    });
  });
});

describe('the launch door', () => {
  const HELLO = '{"v":1,"op":"launch","name":"say","detach":false}';
  type Attack = (client: RawLaunchClient) => Promise<void> | void;

  const tooEarly: Readonly<Record<string, Attack>> = {
    'descriptors with the first message': (client) => client.send(framed(HELLO), [0, 1, 2]),
    'a descriptor before the first message': (client) => client.send(Buffer.from([0]), [0]),
  };
  const attacks: Readonly<Record<string, Attack>> = {
    'no JSON': (client) => client.send(framed('hello')),
    'HTTP/2': (client) => client.send(Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')),
    'a first message that is too large': (client) => client.send(Buffer.from('00001001', 'hex')),
    'a name twice': (client) => client.send(framed('{"v":1,"v":1}')),
    'another version': (client) => client.send(framed(HELLO.replace('1', '2'))),
    'more than one first message': (client) => client.send(Buffer.concat([framed(HELLO), framed(HELLO)])),
    ...(canBarDescriptors() ? {} : tooEarly),
    'the wrong challenge': async (client) => {
      await client.hello('say');
      client.order('0'.repeat(32), [0, 1, 2]);
    },
    'no challenge': async (client) => {
      await client.hello('say');
      client.order('', [0, 1, 2]);
    },
    'a second message that is too large': async (client) => {
      await client.hello('say');
      client.send(Buffer.from('00100001', 'hex'), [0, 1, 2]);
    },
    'no descriptors': async (client) => client.order(await client.hello('say'), []),
    'two descriptors': async (client) => client.order(await client.hello('say'), [0, 1]),
    'descriptors in the middle of the second message': async (client) => {
      const challenge = await client.hello('say');
      client.send(Buffer.from([0]), [0, 1, 2]);
      await pause(20);
      client.send(Buffer.from([0]), [0, 1, 2]);
      void challenge;
    },
    'something behind the second message': async (client) => {
      const challenge = await client.hello('say');
      const order = { challenge, args: [], env: {}, cwd: '/', terminal: false };
      client.send(Buffer.concat([framed(JSON.stringify(order)), framed('{"signal":"SIGINT"}')]), [0, 1, 2]);
    },
  };

  it.each(Object.entries(attacks))('refuses %s, says so, and keeps nothing', async (_what, attack) => {
    await using open = await openDoor();
    const before = openDescriptors();
    await using client = new RawLaunchClient(open.path);
    await attack(client);
    expect((await client.answer()).error?.code).toBe('LAUNCH_MESSAGE_INVALID');
    await client.untilEnded();
    expect(open.launching.requests).toEqual([]);
    expect([open.desk.openCalls, open.budget.taken]).toEqual([0, MEASURED]);
    expect(openDescriptors()).toBe(before);
    expect(open.log.fields).toMatchObject([{ reason: 'malformed' }]);
  });

  it.runIf(canBarDescriptors()).each(Object.entries(tooEarly))('cannot be sent %s', async (_what, attack) => {
    await using open = await openDoor();
    await using client = new RawLaunchClient(open.path);
    expect(() => attack(client)).toThrow('EPERM');
  });

  it.runIf(canBarDescriptors())('cannot be sent descriptors by whoever may not launch', async () => {
    await using open = await openDoor();
    await using client = new RawLaunchClient(open.path);
    expect(await client.hello('nothing')).toBe('');
    expect(() => client.send(Buffer.from([0]), [0])).toThrow(/EPERM|EPIPE/);
  });

  it('refuses a fourth descriptor without a word', async () => {
    await using open = await openDoor();
    const before = openDescriptors();
    await using client = new RawLaunchClient(open.path);
    client.order(await client.hello('say'), [0, 1, 2, 0]);
    expect(await client.answer()).toEqual({});
    expect(open.log.fields).toMatchObject([{ reason: 'descriptors-sent' }]);
    await client.untilEnded();
    expect(openDescriptors()).toBe(before);
  });

  it('refuses what another process writes', async () => {
    await using open = await openDoor();
    const before = openDescriptors();
    await using client = new RawLaunchClient(open.path);
    const challenge = await client.hello('say');
    const order = framed(JSON.stringify({ challenge, args: [], env: {}, cwd: '/', terminal: false }));
    const bytes = [...order].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
    const writer = spawn('/usr/bin/env', ['printf', bytes], {
      stdio: ['ignore', client.descriptor, 'inherit'],
    });
    await once(writer, 'exit');
    await client.untilEnded();
    expect(open.log.fields).toMatchObject([{ reason: 'wrong-sender', pid: process.pid }]);
    expect(open.launching.requests).toEqual([]);
    expect(openDescriptors()).toBe(before);
  });

  it('refuses whoever is not done in time, at whichever message, and says so', async () => {
    const clock = new FakeClock('2030-01-01T00:00:00Z');
    await using open = await openDoor({ clock });
    const before = openDescriptors();
    await using silent = new RawLaunchClient(open.path);
    await using halfway = new RawLaunchClient(open.path);
    await halfway.hello('say');
    halfway.send(Buffer.from([0, 0, 1]), [0, 1, 2]);
    await expect.poll(() => openDescriptors()).toBe(before + 4 + 3);
    await clock.advance(10_000);
    expect((await silent.answer()).error?.code).toBe('DEADLINE_EXCEEDED');
    expect((await halfway.answer()).error?.code).toBe('DEADLINE_EXCEEDED');
    await Promise.all([silent.untilEnded(), halfway.untilEnded()]);
    await expect.poll(() => openDescriptors()).toBe(before);
    expect([open.desk.openCalls, open.budget.taken]).toEqual([0, MEASURED]);
  });

  it('forgets whoever hangs up while it is judged', async () => {
    await using open = await openDoor();
    const judging = Promise.withResolvers<void>();
    open.launching.judging = judging.promise;
    const client = new RawLaunchClient(open.path);
    client.send(framed(HELLO));
    await expect.poll(() => open.desk.openCalls).toBe(1);
    await client[Symbol.asyncDispose]();
    await expect.poll(() => open.desk.openCalls).toBe(0);
    judging.resolve();
    await pause(20);
    expect([open.budget.taken, open.log.lines]).toEqual([MEASURED, []]);
    expect(open.rooms.metrics.calls).toEqual(['/spoor.v1.Launch/Launch CANCELLED']);
  });

  it('ends a conversation in which nonsense is said, and hangs up on the program', async () => {
    await using open = await openDoor();
    await using client = await waiting(open);
    client.send(framed('{"signal":"SIGKILL"}'));
    await client.untilEnded();
    await expect.poll(() => open.launching.heard).toEqual(['hang-up']);
    expect(open.log.fields).toMatchObject([{ reason: 'malformed' }]);
  });

  it('ends a conversation that floods the program with signals', async () => {
    await using open = await openDoor();
    await using client = await waiting(open);
    client.send(Buffer.concat(Array.from({ length: 300 }, () => framed('{"signal":"SIGCONT"}'))));
    await client.untilEnded();
    expect(open.launching.heard.filter((heard) => heard === 'SIGCONT')).toHaveLength(200);
  });

  it('lets one uid wait for 256 launches, and no more', async () => {
    await using open = await openDoor();
    const clients = Array.from({ length: 256 }, () => new RawLaunchClient(open.path));
    await Promise.all(clients.map((client) => client.hello('wait')));
    await using late = new RawLaunchClient(open.path);
    late.send(framed(HELLO));
    expect((await late.answer()).error).toMatchObject({
      code: 'RATE_EXCEEDED',
      message: expect.stringContaining('256 are allowed'),
    });
    await Promise.all(clients.map((client) => client[Symbol.asyncDispose]()));
    await expect.poll(() => open.desk.openCalls).toBe(0);
    expect(await late.untilEnded()).toBeUndefined();
    await using next = new RawLaunchClient(open.path);
    expect(await next.hello('say')).toMatch(/^[0-9a-f]{32}$/u);
  });

  it('serves an honest client among a thousand connections of its uid, and keeps no descriptor of any', async () => {
    await using open = await openDoor();
    const before = openDescriptors();
    const crowd = Array.from({ length: 1_000 }, (_, at) => {
      const client = new RawLaunchClient(open.path);
      if (at % 2 === 0) client.send(Buffer.from([0, 0, 0]));
      return client;
    });
    await expect.poll(() => open.door.statistics.pending).toBe(1_000);
    await using out = await outputFile();
    await using honest = new RawLaunchClient(open.path);
    honest.order(await honest.hello('say'), [0, out.fd, 2]);
    expect(await honest.answer()).toHaveProperty('launched');
    expect(await honest.answer()).toEqual({ ended: { code: 7 } });
    await honest.untilEnded();
    await Promise.all(crowd.map((client) => client[Symbol.asyncDispose]()));
    await expect.poll(() => openDescriptors()).toBeLessThanOrEqual(before + 1);
    expect(open.budget.taken).toBe(MEASURED);
  });

  it('keeps no descriptor of 300 launches, and leaves none in a program', async () => {
    await using open = await openDoor();
    const command = ['/bin/sh', '-c', 'ls /proc/self/fd | wc -l >&2'] as const;
    open.launching.definitions.set('count', command);
    const plain = spawnSync(command[0], command.slice(1), { encoding: 'utf8' }).stderr;
    await using out = await outputFile();
    const before = openDescriptors();
    for (let count = 0; count < 300; count++) {
      const client = new RawLaunchClient(open.path);
      client.order(await client.hello('count'), [0, 1, out.fd]);
      await client.answer();
      expect(await client.answer()).toEqual({ ended: { code: 0 } });
      await client.untilEnded();
    }
    await expect.poll(() => openDescriptors()).toBe(before);
    expect(new Set(out.text().split('\n'))).toEqual(new Set(plain.split('\n')));
  });
});
