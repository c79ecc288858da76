import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { distrust } from '../../src/measurement/trusted-path.js';
import { temporaryFolder } from '../fakes/temporary-folder.js';

it('trusts a program that belongs to the system', () => {
  expect(distrust(realpathSync('/bin/sh'))).toBeUndefined();
});

it('does not trust what lies below a folder that everybody can write to', async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, 'program');
  await writeFile(file, '');
  await chmod(file, 0o755);
  expect(distrust(file)).toMatch(/(belongs to uid|can be written by everybody)/);
});

it('names the folder that is at fault, from the file upwards', async () => {
  await using folder = await temporaryFolder();
  await mkdir(join(folder.path, 'open'));
  const file = join(folder.path, 'open', 'program');
  await writeFile(file, '');
  await chmod(file, 0o777);
  const why =
    process.geteuid?.() === 0 ? 'can be written by everybody' : `belongs to uid ${process.geteuid?.()}`;
  expect(distrust(file)).toBe(`${file} ${why}`);
});

it('says so of a file that is not there', () => {
  expect(() => distrust('/nowhere/program')).toThrow(/ENOENT/);
});
