import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Accounts, parseGroups, parseUsers } from '../../src/measurement/accounts.js';
import { temporaryFolder } from '../fakes/temporary-folder.js';

const ALICE = { name: 'alice', uid: 1000, gid: 100, home: '/home/alice', shell: '/bin/bash' };

describe('parseUsers', () => {
  it.each([
    ['alice:x:1000:100:Alice,,,:/home/alice:/bin/bash', [ALICE]],
    ['alice:x:1000:100::/home/alice:/bin/bash\n', [ALICE]],
    ['svc:!:0:0:::', [{ name: 'svc', uid: 0, gid: 0, home: '/', shell: '/bin/sh' }]],
    [
      'big:x:4294967294:4294967294::/:/bin/sh',
      [{ name: 'big', uid: 4_294_967_294, gid: 4_294_967_294, home: '/', shell: '/bin/sh' }],
    ],
    ['none:x:4294967295:1::/:/bin/sh', []],
    ['none:x:1:4294967295::/:/bin/sh', []],
    ['negative:x:-1:1::/:/bin/sh', []],
    ['hexadecimal:x:0x1:1::/:/bin/sh', []],
    ['nothing:x::1::/:/bin/sh', []],
    ['short:x:1:1::/', []],
    ['long:x:1:1::/:/bin/sh:', []],
    [':x:1:1::/:/bin/sh', []],
    ['# comment:x:1:1::/:/bin/sh', []],
    ['+nis:x:1:1::/:/bin/sh', []],
    ['-nis:x:1:1::/:/bin/sh', []],
    ['+::::::', []],
    ['', []],
  ])('reads %j', (text, users) => {
    expect(parseUsers(text)).toEqual(users);
  });
});

describe('parseGroups', () => {
  it.each([
    ['users:x:100:alice,bob', [{ name: 'users', gid: 100, members: ['alice', 'bob'] }]],
    ['root:x:0:', [{ name: 'root', gid: 0, members: [] }]],
    ['odd:x:5:,alice,', [{ name: 'odd', gid: 5, members: ['alice'] }]],
    ['none:x:4294967295:', []],
    ['short:x:5', []],
    ['+:::', []],
    ['', []],
  ])('reads %j', (text, groups) => {
    expect(parseGroups(text)).toEqual(groups);
  });
});

describe('Accounts', () => {
  it('finds users by name and number, with their groups, the primary one first', async () => {
    await using at = await bench();
    const table = await at.accounts.table();
    const alice = { ...ALICE, groups: [100, 50, 27] };
    expect(table.user('alice')).toEqual(alice);
    expect(table.user('1000')).toEqual(alice);
    expect(table.user('Alice')).toBeUndefined();
    expect(table.user('1001')).toBeUndefined();
    expect(table.user('')).toBeUndefined();
    expect(table.group('staff')).toBe(50);
    expect(table.group('50')).toBe(50);
    expect(table.group('none')).toBeUndefined();
    expect(table.groupNames([27, 50, 999])).toEqual(['staff', 'sudo']);
  });

  it('takes the first line of a name or number, and digits never for a name', async () => {
    await using at = await bench();
    at.write('passwd', 'a:x:1:1::/a:/bin/sh\nb:x:1:2::/b:/bin/sh\na:x:3:3::/c:/bin/sh\n5:x:7:7::/:/bin/sh\n');
    const table = await at.accounts.table();
    expect(table.user('1')?.name).toBe('a');
    expect(table.user('a')?.uid).toBe(1);
    expect(table.user('5')).toBeUndefined();
    expect(table.user('7')?.name).toBe('5');
  });

  it('reads the files anew at once when they change, and not otherwise', async () => {
    await using at = await bench();
    expect((await at.accounts.table()).user('eve')).toBeUndefined();
    at.write('passwd', 'eve:x:1001:100::/home/eve:/bin/sh\n');
    expect((await at.accounts.table()).user('eve')?.uid).toBe(1001);
    at.write('group', 'staff:x:51:eve\n');
    expect((await at.accounts.table()).user('eve')?.groups).toEqual([100, 51]);
    rmSync(join(at.folder, 'passwd'));
    expect((await at.accounts.table()).user('eve')).toBeUndefined();
  });

  it('knows of root what this machine knows', async () => {
    const root = (await new Accounts().table()).user('root');
    const groups = execFileSync('id', ['-G', 'root'], { encoding: 'utf8' }).trim().split(' ').map(Number);
    expect(root).toMatchObject({ uid: 0, gid: 0, home: expect.stringMatching(/^\//) });
    expect(new Set(root?.groups)).toEqual(new Set(groups));
  });
});

async function bench() {
  const folder = await temporaryFolder();
  const write = (name: string, text: string): void => writeFileSync(join(folder.path, name), text);
  write('passwd', 'root:x:0:0:root:/root:/bin/sh\nalice:x:1000:100::/home/alice:/bin/bash\n');
  write('group', 'root:x:0:\nusers:x:100:alice\nstaff:x:50:bob,alice\nsudo:x:27:alice\nother:x:9:bob\n');
  const accounts = new Accounts(folder.path);
  return { folder: folder.path, write, accounts, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}
