import { existsSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RunningLaunch } from '../../src/launch/launching.js';
import { openLaunchHouse } from '../fakes/launch-house.js';
import { openDescriptors } from '../fakes/open-descriptors.js';

const EVERYBODY = 'operator';

/** A definition of a shell command. */
function shell(name: string, command: string) {
  return { name, command: ['/bin/sh', '-c', command] };
}

type House = Awaited<ReturnType<typeof openLaunchHouse>>;

/** The one instance that runs now, once there is one after `restarts` restarts. */
async function after(house: House, restarts: number) {
  const found = await expect
    .poll(() => house.room.list(EVERYBODY).find((launch) => launch.restarts === restarts))
    .toBeDefined()
    .then(() => house.room.list(EVERYBODY));
  return found[0]!;
}

/** Has it ended: waits for what becomes of that too. */
async function end({ pid, ended }: RunningLaunch): Promise<void> {
  process.kill(pid, 'SIGKILL');
  await ended;
}

describe('a launched program', () => {
  it('is recorded, listed and written down while it runs, and let go of when it has ended', async () => {
    await using house = await openLaunchHouse();
    house.define({ ...shell('greeter', 'echo hello $0; read line; exit 3'), callerArgs: 'append' });
    const { instance, pid, ended } = await house.launch('greeter', { args: ['you'], detach: true });
    expect(await ended).toEqual({ code: 3 });
    expect(house.said()).toBe('hello you\n');
    expect(house.recorder.events).toMatchObject([
      { event: 'launched', instance, pid, name: 'greeter', uid: process.geteuid!() },
      { event: 'ended', instance, pid, code: 3 },
    ]);
    expect([house.room.list(EVERYBODY), house.store.load(), [...house.launched]]).toEqual([[], [], []]);
  });

  it('is seen by whoever launched it and by the operator', async () => {
    await using house = await openLaunchHouse();
    house.define(shell('sleeper', 'exec sleep 600'));
    const { instance, pid } = await house.launch('sleeper', { detach: true });
    const uid = process.geteuid!();
    expect(house.room.list({ uid })).toMatchObject([{ instance, pid, name: 'sleeper', detached: true }]);
    expect(house.room.list({ uid: uid + 1 })).toEqual([]);
    await expect(house.room.stop(instance, { uid: uid + 1 }, 0)).rejects.toMatchObject({
      code: 'INSTANCE_NOT_FOUND',
    });
  });

  it('does not run, and leaves nothing, when it cannot be recorded', async () => {
    await using house = await openLaunchHouse();
    const script = join(house.folder, 'touch.sh');
    writeFileSync(script, `echo ran > ${house.folder}/ran\n`);
    house.define({ name: 'writer', command: ['/bin/sh', script] });
    house.recorder.full = true;
    await expect(house.launch('writer')).rejects.toMatchObject({ code: 'RECORD_UNWRITABLE' });
    await expect.poll(() => house.own.size).toBe(0);
    expect([house.room.list(EVERYBODY), [...house.launched], existsSync(`${house.folder}/ran`)]).toEqual([
      [],
      [],
      false,
    ]);
  });

  it('gets what a closed terminal would give it, and its group too', async () => {
    await using house = await openLaunchHouse();
    const child = `(trap 'echo child heard; exit' HUP; echo up; while :; do sleep 0.05; done) 2>/dev/null`;
    house.define(shell('group', `trap 'wait $!; exit 4' HUP; ${child} & wait`));
    const running = await house.launch('group');
    await expect.poll(() => house.said()).toBe('up\n');
    running.hangUp();
    expect(await running.ended).toEqual({ code: 4 });
    expect(house.said()).toBe('up\nchild heard\n');
  });

  it('costs no descriptor once it has ended, nor when it was refused', async () => {
    await using house = await openLaunchHouse();
    house.define(shell('short', 'exit 0'));
    const once = async (): Promise<void> => {
      await (
        await house.launch('short')
      ).ended;
      await expect(house.launch('unknown')).rejects.toMatchObject({ code: 'DEFINITION_NOT_FOUND' });
      await expect(house.launch('short', { args: ['x'] })).rejects.toMatchObject({ code: 'LAUNCH_REFUSED' });
    };
    await once();
    const before = openDescriptors();
    for (let round = 0; round < 5; round++) await once();
    await expect.poll(openDescriptors).toBeLessThanOrEqual(before);
  });
});

