import { mkdir, readFile, readdir, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeFileAtomic } from '../../src/state/atomic-file.js';
import { temporaryFolder } from '../fakes/temporary-folder.js';

describe('writeFileAtomic', () => {
  it('replaces the contents under the mode that was asked for, and leaves nothing beside it', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'key.pem');
    await writeFile(path, 'old', { mode: 0o644 });
    await writeFileAtomic(path, 'new');
    expect(await readFile(path, 'utf8')).toBe('new');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    await writeFileAtomic(path, Buffer.from('public'), 0o666);
    expect((await stat(path)).mode & 0o777).toBe(0o666);
    expect(await readdir(folder.path)).toEqual(['key.pem']);
  });

  it('keeps the file that a reader has open as it was', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'key.pem');
    await writeFileAtomic(path, 'old');
    const before = await stat(path);
    await writeFileAtomic(path, 'new');
    expect((await stat(path)).ino).not.toBe(before.ino);
  });

  it('replaces a link, not the file that it points to', async () => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, 'elsewhere'), 'precious');
    await symlink('elsewhere', join(folder.path, 'key.pem'));
    await writeFileAtomic(join(folder.path, 'key.pem'), 'new');
    expect(await readFile(join(folder.path, 'elsewhere'), 'utf8')).toBe('precious');
  });

  it('leaves nothing behind when it fails', async () => {
    await using folder = await temporaryFolder();
    await mkdir(join(folder.path, 'taken'));
    await expect(writeFileAtomic(join(folder.path, 'taken'), 'new')).rejects.toMatchObject({
      code: 'EISDIR',
    });
    expect(await readdir(folder.path)).toEqual(['taken']);
  });
});
