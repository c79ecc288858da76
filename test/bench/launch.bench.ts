// What a launch costs beyond starting the same program oneself, from the request to the first byte that it says.
import { chownSync, readFileSync } from 'node:fs';
import { print, quantile } from './figures.ts';
import { LaunchBench, pythonPath, type Run } from './launch-stage.ts';

const ROUNDS = 25;
const MORE_MS = 80;
const NOBODY = 65_534;

await using bench = new LaunchBench();
const python = pythonPath();
const bash = ['/bin/bash', bench.file('agent.sh', 'echo hello\n')];
const node = [process.execPath, bench.file('agent.mjs', 'console.log("hello");\n')];
const programs: Readonly<Record<string, readonly string[]>> = {
  'a program': ['/bin/echo', 'hello'],
  'a Bash script': bash,
  ...(python !== undefined && { 'a Python script': [python, bench.file('agent.py', 'print("hello")\n')] }),
  'a Node script': node,
};
const large = bench.file('large', readFileSync(process.execPath));
if (bench.user.uid !== undefined) chownSync(large, NOBODY, NOBODY);
const largeCommand = [large, '-p', '1'];
const nameOf = (what: string): string => what.toLowerCase().replaceAll(' ', '-');
bench.define({
  ...Object.fromEntries(Object.entries(programs).map(([what, command]) => [nameOf(what), command])),
  large: largeCommand,
});
await bench.daemon.start();
console.log(`in ${bench.mode}`);

for (const [what, command] of Object.entries(programs)) {
  const launched = () => bench.launch(nameOf(what));
  // Once, so that its digest is known and its files are in memory.
  await launched();
  const [runs, plains] = await inTurn(launched, () => bench.plain(command));
  const [first, floor] = [median(runs, 'firstMs'), median(plains, 'firstMs')];
  print({ name: `launch of ${what}, to its first byte`, value: first, unit: 'ms', floor });
  print({
    name: `launch of ${what}, beyond a plain start`,
    value: first - floor,
    unit: 'ms',
    atMost: MORE_MS,
  });
}

for (const what of ['a program', 'a Node script']) {
  const command = () => bench.command(nameOf(what));
  await command();
  const [runs, plains] = await inTurn(command, () => bench.plain(programs[what] ?? []));
  const [end, floor] = [median(runs, 'endMs'), median(plains, 'endMs')];
  print({ name: `spoor launch of ${what}, whole command`, value: end, unit: 'ms', floor });
}
const [bare] = await inTurn(
  () => bench.plain([process.execPath, '-p', '0']),
  () => Promise.resolve(),
);
print({ name: 'node -p 0, whole command', value: median(bare, 'endMs'), unit: 'ms' });

const floor = median(await times(() => bench.plain(largeCommand)), 'firstMs');
const first = await bench.launch('large');
print({
  name: 'first launch of a program of 150 MB that users own',
  value: first.firstMs,
  unit: 'ms',
  floor,
});
const later = median(await times(() => bench.launch('large')), 'firstMs');
print({ name: 'every later launch of it', value: later, unit: 'ms', floor });

async function times<T>(work: () => Promise<T>): Promise<readonly T[]> {
  return (await inTurn(work, () => Promise.resolve()))[0];
}

/** One of each in every round, so that both see the same minute. */
async function inTurn<T, U>(one: () => Promise<T>, other: () => Promise<U>): Promise<readonly [T[], U[]]> {
  const [ones, others]: [T[], U[]] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    ones.push(await one());
    others.push(await other());
  }
  return [ones, others];
}

function median(runs: readonly Run[], what: keyof Run): number {
  return quantile(
    runs.map((run) => run[what]),
    0.5,
  );
}
