import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadPassphrase } from '../../src/keys/passphrase.js';
import { temporaryFolder } from '../fakes/temporary-folder.js';

describe('loadPassphrase', () => {
  it.each([
    ['secret\n', 'secret'],
    ['secret\r\n', 'secret'],
    ['secret', 'secret'],
    [' two words \n\n', ' two words \n'],
  ])('reads %j as %j', async (text, passphrase) => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'passphrase');
    await writeFile(path, text);
    expect(await loadPassphrase(path)).toBe(passphrase);
  });

  it('reads a systemd credential', async () => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, 'keys'), 'secret\n');
    expect(await loadPassphrase('credential:keys', folder.path)).toBe('secret');
    await expect(loadPassphrase('credential:keys')).rejects.toMatchObject({ code: 'KEY_UNREADABLE' });
  });

  it.each([
    ['nothing', ''],
    ['one empty line', '\n'],
    ['more than OpenSSL takes', 'x'.repeat(1_025)],
  ])('refuses %s and names the file', async (_what, text) => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'passphrase');
    await writeFile(path, text);
    await expect(loadPassphrase(path)).rejects.toMatchObject({
      code: 'KEY_UNREADABLE',
      message: expect.stringContaining(path),
    });
  });

  it('refuses a file that is not there', async () => {
    await expect(loadPassphrase('/nowhere/passphrase')).rejects.toMatchObject({ code: 'KEY_UNREADABLE' });
  });
});
