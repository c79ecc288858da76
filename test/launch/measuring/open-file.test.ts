import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { asDaemon } from '../../../src/kernel/file-rights.js';
import { contentsOf, openFile } from '../../../src/launch/measuring/open-file.js';
import { temporaryFolder } from '../../fakes/temporary-folder.js';

function read(path: string, limit: number) {
  using file = openFile(path, asDaemon);
  return contentsOf(file, limit);
}

describe('what is in a file that somebody else may change', () => {
  it('is read whole up to the limit, and not at all beyond it', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'file');
    writeFileSync(path, 'twelve bytes');
    expect(read(path, 12)).toEqual({ bytes: Buffer.from('twelve bytes') });
    expect(read(path, 11)).toEqual({ size: 12 });
  });

  it('is not read further than the size that it had, though there is more', () => {
    // Files of the kernel say that they are empty, and give without end.
    expect(read('/proc/self/status', 1_000)).toEqual({ bytes: Buffer.alloc(0) });
  });

  it('is nothing where it is no regular file', async () => {
    await using folder = await temporaryFolder();
    expect(read(folder.path, 1_000)).toEqual({ irregular: true });
    expect(read('/dev/zero', 1_000)).toEqual({ irregular: true });
  });
});
