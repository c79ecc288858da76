import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { MACHINE_CLOCK } from '../../../src/core/machine-clock.js';
import { asDaemon } from '../../../src/kernel/file-rights.js';
import { Libc } from '../../../src/kernel/libc.js';
import { SealedFiles } from '../../../src/kernel/sealed-file.js';
import { ExecutableCopies } from '../../../src/launch/measuring/executable-copies.js';
import { measureExecutable } from '../../../src/launch/measuring/executable.js';
import { InterpreterVersions } from '../../../src/launch/measuring/interpreter-versions.js';
import { Digests } from '../../../src/measurement/digests.js';
import { DESCRIPTORS, STAGE2_COMMAND } from '../../fakes/launch-house.js';
import { temporaryFolder } from '../../fakes/temporary-folder.js';

const ACCOUNT = { name: 'me', uid: 1, gid: 1, groups: [], home: '/', shell: '/bin/sh' };

/** In place of stage 2 and the interpreter: says that it executes, and then does what a shell does with this. */
function answering(text: string): readonly string[] {
  return ['/bin/sh', '-c', `printf ready >&8; exec 7<&- 8>&-; ${text}`];
}

async function bench(stage2: (folder: string) => readonly string[]) {
  const cleanup = new AsyncDisposableStack();
  const { path: folder } = cleanup.use(await temporaryFolder());
  const digests = cleanup.use(new Digests({ clock: MACHINE_CLOCK }));
  const copies = cleanup.use(new ExecutableCopies(new SealedFiles(new Libc())));
  const own = new Set<number>();
  const stages = { mode: 'user', own, stage2: stage2(folder), hardDescriptors: DESCRIPTORS } as const;
  const versions = new InterpreterVersions(stages);
  return {
    own,
    ask: async (path: string = process.execPath): Promise<string | undefined> => {
      using executable = await measureExecutable(path, asDaemon, { digests, copies, mode: 'user' });
      return await versions.of(executable, ACCOUNT);
    },
    /** What was left in a file of the folder. */
    left: (name: string): string => readFileSync(join(folder, name), 'utf8'),
    [Symbol.asyncDispose]: () => cleanup.disposeAsync(),
  };
}

it('asks the interpreter itself', async () => {
  await using at = await bench(() => STAGE2_COMMAND);
  expect(await at.ask()).toBe(process.version);
  expect(await at.ask('/bin/false')).toBeUndefined();
  expect(at.own.size).toBe(0);
});

it('asks once, as long as the interpreter has the same bytes', async () => {
  await using at = await bench((folder) => answering(`echo asked >> ${folder}/asked; echo ' one 1.0 '`));
  expect([await at.ask(), await at.ask()]).toEqual(['one 1.0', 'one 1.0']);
  expect(at.left('asked')).toBe('asked\n');
  await at.ask('/bin/sh');
  expect(at.left('asked')).toBe('asked\nasked\n');
});

it.each([
  ['fails', 'echo 1.0; exit 1'],
  ['says more than a version is', 'head -c 100000 /dev/zero'],
  ['ends by a signal', 'echo 1.0; kill -9 $$'],
])('knows nothing of one that %s, and asks it again', async (_what, text) => {
  await using at = await bench((folder) => answering(`echo asked >> ${folder}/asked; ${text}`));
  expect([await at.ask(), await at.ask()]).toEqual([undefined, undefined]);
  expect(at.left('asked')).toBe('asked\nasked\n');
});

it('waits five seconds for an answer, and leaves nobody behind', async () => {
  await using at = await bench((folder) => answering(`echo $$ > ${folder}/pid; exec sleep 600`));
  expect(await at.ask()).toBeUndefined();
  await expect.poll(() => at.own.size).toBe(0);
  expect(existsSync(`/proc/${at.left('pid').trim()}`)).toBe(false);
});
