import { openSync, renameSync } from 'node:fs';
import { executeDescriptor } from '../../src/kernel/execution.js';
import { errnoName, Libc } from '../../src/kernel/libc.js';
import { ProcessSetup } from '../../src/kernel/process-setup.js';

// A process that does to itself what its first argument says, and then becomes the program that the second one names.

const [steps = '[]', program = '[]', env = '[]'] = process.argv.slice(2);
type Step = keyof ProcessSetup | 'swap' | 'place';

const libc = new Libc();
/** Copies a descriptor to exactly that number; left open at exec. Source: dup2(2). */
const dup2 = libc.declare<(from: number, to: number) => number>('int dup2(int, int)');
const setup = new ProcessSetup(libc);
const [path = '', ...args] = JSON.parse(program) as readonly string[];
const descriptor = openSync(path, 'r');
try {
  for (const [step, ...values] of JSON.parse(steps) as readonly [Step, ...never[]][]) {
    if (step === 'swap') renameSync(String(values[0]), path);
    else if (step === 'place') Reflect.apply(dup2, undefined, values);
    else Reflect.apply(setup[step], setup, values);
  }
  const errno = executeDescriptor(libc, descriptor, [path, ...args], JSON.parse(env) as readonly string[]);
  process.stdout.write(`execveat: ${errnoName(errno)}`);
} catch (error) {
  process.stdout.write((error as Error).message);
}