describe('a detached program that is to be restarted', () => {
  it('is, later and later, each time as another instance', async () => {
    await using house = await openLaunchHouse();
    house.define({ ...shell('agent', 'exec sleep 600'), restart: 'always' });
    const first = await house.launch('agent', { detach: true });
    await end(first);
    expect(await house.clock.nextWake()).toEqual(new Date('2040-01-01T00:00:01Z'));
    await house.clock.advance(1_000);
    const second = await after(house, 1);
    expect(second.instance).not.toBe(first.instance);
    process.kill(second.pid, 'SIGKILL');
    expect(await house.clock.nextWake()).toEqual(new Date('2040-01-01T00:00:03Z'));
    await house.clock.advance(2_000);
    expect(await after(house, 2)).toMatchObject({ name: 'agent', detached: true });
  });

  it('is not when it has done its work, nor when its definition says so by then', async () => {
    await using house = await openLaunchHouse();
    house.define({ ...shell('agent', 'exit 0'), restart: 'on-failure' });
    await (
      await house.launch('agent', { detach: true })
    ).ended;
    house.define({ ...shell('agent', 'exec sleep 600'), restart: 'always' });
    const running = await house.launch('agent', { detach: true });
    house.define(shell('agent', 'exec sleep 600'));
    await end(running);
    expect(house.clock.asleep).toBe(0);
  });

  it('is tried again when it cannot be, and that is said', async () => {
    await using house = await openLaunchHouse();
    const script = join(house.folder, 'agent.sh');
    writeFileSync(script, 'exec sleep 600\n');
    house.define({ name: 'agent', command: ['/bin/sh', script], restart: 'always' });
    const first = await house.launch('agent', { detach: true });
    unlinkSync(script);
    await end(first);
    await house.clock.nextWake();
    await house.clock.advance(1_000);
    expect(await house.clock.nextWake()).toEqual(new Date('2040-01-01T00:00:03Z'));
    expect(house.log.lines).toContain('warn a launched program could not be restarted; trying again');
    writeFileSync(script, 'exec sleep 600\n');
    await house.clock.advance(2_000);
    expect(await after(house, 2)).toMatchObject({ name: 'agent' });
  });

  it('is not once it was stopped, and not when the daemon stops', async () => {
    await using house = await openLaunchHouse();
    house.define({ ...shell('agent', 'exec sleep 600'), restart: 'always' });
    const stopped = await house.launch('agent', { detach: true });
    expect(await house.room.stop('agent', EVERYBODY, 10_000)).toEqual([stopped.instance]);
    await stopped.ended;
    expect(house.clock.asleep).toBe(0);
    const left = await house.launch('agent', { detach: true });
    await end(left);
    await house.clock.nextWake();
    house.stop.abort();
    await expect.poll(() => house.clock.asleep).toBe(0);
    expect(house.recorder.events.filter(({ event }) => event === 'launched')).toHaveLength(2);
  });
});

describe('a program that waits for its restart', () => {
  it('is there no more once it was stopped, by whoever sees it', async () => {
    await using house = await openLaunchHouse();
    house.define({ ...shell('agent', 'exec sleep 600'), restart: 'always' });
    const ended = await house.launch('agent', { detach: true });
    await end(ended);
    await house.clock.nextWake();
    await expect(house.room.stop('agent', { uid: process.geteuid!() + 1 }, 0)).rejects.toMatchObject({
      code: 'INSTANCE_NOT_FOUND',
    });
    expect(house.clock.asleep).toBe(1);
    expect(await house.room.stop('agent', EVERYBODY, 0)).toEqual([ended.instance]);
    await expect.poll(() => house.clock.asleep).toBe(0);
    expect(house.recorder.events.filter(({ event }) => event === 'launched')).toHaveLength(1);
  });

  it('waits in vain when its definition is deleted, and nobody tries for ever', async () => {
    await using house = await openLaunchHouse();
    house.define({ ...shell('agent', 'exec sleep 600'), restart: 'always' });
    await end(await house.launch('agent', { detach: true }));
    await house.clock.nextWake();
    house.define();
    await house.clock.advance(1_000);
    await expect.poll(() => house.clock.asleep).toBe(0);
    expect(house.log.lines).not.toContain('warn a launched program could not be restarted; trying again');
  });
});

describe('to stop a program', () => {
  it('is possible though it has become another one before it could be looked at', async () => {
    await using house = await openLaunchHouse();
    const script = join(house.folder, 'become.sh');
    writeFileSync(script, 'exec sleep 600\n');
    // Without a loader, and so without a gate that would hold it.
    house.define({ name: 'become', command: ['/bin/sh', '-c', `. ${script}`] });
    for (let round = 0; round < 10; round++) {
      const { instance, ended } = await house.launch('become', { detach: true });
      expect(await house.room.stop(instance, EVERYBODY, 10_000)).toEqual([instance]);
      expect(await ended).toEqual({ signal: 'SIGTERM' });
    }
  });

  it('is to ask it, and to end it when it does not listen', async () => {
    await using house = await openLaunchHouse();
    house.define(shell('deaf', `trap 'echo asked' TERM; echo up; while :; do sleep 0.05; done`));
    const { instance, pid, ended } = await house.launch('deaf', { detach: true });
    await expect.poll(() => house.said()).toContain('up');
    const stopping = house.room.stop(instance, EVERYBODY, 10_000);
    await expect.poll(() => house.said()).toContain('asked');
    expect(existsSync(`/proc/${pid}`)).toBe(true);
    await house.clock.nextWake();
    await house.clock.advance(10_000);
    expect(await stopping).toEqual([instance]);
    expect(await ended).toEqual({ signal: 'SIGKILL' });
  });
});
