import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { distrust, distrustOfWay } from '../../src/measurement/trusted-path.js';
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

it('trusts a way of root through its own links, to the end', () => {
  expect(distrustOfWay('/etc/passwd')).toBeUndefined();
  expect(() => distrustOfWay('/etc/nothing')).toThrow('ENOENT');
});

it('does not trust a way that others can turn aside, wherever it leads by now', async () => {
  await using folder = await temporaryFolder();
  const open = join(folder.path, 'open');
  await mkdir(open);
  await chmod(open, 0o777);
  await symlink('/etc', join(open, 'etc'));
  expect(distrustOfWay(join(open, 'etc', 'passwd'))).toMatch(/belongs to uid|can be written by everybody/);
  await symlink('loop', join(folder.path, 'loop'));
  expect(distrustOfWay(join(folder.path, 'loop'))).toMatch(/belongs to uid|has too many links/);
});
