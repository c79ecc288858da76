import { chmodSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writersOf } from '../../src/cli/checks/program-file.js';
import { distrust } from '../../src/measurement/trusted-path.js';

let folder: string;
// Every folder above it is root's, and nobody else may write there.
beforeAll(async () => {
  folder = await mkdtemp('/opt/spoor-test-');
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

describe('a program of root’s', () => {
  it.each([
    [0o755, undefined, undefined],
    [0o775, 'gid 0 may write to FILE', 'FILE can be written by gid 0, or by others that its list allows'],
    [0o757, 'everybody may write to FILE', 'FILE can be written by everybody'],
  ])('of mode %o is seen by the check as at a launch', async (mode, warned, distrusted) => {
    const file = join(folder, 'program');
    writeFileSync(file, '');
    chmodSync(file, mode);
    expect(await writersOf(file)).toBe(warned?.replace('FILE', file));
    expect(distrust(file)).toBe(distrusted?.replace('FILE', file));
  });
});
