import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { connect, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { DescriptorSender } from '../../src/kernel/descriptor-sender.js';
import { FakeClock } from '../fakes/fake-clock.js';
import { openDescriptors } from '../fakes/open-descriptors.js';
import { EMPTY, frame, PREFACE, RawHttp2Client, SETTINGS, SETTINGS_ACK } from '../fakes/raw-http2-client.js';
import { canBarDescriptors } from '../fakes/barred-descriptors.js';
import { openTestDoor, whoClient } from '../fakes/test-door.js';

const ANSWERER = fileURLToPath(new URL('../fixtures/door/answerer.mjs', import.meta.url));
const HANDSHAKE_MS = 5_000;

/** Node keeps the number to itself. */
function descriptorOf(socket: Socket): number {
  // oxlint-disable-next-line no-underscore-dangle
  return (socket as unknown as { readonly _handle: { readonly fd: number } })._handle.fd;
}

const START = '2030-01-01T00:00:00Z';

describe('the challenge', () => {
  it('is an empty SETTINGS and a PING with bytes that are new each time', async () => {
    await using open = await openTestDoor();
    const pings: string[] = [];
    for (let round = 0; round < 3; round++) {
      await using client = new RawHttp2Client(open.path);
      await client.until(() => client.frames.length === 2);
      expect(client.frames.map(({ type, flags }) => [type, flags])).toEqual([
        [4, 0],
        [6, 0],
      ]);
      pings.push(String(client.frames[1]?.payload.toString('hex')));
    }
    expect(new Set(pings).size).toBe(3);
  });

  it.each([
    { says: 'nothing', bytes: EMPTY },
    { says: 'the preface only', bytes: PREFACE },
    {
      says: 'everything but the answer to the PING',
      bytes: Buffer.concat([PREFACE, SETTINGS, SETTINGS_ACK]),
    },
  ])('ends a connection that says $says at the deadline, and not before', async ({ bytes }) => {
    const clock = new FakeClock(START);
    await using open = await openTestDoor({ clock });
    await using client = new RawHttp2Client(open.path);
    if (bytes.length > 0) client.send(bytes);
    await client.until(() => client.frames.length === 2);

    await clock.nextWake();
    await clock.advance(HANDSHAKE_MS - 1);
    expect([client.ended, open.door.statistics.pending]).toEqual([false, 1]);
    await clock.advance(1);
    expect(await client.farewell()).toBe('the challenge was not answered in time');
    expect(open.door.statistics).toEqual({ connections: 0, pending: 0 });
    expect(open.log.fields[0]).toMatchObject({ reason: 'deadline', pid: process.pid });
  });

  it('lets a connection in at the deadline that has answered and asked nothing, and still repairs what it asks later', async () => {
    const clock = new FakeClock(START);
    await using open = await openTestDoor({ clock });
    await using client = new RawHttp2Client(open.path);
    client.greet();
    await client.until(() => client.frames.length === 2);
    // The answers are written by now; the door hears them in one of its next turns.
    for (let turn = 0; turn < 10; turn++) await nextTurn();

    await clock.nextWake();
    await clock.advance(HANDSHAKE_MS);
    await expect.poll(() => open.door.statistics).toEqual({ connections: 1, pending: 0 });
    expect(await client.call('localhost')).toMatchObject({ pid: process.pid, host: 'localhost' });
    expect(await client.call('/run/api.sock')).toMatchObject({ pid: process.pid, host: '-run-api.sock' });
  });

  it('serves a client that asks before it has heard anything', async () => {
    await using open = await openTestDoor();
    await using client = new RawHttp2Client(open.path);
    const { stream, bytes } = client.callFrames('localhost');
    client.send(PREFACE, SETTINGS, bytes);
    client.answer();
    expect(await client.answerOn(stream)).toMatchObject({ pid: process.pid, standing: 'same' });
  });

  it('serves a client whose bytes come one at a time', async () => {
    await using open = await openTestDoor();
    await using client = new RawHttp2Client(open.path);
    const { stream, bytes } = client.callFrames('/run/api.sock');
    for (const byte of Buffer.concat([PREFACE, SETTINGS, bytes])) {
      client.send(Buffer.from([byte]));
      await nextTurn();
    }
    client.answer();
    expect(await client.answerOn(stream)).toMatchObject({ pid: process.pid, host: '-run-api.sock' });
  });

  it.each([
    { what: 'HTTP/1', bytes: Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'), says: /preface/ },
    {
      what: 'a wrong answer to the PING',
      bytes: Buffer.concat([PREFACE, frame(6, 1, 0, Buffer.alloc(8))]),
      says: /nobody sent/,
    },
    {
      what: 'a frame that is too long',
      bytes: Buffer.concat([PREFACE, Buffer.from('ffffff040000000000', 'hex')]),
      says: /16777215 bytes/,
    },
    {
      what: 'an empty :authority',
      bytes: Buffer.concat([PREFACE, frame(1, 5, 1, Buffer.from([0x83, 0x41, 0]))]),
      says: /:authority is empty/,
    },
  ])('answers $what with GOAWAY, logs it, and keeps serving others', async ({ bytes, says }) => {
    await using open = await openTestDoor();
    await using client = new RawHttp2Client(open.path);
    client.send(bytes);
    expect(await client.farewell()).toMatch(says);
    expect(open.log.lines).toEqual(['warn connection turned away']);
    expect(open.log.fields[0]).toMatchObject({
      reason: 'malformed',
      uid: process.getuid?.(),
      why: expect.stringMatching(says),
    });
    using honest = whoClient(open.path);
    expect((await honest.who())?.pid).toBe(process.pid);
  });

  it('ends a repaired connection that breaks HTTP/2 later on', async () => {
    await using open = await openTestDoor();
    await using client = new RawHttp2Client(open.path);
    client.greet();
    await client.call('/run/api.sock');
    client.send(Buffer.from('ffffff040000000000', 'hex'));
    await client.untilEnded();
    expect(open.log.fields).toMatchObject([{ reason: 'malformed' }]);
    await expect.poll(() => open.door.statistics.connections).toBe(0);
  });

  it('ends a native connection that breaks HTTP/2 later on', async () => {
    await using open = await openTestDoor();
    await using client = new RawHttp2Client(open.path);
    client.greet();
    await client.call('localhost');
    client.send(Buffer.from('ffffff040000000000', 'hex'));
    await client.untilEnded();
    await expect.poll(() => open.door.statistics.connections).toBe(0);
  });
});

describe('the sender of every chunk', () => {
  it('is the process that connected: another one that holds the connection is refused, and never answered', async () => {
    await using open = await openTestDoor();
    await using shape = new RawHttp2Client(open.path);
    const request = Buffer.concat([PREFACE, SETTINGS, shape.callFrames('localhost').bytes]).toString(
      'base64',
    );
    const given = connect(open.path);
    await once(given, 'connect');
    const child = spawn(process.execPath, [ANSWERER, request], {
      stdio: ['ignore', 'pipe', 'inherit', given],
    });

    expect(await text(child.stdout!)).toBe('');
    expect(open.log.fields).toMatchObject([
      {
        reason: 'wrong-sender',
        pid: process.pid,
        why: `process ${child.pid} writes on a connection that another one opened`,
      },
    ]);
    given.destroy();
  });

  it.runIf(canBarDescriptors())(
    'cannot send descriptors along, which the daemon would have to close',
    async () => {
      await using open = await openTestDoor();
      await using client = new RawHttp2Client(open.path);
      await client.until(() => client.frames.length === 2);
      const sender = new DescriptorSender(open.kernel.libc);
      expect(sender.send(descriptorOf(client.socket), PREFACE, [0])).toBe('EPERM');
    },
  );

  it.skipIf(canBarDescriptors())('may not send descriptors along, and none of them stays here', async () => {
    await using open = await openTestDoor();
    await using client = new RawHttp2Client(open.path);
    await client.until(() => client.frames.length === 2);
    const before = openDescriptors();
    const sender = new DescriptorSender(open.kernel.libc);
    expect(sender.send(descriptorOf(client.socket), PREFACE, [0])).toBe(PREFACE.length);
    await client.untilEnded();
    expect(open.log.fields).toMatchObject([{ reason: 'descriptors-sent' }]);
    // Both ends of this connection are gone, and nothing has come.
    expect(openDescriptors()).toBeLessThan(before);
  });
});
