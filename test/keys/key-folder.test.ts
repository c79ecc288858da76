import { generateKeyPairSync } from 'node:crypto';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { KeyFolder } from '../../src/keys/key-folder.js';
import { temporaryFolder } from '../fakes/temporary-folder.js';

const newKey = () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;

describe('KeyFolder', () => {
  it('keeps keys as PKCS#8 PEM, 0600 in a folder that is 0700', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'keys');
    const key = newKey();
    await (await KeyFolder.open(path)).save('jwt-1', key);
    expect(await readFile(join(path, 'jwt-1.pem'), 'utf8')).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
    expect((await stat(path)).mode & 0o777).toBe(0o700);
    expect((await stat(join(path, 'jwt-1.pem'))).mode & 0o777).toBe(0o600);
    expect((await (await KeyFolder.open(path)).load('jwt-1')).equals(key)).toBe(true);
  });

  it('closes a folder that others could look into', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'keys');
    await mkdir(path, { mode: 0o755 });
    await KeyFolder.open(path);
    expect((await stat(path)).mode & 0o777).toBe(0o700);
  });

  it('encrypts keys under a passphrase, also those that were there before it', async () => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, 'x509-1.pem');
    const key = newKey();
    await (await KeyFolder.open(folder.path)).save('x509-1', key);
    const closed = await KeyFolder.open(folder.path, 'correct horse');
    expect((await closed.load('x509-1')).equals(key)).toBe(true);
    expect(await readFile(file, 'utf8')).toMatch(/^-----BEGIN ENCRYPTED PRIVATE KEY-----\n/);
    expect((await closed.load('x509-1')).equals(key)).toBe(true);
  });

  it.each([
    ['another passphrase', 'wrong'],
    ['no passphrase', undefined],
  ])('refuses %s, names the file and changes nothing', async (_what, passphrase) => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, 'wit-1.pem');
    await (await KeyFolder.open(folder.path, 'right')).save('wit-1', newKey());
    const before = await readFile(file);
    await expect((await KeyFolder.open(folder.path, passphrase)).load('wit-1')).rejects.toMatchObject({
      code: 'KEY_UNREADABLE',
      message: expect.stringContaining(file),
    });
    expect(await readFile(file)).toEqual(before);
  });

  it.each([0, 1, 40, 120])(
    'refuses a file that was cut off after %i bytes, and leaves it as it is',
    async (length) => {
      await using folder = await temporaryFolder();
      const file = join(folder.path, 'jwt-1.pem');
      const keys = await KeyFolder.open(folder.path);
      await keys.save('jwt-1', newKey());
      const cut = (await readFile(file)).subarray(0, length);
      await writeFile(file, cut);
      await expect(keys.load('jwt-1')).rejects.toMatchObject({
        code: 'KEY_UNREADABLE',
        message: expect.stringContaining(file),
      });
      expect(await readFile(file)).toEqual(cut);
    },
  );

  it('refuses a key that is not there', async () => {
    await using folder = await temporaryFolder();
    const keys = await KeyFolder.open(folder.path);
    await expect(keys.load('jwt-1')).rejects.toMatchObject({ code: 'KEY_UNREADABLE' });
  });

  it('removes what nobody mentions: stray keys, and halves that a crash left', async () => {
    await using folder = await temporaryFolder();
    const keys = await KeyFolder.open(folder.path);
    await keys.save('jwt-1', newKey());
    await keys.save('jwt-2', newKey());
    await writeFile(join(folder.path, 'jwt-3.pem.0123456789ab.tmp'), 'half');
    await writeFile(join(folder.path, 'README'), 'of somebody else');
    await keys.keepOnly(new Set(['jwt-1']));
    expect((await readdir(folder.path)).toSorted()).toEqual(['README', 'jwt-1.pem']);
  });
});
