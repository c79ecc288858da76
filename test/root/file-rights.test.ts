import { chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FileRights } from '../../src/kernel/file-rights.js';
import { Libc } from '../../src/kernel/libc.js';
import { ALICE, BOB } from '../fakes/launch-stage.js';
import { temporaryFolder } from '../fakes/temporary-folder.js';

const rights = new FileRights(new Libc());
const alice = rights.of({ ...ALICE, groups: [54_077] });

describe('looking at files as somebody else', () => {
  it('reads what they may read, by user, group and supplementary group, and nothing else', async () => {
    await using folder = await temporaryFolder();
    chmodSync(folder.path, 0o755);
    const fileOf = (name: string, uid: number, gid: number, mode: number): string => {
      const path = join(folder.path, name);
      writeFileSync(path, name);
      chownSync(path, uid, gid);
      chmodSync(path, mode);
      return path;
    };
    const read = (path: string): string => alice(() => readFileSync(path, 'utf8'));
    expect(read(fileOf('hers', ALICE.uid, 0, 0o400))).toBe('hers');
    expect(read(fileOf('group', 0, ALICE.gid, 0o040))).toBe('group');
    expect(read(fileOf('other group', 0, 54_077, 0o040))).toBe('other group');
    expect(() => read(fileOf('bob', BOB.uid, BOB.gid, 0o660))).toThrow('EACCES');
    expect(() => read(fileOf('root', 0, 0, 0o660))).toThrow('EACCES');
    mkdirSync(join(folder.path, 'closed'), { mode: 0o700 });
    expect(() => read(fileOf('closed/open', 0, 0, 0o644))).toThrow('EACCES');
  });

  it('ends with the look, also with one that fails', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'mine');
    writeFileSync(path, 'mine', { mode: 0o600 });
    const before = readFileSync('/proc/thread-self/status', 'utf8').match(/^(Uid|Gid|Groups|Cap\w+):.*$/gm);
    expect(() => alice(() => readFileSync(path))).toThrow('EACCES');
    expect(readFileSync(path, 'utf8')).toBe('mine');
    expect(readFileSync('/proc/thread-self/status', 'utf8').match(/^(Uid|Gid|Groups|Cap\w+):.*$/gm)).toEqual(
      before,
    );
  });
});
