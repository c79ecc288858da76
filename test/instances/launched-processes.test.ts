import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { LaunchAttestor } from '../../src/attestation/launch-attestor.js';
import { InstanceRegistry } from '../../src/instances/instance-registry.js';
import { LaunchedProcesses } from '../../src/instances/launched-processes.js';
import type { LaunchFacts } from '../../src/instances/launched.js';
import type { MeasuredProcess } from '../../src/measurement/process.js';
import { openAttestationRoom } from '../fakes/attestation-room.js';
import { endAtLast, startChild } from '../fakes/child-process.js';

const FACTS: LaunchFacts = {
  instance: 'a'.repeat(32),
  name: 'researcher',
  launchedBy: 1000,
  parent: 'b'.repeat(32),
  executable: '/usr/bin/node',
  executableSha256: 'c'.repeat(64),
  notes: [],
  selectors: ['launch:name:researcher', 'launch:uid:1000'],
};

/** A shell that is launched as far as the registry knows, and the processes below it. */
async function bench(daemonPid = -1) {
  const cleanup = new AsyncDisposableStack();
  const room = cleanup.use(openAttestationRoom());
  const launched = new LaunchedProcesses(daemonPid);
  const shell = cleanup.use(await startChild('/bin/sh', ['-c', 'while read line; do eval "$line"; done']));
  const process = room.processes.acquirePid(shell.pid);
  const attestor = new LaunchAttestor({
    launched,
    selectorsOf: (of) => (of === process ? ['unix:uid:1000', ...FACTS.selectors] : []),
  });
  const launch = (): void => {
    launched.set({
      facts: FACTS,
      pid: shell.pid,
      startTicks: process.startTicks,
      cgroup: undefined,
      process,
    });
  };
  /** Runs a shell command that prints a number of a process. */
  const below = async (command: string): Promise<MeasuredProcess> => {
    shell.tell(command);
    const pid = Number(await shell.line());
    // Number 0 would be our own process group.
    expect(pid).toBeGreaterThan(1);
    cleanup.use(endAtLast(pid));
    return room.processes.acquirePid(pid);
  };
  return {
    room,
    launched,
    shell,
    process,
    attestor,
    launch,
    below,
    [Symbol.asyncDispose]: () => cleanup.disposeAsync(),
  };
}

describe('a launched process', () => {
  it('is known by exactly its execution', async () => {
    await using at = await bench();
    expect(at.launched.factsOf(at.process)).toBeUndefined();
    at.launch();
    expect(at.launched.factsOf(at.process)).toEqual(FACTS);
    expect(at.attestor.attest(at.process)).toEqual({ selectors: FACTS.selectors });
    at.launched.delete(FACTS.instance);
    expect(at.attestor.attest(at.process)).toEqual({ selectors: [] });
  });

  it('is known by number and start, for as long as it is what was launched', async () => {
    await using at = await bench();
    at.launch();
    const { pid, startTicks } = at.process;
    expect(at.launched.factsAt({ pid, startTicks })).toEqual(FACTS);
    expect(at.launched.factsAt({ pid, startTicks: startTicks + 1 })).toBeUndefined();
    expect(at.launched.factsAt({ pid: process.pid, startTicks })).toBeUndefined();
    at.shell.tell('exec cat');
    at.shell.tell('executed');
    expect(await at.shell.line()).toBe('executed');
    expect(at.launched.factsAt({ pid, startTicks })).toBeUndefined();
  });

  it('is an instance of the id that it was given, launched by the instance that is its parent', async () => {
    await using at = await bench();
    const { launched, process } = at;
    at.launch();
    const registry = new InstanceRegistry({ random: (size) => Buffer.alloc(size), launched });
    expect(registry.of(process)).toMatchObject({
      id: FACTS.instance,
      level: 'launched',
      parent: FACTS.parent,
    });
  });

  it('has its id although it asks before it is known what it has become', async () => {
    await using at = await bench();
    const { launched, process, shell } = at;
    const registry = new InstanceRegistry({ random: (size) => Buffer.alloc(size), launched });
    const settled = launched.begin(shell.pid, FACTS.instance);
    const instance = registry.of(process);
    expect([instance.id, instance.level]).toEqual([FACTS.instance, 'connected']);
    const finding = at.attestor.attest(process);
    at.launch();
    settled();
    expect(await finding).toEqual({ selectors: FACTS.selectors });
    expect(instance.level).toBe('launched');
  });

  it('is not any more what it was once it has executed another program', async () => {
    await using at = await bench();
    at.launch();
    at.shell.tell('exec cat');
    at.shell.tell('executed');
    expect(await at.shell.line()).toBe('executed');
    const now = at.room.processes.acquirePid(at.shell.pid);
    expect(now).not.toBe(at.process);
    expect(at.launched.factsOf(now)).toBeUndefined();
    expect(await at.attestor.attest(now)).toMatchObject({ selectors: [], descent: { by: 'execution' } });
  });
});

describe('a process that comes from a launched one', () => {
  it('is found by its ancestors, however many there are', async () => {
    await using at = await bench();
    at.launch();
    const deep = await at.below(
      `deep() { if [ $1 = 0 ]; then sh -c 'echo $$; exec sleep 60'; else (deep $(($1 - 1)); :); fi; }; deep 5 &`,
    );
    expect(await at.attestor.attest(deep)).toEqual({
      selectors: [],
      descent: {
        instance: FACTS.instance,
        name: 'researcher',
        pid: at.shell.pid,
        by: 'ancestry',
        parentSelectors: ['unix:uid:1000', ...FACTS.selectors],
      },
    });
  });

  it('is lost sight of where there is neither a cgroup nor an adoption, and all between has gone', async () => {
    await using at = await bench();
    at.launch();
    const orphan = await at.below('(setsid sleep 60 & echo $!)');
    expect(parentOf(orphan)).not.toBe(at.shell.pid);
    // The one between may take a moment to go.
    await expect.poll(() => at.launched.originOf(orphan)).toBeUndefined();
  });

  it('is found by its adoption, though nobody knows from where it came', async () => {
    await using at = await bench(process.pid);
    const child = await startChild('cat');
    // Whatever has the daemon above it and was not launched.
    const orphan = at.room.processes.acquirePid(child.pid);
    expect(at.launched.originOf(orphan)).toBeUndefined();
    at.launch();
    expect(at.launched.originOf(orphan)).toEqual({ launched: undefined, by: 'adoption' });
    await child.kill();
  });

  it('gets nothing of an agent that has ended', async () => {
    await using at = await bench();
    at.launched.set({
      facts: FACTS,
      pid: at.shell.pid,
      startTicks: at.process.startTicks,
      cgroup: undefined,
      process: undefined,
    });
    const child = await at.below('sleep 60 & echo $!');
    expect(await at.attestor.attest(child)).toMatchObject({
      descent: { by: 'ancestry', parentSelectors: [] },
    });
  });
});

it('says nothing of processes that have nothing to do with launched ones', async () => {
  await using at = await bench();
  at.launch();
  await using stranger = await startChild('cat');
  expect(await at.attestor.attest(at.room.processes.acquirePid(stranger.pid))).toEqual({ selectors: [] });
});

function parentOf({ pid }: MeasuredProcess): number {
  return Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}
