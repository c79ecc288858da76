import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeFolder } from '../../src/state/make-folder.js';
import { temporaryFolder } from '../fakes/temporary-folder.js';

describe('makeFolder', () => {
  it('makes what is missing, with the mode, and leaves what is there', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'a', 'b', 'c');
    await makeFolder(path, 0o700);
    await makeFolder(path, 0o755);
    for (const made of [path, join(folder.path, 'a')]) {
      expect((await stat(made)).mode & 0o777).toBe(0o700);
    }
  });

  it('fails where nothing can be made, instead of trying for ever', async () => {
    await expect(makeFolder('/proc/nope/deeper')).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('fails where a file has the name', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'file');
    await writeFile(path, '');
    await expect(makeFolder(path)).rejects.toMatchObject({ code: 'EEXIST' });
    await expect(makeFolder(join(path, 'below'))).rejects.toMatchObject({ code: 'ENOTDIR' });
  });
});
