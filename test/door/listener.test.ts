import { lstatSync } from 'node:fs';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { openDescriptors } from '../fakes/open-descriptors.js';
import { RawHttp2Client } from '../fakes/raw-http2-client.js';
import { openTestDoor, whoClient } from '../fakes/test-door.js';

describe('Door', () => {
  it('lets a legal client in and knows whose calls they are', async () => {
    await using open = await openTestDoor();
    using client = whoClient(open.path);

    const first = await client.who();
    expect(first).toMatchObject({
      pid: process.pid,
      uid: process.getuid?.(),
      standing: 'same',
      connection: 1,
    });
    expect((await client.who())?.connection).toBe(1);
    expect(open.door.statistics).toEqual({ connections: 1, pending: 0 });
    expect(open.log.lines).toEqual([]);
  });

  it('gives connections of one process one measured process, and each a number of its own', async () => {
    await using open = await openTestDoor();
    using first = whoClient(open.path);
    using second = whoClient(open.path);
    const numbers = [(await first.who())?.connection, (await second.who())?.connection];
    expect(numbers).toEqual([1, 2]);
    expect(open.peers[0]?.process).toBe(open.peers[1]?.process);
  });

  it('serves 300 connections at once, and has as many descriptors open afterwards as before', async () => {
    await using open = await openTestDoor();
    const before = openDescriptors();
    const clients = Array.from({ length: 300 }, () => whoClient(open.path));
    const answers = await Promise.all(clients.map((client) => client.who()));
    expect(new Set(answers.map((who) => who?.connection)).size).toBe(300);
    expect(answers.every((who) => who?.pid === process.pid)).toBe(true);
    for (const client of clients) client[Symbol.dispose]();
    await expect.poll(() => openDescriptors()).toBeLessThanOrEqual(before + 4);
    expect(open.door.statistics).toEqual({ connections: 0, pending: 0 });
  });

  it('turns away whom it does not allow, before anything is measured', async () => {
    await using open = await openTestDoor({ allow: () => false });
    await using client = new RawHttp2Client(open.path);
    await client.untilEnded();
    expect([client.frames, open.processes.size]).toEqual([[], 0]);
    expect(open.log.fields).toMatchObject([{ reason: 'not-allowed' }]);
  });

  it('stops listening when it is told to, and keeps those who are in until it is disposed of', async () => {
    const open = await openTestDoor();
    using client = whoClient(open.path);
    await client.who();
    open.stop.abort();
    await expect.poll(() => lstatSync(open.path, { throwIfNoEntry: false })).toBeUndefined();
    expect((await client.who())?.connection).toBe(1);
    await using pending = new RawHttp2Client(open.path);
    await pending.untilEnded();
    expect(pending.frames).toEqual([]);

    await open[Symbol.asyncDispose]();
    expect(open.door.statistics).toEqual({ connections: 0, pending: 0 });
    expect(open.budget.taken).toBe(0);
  });

  it('ends those who wait at the door when it is disposed of', async () => {
    const open = await openTestDoor();
    await using silent = new RawHttp2Client(open.path);
    await silent.until(() => silent.frames.length === 2);
    await open[Symbol.asyncDispose]();
    await silent.untilEnded();
    expect(open.budget.taken).toBe(0);
  });
});

describe('what one uid may do at the door', () => {
  it('lets it hold a quarter of the descriptors, and takes connections again when it has closed some', async () => {
    // A quarter of 160 is 40: one process of 4 and 36 connections.
    await using open = await openTestDoor({ descriptorLimit: 160 });
    const silent = Array.from({ length: 50 }, () => new RawHttp2Client(open.path));
    await expect.poll(() => silent.filter(({ ended }) => ended).length).toBe(14);
    expect(open.budget.taken).toBe(40);
    expect(open.log.fields[0]).toMatchObject({
      reason: 'uid-limit',
      why: 'this uid has too many connections',
    });
    for (const client of silent) await client[Symbol.asyncDispose]();
    using honest = whoClient(open.path);
    await expect.poll(() => open.door.statistics.pending).toBe(0);
    expect((await honest.who())?.pid).toBe(process.pid);
  });

  it('limits the connections that are not let in yet', async () => {
    await using open = await openTestDoor({ limits: { pendingPerUid: 5 } });
    const silent = Array.from({ length: 9 }, () => new RawHttp2Client(open.path));
    await expect.poll(() => silent.filter(({ ended }) => ended).length).toBe(4);
    expect(open.door.statistics.pending).toBe(5);
    for (const client of silent) await client[Symbol.asyncDispose]();
  });

  it('limits how often it connects, before anything is measured', async () => {
    await using open = await openTestDoor({
      limits: { connectionBurstPerUid: 3, connectionsPerSecondPerUid: 0.001 },
    });
    const clients = Array.from({ length: 5 }, () => new RawHttp2Client(open.path));
    await expect.poll(() => clients.filter(({ ended }) => ended).length).toBe(2);
    expect(open.log.fields).toMatchObject([{ reason: 'rate' }, { reason: 'rate' }]);
    for (const client of clients) await client[Symbol.asyncDispose]();
  });

  it('limits what is held back of all its connections together', async () => {
    await using open = await openTestDoor({ limits: { heldBytesPerUid: 10_000 } });
    const clients = Array.from({ length: 4 }, () => new RawHttp2Client(open.path));
    for (const client of clients)
      client.send(
        Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
        Buffer.from('000fa0000000000001', 'hex'),
        Buffer.alloc(4_000),
      );
    await expect.poll(() => clients.filter(({ ended }) => ended).length).toBeGreaterThanOrEqual(2);
    expect(open.log.fields[0]).toMatchObject({ reason: 'too-much' });
    for (const client of clients) await client[Symbol.asyncDispose]();
  });

  it('writes ten lines a minute about it, and no more', async () => {
    await using open = await openTestDoor({ allow: () => false });
    for (let count = 0; count < 25; count++) {
      await using client = new RawHttp2Client(open.path);
      await client.untilEnded();
    }
    expect(open.log.lines).toHaveLength(10);
  });

  it('survives 2,000 connections that come and go', async () => {
    await using open = await openTestDoor();
    for (let count = 0; count < 2_000; count++)
      connect(open.path)
        .on('error', () => {})
        .destroy();
    using honest = whoClient(open.path);
    expect((await honest.who())?.pid).toBe(process.pid);
    await expect.poll(() => open.door.statistics).toEqual({ connections: 1, pending: 0 });
  });
});
