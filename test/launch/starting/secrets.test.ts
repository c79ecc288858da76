import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FileRights } from '../../../src/kernel/file-rights.js';
import { Libc } from '../../../src/kernel/libc.js';
import { LaunchSecrets } from '../../../src/launch/starting/secrets.js';
import { aDefinition } from '../../fakes/a-definition.js';
import { temporaryFolder } from '../../fakes/temporary-folder.js';

const rights = new FileRights(new Libc());
const INSTANCE = 'a'.repeat(32);

async function bench(credentials = true) {
  const cleanup = new AsyncDisposableStack();
  const { path } = cleanup.use(await temporaryFolder());
  const [token, folder] = [join(path, 'token'), join(path, 'handed')];
  writeFileSync(token, 'secret-token');
  const secrets = new LaunchSecrets({ folder, credentials: credentials ? path : undefined, rights });
  return {
    ...{ path, token, folder, secrets },
    /** Hands over a secret that is a file. */
    hand: (file = token) =>
      secrets.write(INSTANCE, aDefinition({ secrets: [{ name: 'key', file }] }), undefined),
    [Symbol.asyncDispose]: () => cleanup.disposeAsync(),
  };
}

function modeOf(path: string): string {
  return (statSync(path).mode & 0o7777).toString(8);
}

describe('the secrets of a launched program', () => {
  it('are files that only its user can read, from files and from credentials of systemd', async () => {
    await using at = await bench();
    writeFileSync(join(at.path, 'unit'), 'of the unit');
    const secrets = [
      { name: 'key', file: at.token },
      { name: 'other', credential: 'unit' },
    ];
    const folder = at.secrets.write(INSTANCE, aDefinition({ secrets }), undefined) ?? '';
    expect(folder).toBe(join(at.folder, INSTANCE));
    expect(readdirSync(folder)).toEqual(['key', 'other']);
    expect(readFileSync(join(folder, 'key'), 'utf8')).toBe('secret-token');
    expect(readFileSync(join(folder, 'other'), 'utf8')).toBe('of the unit');
    expect([modeOf(at.folder), modeOf(folder), modeOf(join(folder, 'key'))]).toEqual(['711', '700', '400']);
  });

  it('are gone with the program, and one without any is no mistake', async () => {
    await using at = await bench();
    const folder = at.hand() ?? '';
    at.secrets.remove(INSTANCE);
    at.secrets.remove('b'.repeat(32));
    expect(existsSync(folder)).toBe(false);
  });

  it('have no folder where the definition has none', async () => {
    await using at = await bench();
    expect(at.secrets.write(INSTANCE, aDefinition(), undefined)).toBeUndefined();
    expect(existsSync(at.folder)).toBe(false);
  });
});

describe('secrets that cannot be handed over', () => {
  it.each([
    ['a file that is not there', 'absent', /the secret key cannot be read: .*absent \(ENOENT\)/],
    ['a file that is too large', 'large', /the secret key has 1048577 bytes, at most 1048576/],
  ])('%s: it fails, and says which', async (_what, name, why) => {
    await using at = await bench();
    writeFileSync(join(at.path, 'large'), Buffer.alloc(1_048_577));
    expect(() => at.hand(join(at.path, name))).toThrow(
      expect.objectContaining({ code: 'LAUNCH_FAILED', message: expect.stringMatching(why) }),
    );
    expect(existsSync(join(at.folder, INSTANCE))).toBe(false);
  });

  it('those of systemd where it gave none', async () => {
    await using at = await bench(false);
    const definition = aDefinition({ secrets: [{ name: 'key', credential: 'unit' }] });
    expect(() => at.secrets.write(INSTANCE, definition, undefined)).toThrow(/was not given any/);
  });

  it('any, where others can write to the folder', async () => {
    await using at = await bench();
    at.hand();
    at.secrets.remove(INSTANCE);
    chmodSync(at.folder, 0o777);
    expect(() => at.hand()).toThrow(/others can write to/);
  });
});
