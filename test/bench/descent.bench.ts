// What it costs an ordinary process to be told from launched ones and what comes from them: per attestation.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { LaunchAttestor } from '../../dist/attestation/launch-attestor.js';
import { LaunchedProcesses } from '../../dist/instances/launched-processes.js';
import { openKernel } from '../../dist/kernel/kernel.js';
import { DescriptorBudget } from '../../dist/measurement/descriptor-budget.js';
import type { KeptProcess } from '../../dist/measurement/kept-process.js';
import { lineageOf } from '../../dist/measurement/lineage.js';
import { ProcessTable } from '../../dist/measurement/process-table.js';
import { print, quantile } from './figures.ts';

const LAUNCHED = 100;
const ORDINARY = 100;
const ROUNDS = 50;

const children = Array.from({ length: LAUNCHED + ORDINARY }, (): ChildProcess => spawn('sleep', ['600']));
await Promise.all(children.map((child) => once(child, 'spawn')));
const limit = 4 * children.length + 64;
const budget = new DescriptorBudget({ inAll: limit, perUid: limit });
const table = new ProcessTable({ kernel: openKernel(), budget });
const processes = children.map(({ pid = 0 }) => table.acquirePid(pid));
const [programs, ordinary] = [processes.slice(0, LAUNCHED), processes.slice(LAUNCHED)];

// No ancestor of theirs: what comes from the daemon itself is no ordinary process.
const launched = new LaunchedProcesses(-1);
const attestor = new LaunchAttestor({ launched, selectorsOf: () => [] });
print({ name: 'attested as ordinary, nothing was ever launched', value: cost(), unit: 'µs', atMost: 5 });
for (const program of programs) launch(program, false);
const deep = lineageOf(ordinary[0]?.folder ?? '').length;
const floor = median(ordinary, ({ pid }) => readFileSync(`/proc/${pid}/stat`));
print({
  name: `${LAUNCHED} programs run without cgroups, ${deep} generations above`,
  value: cost(),
  unit: 'µs',
  floor,
});
for (const program of programs) launch(program, true);
print({
  name: `${LAUNCHED} programs run in cgroups, ${deep} generations above`,
  value: cost(),
  unit: 'µs',
  floor,
});

for (const child of children) child.kill();
table[Symbol.dispose]();

function cost(): number {
  return median(ordinary, (process) => attestor.attest(process));
}

/** Of all processes in all rounds, in microseconds. */
function median(all: readonly KeptProcess[], work: (process: KeptProcess) => unknown): number {
  const times = Array.from({ length: ROUNDS }, () =>
    all.map((process) => {
      const start = performance.now();
      work(process);
      return (performance.now() - start) * 1_000;
    }),
  );
  return quantile(times.flat(), 0.5);
}

function launch(process: KeptProcess, inCgroup: boolean): void {
  const instance = String(process.pid).padStart(32, '0');
  const cgroup = { hierarchy: 'bench', path: `/spoor-${instance}`, folder: '/sys/fs/cgroup', inode: 0 };
  launched.set({
    facts: {
      instance,
      name: 'bench',
      launchedBy: 0,
      executable: '/bin/sleep',
      executableSha256: '',
      notes: [],
      selectors: ['launch:name:bench'],
    },
    pid: process.pid,
    startTicks: process.startTicks,
    cgroup: inCgroup ? cgroup : undefined,
    process,
  });
}
