import { mkdir, readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeStateFile } from '../../src/state/state-file.js';
import { temporaryFolder } from '../fakes/temporary-folder.js';

describe('writeStateFile', () => {
  it('writes the file', async () => {
    await using folder = await temporaryFolder();
    await writeStateFile(join(folder.path, 'node.json'), '{}');
    expect(await readFile(join(folder.path, 'node.json'), 'utf8')).toBe('{}');
  });

  it('says to the operator which file cannot be written, and why', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'taken');
    await mkdir(path);
    await expect(writeStateFile(path, '{}')).rejects.toMatchObject({
      code: 'STATE_UNUSABLE',
      message: `${path} cannot be written: EISDIR`,
    });
    expect(await readdir(folder.path)).toEqual(['taken']);
  });
});
