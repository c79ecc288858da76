import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readlinkSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openKernel } from '../../src/kernel/kernel.js';
import { budgetLimits, DescriptorBudget } from '../../src/measurement/descriptor-budget.js';
import { DESCRIPTORS_PER_PROCESS } from '../../src/measurement/kept-process.js';
import { ProcessTable } from '../../src/measurement/process-table.js';
import { readExecutionStat } from '../../src/measurement/execution-stat.js';
import { openDescriptors } from '../fakes/open-descriptors.js';

const kernel = openKernel();
const own = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };

function openTable(limits = budgetLimits(4_096)) {
  const gone: number[] = [];
  const budget = new DescriptorBudget(limits);
  const table = new ProcessTable({ kernel, budget, gone: ({ pid }) => gone.push(pid) });
  return { table, budget, gone, [Symbol.dispose]: () => table[Symbol.dispose]() };
}

/** A shell that waits for a line and then becomes another program; kept until the end of the test. */
function shell(command: string) {
  const child = spawn('sh', ['-c', `read line; ${command}`], { stdio: ['pipe', 'ignore', 'inherit'] });
  return {
    credentials: { pid: child.pid ?? 0, ...own },
    go: () => child.stdin.write('go\n'),
    end: () => end(child),
    [Symbol.asyncDispose]: () => end(child),
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'close');
}

describe('ProcessTable', () => {
  it('gives the same object for the same execution, and keeps it while it has no connection', async () => {
    using open = openTable();
    await using child = shell('exit');
    const first = open.table.acquire(child.credentials, undefined);
    expect(first).toMatchObject({
      ...child.credentials,
      seesAddressSpace: true,
      foreignUserNamespace: false,
    });
    expect([first.standing(), first.startTicks > 0]).toEqual(['same', true]);
    open.table.release(first);
    expect(open.table.acquire(child.credentials, undefined)).toBe(first);
    expect([open.table.size, open.budget.taken, open.gone]).toEqual([1, 4, []]);
  });

  it('reads /proc through the descriptor that it holds', async () => {
    using open = openTable();
    await using child = shell('exit');
    const process = open.table.acquire(child.credentials, undefined);
    expect(readlinkSync(`${process.folder}/exe`)).toBe(readlinkSync(`/proc/${child.credentials.pid}/exe`));
    expect(process.proc.readText('cmdline')).toContain('read line');
  });

  it.each([
    { program: 'another one', command: 'exec sleep 60' },
    { program: 'the same one again', command: 'exec sh -c "read line"' },
  ])('sees an exec of $program, and gives the process that it became another object', async ({ command }) => {
    using open = openTable();
    await using child = shell(command);
    const before = open.table.acquire(child.credentials, undefined);
    child.go();
    await expect.poll(() => before.standing()).toBe('changed');
    const after = open.table.acquire(child.credentials, undefined);
    expect(after).not.toBe(before);
    expect([after.standing(), after.startTicks]).toEqual(['same', before.startTicks]);
    open.table.release(before);
    expect([open.table.size, open.gone]).toEqual([1, [child.credentials.pid]]);
  });

  it('lets go of a process that exits: at once without connections, else with the last one', async () => {
    using open = openTable();
    const before = openDescriptors();
    await using idle = shell('exit');
    await using busy = shell('exit');
    open.table.release(open.table.acquire(idle.credentials, undefined));
    const held = open.table.acquire(busy.credentials, undefined);
    await idle.end();
    await busy.end();
    await expect.poll(() => open.gone).toEqual([idle.credentials.pid]);
    expect(held.standing()).toBe('gone');
    open.table.release(held);
    open.table.release(held);
    expect(open.gone).toEqual([idle.credentials.pid, busy.credentials.pid]);
    expect([open.table.size, open.budget.taken]).toEqual([0, 0]);
    expect(openDescriptors()).toBeLessThanOrEqual(before);
  });

  it('knows nobody who has exited, also when a pidfd still names him', async () => {
    using open = openTable();
    await using child = shell('exit');
    const pidfd = kernel.pidfds.open(child.credentials.pid);
    await child.end();
    const before = openDescriptors();
    expect(() => open.table.acquire(child.credentials, undefined)).toThrow(
      expect.objectContaining({ code: 'PEER_UNKNOWN' }),
    );
    expect(() => open.table.acquire(child.credentials, pidfd)).toThrow(
      expect.objectContaining({ code: 'PEER_UNKNOWN' }),
    );
    expect(() => open.table.acquirePid(child.credentials.pid)).toThrow(
      expect.objectContaining({ code: 'PROCESS_NOT_FOUND' }),
    );
    expect([openDescriptors(), open.budget.taken]).toEqual([before - 1, 0]);
  });

  it('knows nobody whose user is not the one that connected', async () => {
    using open = openTable();
    await using child = shell('exit');
    const other = { ...child.credentials, uid: own.uid + 1 };
    expect(() => open.table.acquire(other, undefined)).toThrow(
      expect.objectContaining({ code: 'PEER_UNKNOWN', message: expect.stringMatching(/changed its user/) }),
    );
    expect(open.budget.taken).toBe(0);
  });

  it('finds a process by its number', async () => {
    using open = openTable();
    await using child = shell('exit');
    expect(open.table.acquirePid(child.credentials.pid)).toBe(
      open.table.acquire(child.credentials, undefined),
    );
  });

  it('makes room with processes that have no connection, and says when there is none', async () => {
    using open = openTable({ inAll: 100, perUid: 3 * DESCRIPTORS_PER_PROCESS });
    const children = Array.from({ length: 5 }, () => shell('exit'));
    const [first, second, third, fourth, fifth] = children.map((child) => child.credentials);
    const idle = open.table.acquire(first!, undefined);
    open.table.release(idle);
    open.table.acquire(second!, undefined);
    open.table.acquire(third!, undefined);
    open.table.acquire(fourth!, undefined);
    expect([open.gone, idle.standing()]).toEqual([[first?.pid], 'gone']);
    expect(() => open.table.acquire(fifth!, undefined)).toThrow(
      expect.objectContaining({ code: 'RATE_EXCEEDED' }),
    );
    for (const child of children) await child.end();
  });
});

describe('readExecutionStat', () => {
  it('counts the fields from the last parenthesis, whatever the command is called', () => {
    const fields = Array.from({ length: 50 }, (_, index) => 3 + index).map(String);
    fields[0] = 'S';
    const line = Buffer.from(`42 (a) 9 (b) c) ${fields.join(' ')}\n`);
    expect(readExecutionStat(line, line.length)).toMatchObject({
      exited: false,
      startTicks: 22,
      startStack: 28,
      argStart: 48,
      envStart: 50,
    });
  });

  it.each(['Z', 'X'])('takes state %s for the end', (state) => {
    const line = Buffer.from(`42 (sh) ${state} 1`);
    expect(readExecutionStat(line, line.length).exited).toBe(true);
  });
});
