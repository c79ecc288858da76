import { describe, expect, it } from 'vitest';
import type { StoredLaunch } from '../../../src/launch/running/launch-store.js';
import type { Account } from '../../../src/measurement/accounts.js';
import { openLaunchHouse } from '../../fakes/launch-house.js';
import { temporaryFolder } from '../../fakes/temporary-folder.js';

const SLEEPER = { name: 'sleeper', command: ['/bin/sleep', '600'] };

/** A daemon that has launched a program which runs, and what it wrote down of it. */
async function bench() {
  const cleanup = new AsyncDisposableStack();
  const { path: folder } = cleanup.use(await temporaryFolder());
  const before = cleanup.use(await openLaunchHouse({ folder }));
  before.define(SLEEPER);
  const running = await before.launch('sleeper', { detach: true });
  const [stored] = before.store.load();
  if (stored === undefined) throw new Error('nothing is written down');
  return {
    ...{ before, running, stored },
    /** The next daemon, which finds this written down. */
    next: async (changed: Partial<StoredLaunch> = {}, bootId?: string) => {
      before.store.put({ ...stored, ...changed });
      return cleanup.use(await openLaunchHouse({ folder, ...(bootId !== undefined && { bootId }) }));
    },
    [Symbol.asyncDispose]: () => cleanup.disposeAsync(),
  };
}

describe('a program that an earlier daemon launched', () => {
  it('is written down as it is', async () => {
    await using at = await bench();
    const { instance, pid } = at.running;
    expect(at.stored).toMatchObject({
      ...{ pid, bootId: 'this-boot', uid: process.getuid!(), detached: true, restarts: 0 },
      facts: { instance, name: 'sleeper', executable: expect.stringContaining('/') },
      startedAt: new Date('2040-01-01T00:00:00Z'),
    });
    expect(at.stored.marks?.startStack).toBeGreaterThan(0);
  });

  it('is found again by its marks, keeps its identity, and can be stopped', async () => {
    await using at = await bench();
    const { instance, pid } = at.running;
    await using next = await at.next();
    expect(next.log.lines).toEqual(['info a launched program was found again']);
    expect(next.room.list('operator')).toMatchObject([{ instance, pid, name: 'sleeper', detached: true }]);
    expect(next.launched.factsAt({ pid, startTicks: at.stored.startTicks })).toEqual(at.stored.facts);
    expect(await next.room.stop(instance, 'operator', 10_000)).toEqual([instance]);
    await expect.poll(() => next.recorder.events).toMatchObject([{ event: 'ended', instance, pid }]);
    expect(await at.running.ended).toEqual({ signal: 'SIGTERM' });
  });

  it('is started anew when it ends, as it would have been', async () => {
    await using at = await bench();
    const account = me();
    const again = { args: [], env: {}, cwd: '/', account };
    await using next = await at.next({ again });
    next.define({ ...SLEEPER, restart: 'always' });
    process.kill(at.running.pid, 'SIGKILL');
    await next.clock.nextWake();
    await next.clock.advance(1_000);
    await expect.poll(() => next.room.list('operator')).toMatchObject([{ name: 'sleeper', restarts: 1 }]);
  });

  it.each([
    ['its number is another process’s', { startTicks: 1 }],
    ['it has executed another program', { marks: { startStack: 1, argStart: 2, envStart: 3 } }],
    ['it had ended', { marks: undefined }],
  ] as readonly (readonly [string, object])[])(
    'is only where others come from when %s',
    async (_why, changed) => {
      await using at = await bench();
      const { instance, pid } = at.running;
      await using next = await at.next(changed);
      expect(next.log.lines).toEqual(['info a launched program is not there any more']);
      expect(next.room.list('operator')).toEqual([]);
      expect(next.launched.factsAt({ pid, startTicks: at.stored.startTicks })).toBeUndefined();
      expect(next.launched.get(instance)?.process).toBeUndefined();
    },
  );

  it('is nothing any more once the machine was started anew', async () => {
    await using at = await bench();
    await using next = await at.next({}, 'another-boot');
    expect([next.log.lines, [...next.launched], next.store.load()]).toEqual([[], [], []]);
  });
});

function me(): Account {
  const [uid, gid] = [process.getuid!(), process.getgid!()];
  return { name: String(uid), uid, gid, groups: [gid], home: '/', shell: '/bin/sh' };
}

it('knows launches by their age', async () => {
  await using house = await openLaunchHouse();
  await using at = await bench();
  const named = (instance: string, startedAt: string): StoredLaunch => ({
    ...at.stored,
    facts: { ...at.stored.facts, instance },
    startedAt: new Date(startedAt),
  });
  house.store.put(named('late', '2040-01-02T00:00:00Z'));
  house.store.put(named('early', '2040-01-01T00:00:00Z'));
  house.store.put({ ...named('late', '2040-01-02T00:00:00Z'), restarts: 3 });
  const found = house.store.load();
  expect(found.map(({ facts, restarts }) => [facts.instance, restarts])).toEqual([
    ['early', 0],
    ['late', 3],
  ]);
  house.store.delete('early');
  house.store.delete('early');
  expect(house.store.load()).toHaveLength(1);
  house.store.delete('late');
});
