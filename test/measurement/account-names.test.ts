import { renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { AccountFiles, parseAccounts } from '../../src/measurement/account-names.js';
import { FakeClock } from '../fakes/fake-clock.js';
import { temporaryFolder } from '../fakes/temporary-folder.js';

const TEXT = 'root:x:0:0:root:/root:/bin/sh\nalice:x:1000:1000::/home/alice:/bin/sh\n';

async function bench() {
  const folder = await temporaryFolder();
  const clock = new FakeClock('2030-01-01T00:00:00Z');
  const write = (name: string, text: string): void => {
    writeFileSync(join(folder.path, name), text);
  };
  write('passwd', TEXT);
  write('group', 'root:x:0:\nusers:x:100:alice,bob\n');
  const accounts = new AccountFiles(clock, folder.path);
  return {
    folder: folder.path,
    clock,
    write,
    accounts,
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

describe('parseAccounts', () => {
  it.each([
    ['alice:x:1000:1000::/home:/bin/sh', [[1000, 'alice']]],
    ['users:x:100:', [[100, 'users']]],
    ['a:x:1:\nb:x:1:', [[1, 'a']]],
    ['with blank:x:5:', [[5, 'with blank']]],
    ['# a comment:x:1:', []],
    ['+::::::', []],
    ['+nis:x::', []],
    ['no number', []],
    ['negative:x:-1:', []],
    [':x:7:', []],
    ['', []],
  ])('reads %j', (text, names) => {
    expect([...parseAccounts(text)]).toEqual(names);
  });
});

describe('AccountFiles', () => {
  it('reads the names once, and then answers at once', async () => {
    await using at = await bench();
    const names = await at.accounts.names();
    expect(names.users.get(1000)).toBe('alice');
    expect(names.groups.get(100)).toBe('users');
    expect(names.users.get(1001)).toBeUndefined();
    expect(at.accounts.names()).toBe(names);
    await at.clock.advance(60_000);
    expect(at.accounts.names()).toBe(names);
  });

  it('sees within a second that a file was changed in place or replaced', async () => {
    await using at = await bench();
    await at.accounts.names();
    at.write('passwd', TEXT.replace('alice', 'alan-'));
    await at.clock.advance(1_000);
    expect((await at.accounts.names()).users.get(1000)).toBe('alan-');

    at.write('passwd.new', 'eve:x:1000:1000::/home/eve:/bin/sh\n');
    utimesSync(join(at.folder, 'passwd.new'), 0, 0);
    renameSync(join(at.folder, 'passwd.new'), join(at.folder, 'passwd'));
    await at.clock.advance(1_000);
    expect((await at.accounts.names()).users.get(1000)).toBe('eve');
  });

  it('knows no names where there is no file, and finds them when there is one', async () => {
    await using at = await bench();
    rmSync(join(at.folder, 'group'));
    expect((await at.accounts.names()).groups.size).toBe(0);
    at.write('group', 'staff:x:50:\n');
    await at.clock.advance(1_000);
    expect((await at.accounts.names()).groups.get(50)).toBe('staff');
  });
});
