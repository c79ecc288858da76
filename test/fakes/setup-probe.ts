import { openSync, renameSync } from 'node:fs';
import { executeDescriptor } from '../../src/kernel/execution.js';
import { errnoName, Libc } from '../../src/kernel/libc.js';
import { ProcessSetup } from '../../src/kernel/process-setup.js';

// A process that does to itself what its first argument says, and then becomes the program that the second one names.

const [steps = '[]', program = '[]', env = '[]'] = process.argv.slice(2);
const libc = new Libc();
const setup = new ProcessSetup(libc);
const [path = '', ...args] = JSON.parse(program) as readonly string[];
const descriptor = openSync(path, 'r');
try {
  for (const [step, ...values] of JSON.parse(steps) as readonly [keyof ProcessSetup | 'swap', ...never[]][]) {
    if (step === 'swap') renameSync(String(values[0]), path);
    else Reflect.apply(setup[step], setup, values);
  }
  const errno = executeDescriptor(libc, descriptor, [path, ...args], JSON.parse(env) as readonly string[]);
  process.stdout.write(`execveat: ${errnoName(errno)}`);
} catch (error) {
  process.stdout.write((error as Error).message);
}
