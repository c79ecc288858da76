import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Digests } from '../../src/measurement/digests.js';
import { ProcessTree } from '../../src/measurement/process-tree.js';
import { endAtLast, startChild, type RunningChild } from '../fakes/child-process.js';
import { descendant } from '../fakes/descendant.js';
import { FakeClock } from '../fakes/fake-clock.js';

const PARENT = 'sleep 600 & echo $!; read x';

/** Starts a shell with a child until the shell gets that pid; the kernel gives out the number after the last. */
async function startWithPid(pid: number): Promise<{ shell: RunningChild; sleeper: number }> {
  for (;;) {
    writeFileSync('/proc/sys/kernel/ns_last_pid', String(pid - 1));
    const shell = await startChild('sh', ['-c', PARENT]);
    const sleeper = Number(await shell.line());
    if (shell.pid === pid) return { shell, sleeper };
    process.kill(sleeper, 'SIGKILL');
    await shell.kill();
  }
}

describe('ProcessTree, when a pid is used again', () => {
  it('does not take the new process for the ancestor that had its number', async () => {
    const clock = new FakeClock('2040-01-01T00:00:00Z');
    await using digests = new Digests({ clock });
    using tree = new ProcessTree({ digests, clock });
    await using first = await startChild('bash', ['-c', PARENT]);
    const orphan = Number(await first.line());
    using cleanup = new DisposableStack();
    cleanup.use(endAtLast(orphan));
    const before = await tree.above(descendant(`/proc/${orphan}`));
    expect(before[0]).toMatchObject({ pid: first.pid });

    await first.kill();
    const { shell, sleeper: child } = await startWithPid(first.pid);
    await using second = shell;
    cleanup.use(endAtLast(child));
    expect(second.pid).toBe(first.pid);

    const above = await tree.above(descendant(`/proc/${child}`));
    expect(above[0]?.pid).toBe(first.pid);
    expect(above[0]?.startTicks).not.toBe(before[0]?.startTicks);
    expect(descendant(`/proc/${orphan}`).parentPid).not.toBe(first.pid);
    expect((await tree.above(descendant(`/proc/${orphan}`))).map(({ pid }) => pid)).not.toContain(first.pid);
  });
});
