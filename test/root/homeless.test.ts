import { execFile } from 'node:child_process';
import { chownSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { ALICE } from '../fakes/launch-stage.js';
import { temporaryFolder } from '../fakes/temporary-folder.js';

const run = promisify(execFile);
const SPOOR = fileURLToPath(new URL('../../dist/cli/spoor.js', import.meta.url));

describe('spoor of a user whom /etc/passwd does not have', () => {
  it.each([
    ['without HOME', {}],
    ['with an empty HOME', { HOME: '' }],
    ['with a cache in the working folder, which may be anybody’s', { XDG_CACHE_HOME: 'cache' }],
  ])('runs %s, and keeps no compiled code where it is', async (_what, env) => {
    await using folder = await temporaryFolder();
    chownSync(folder.path, ALICE.uid, ALICE.gid);
    const { stdout, stderr } = await run(process.execPath, [SPOOR, '--version'], {
      ...ALICE,
      env,
      cwd: folder.path,
    });
    expect([stdout, stderr, readdirSync(folder.path)]).toEqual(['0.1.0\n', '', []]);
  });
});
