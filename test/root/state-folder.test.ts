import { chown } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { StateFolder } from '../../src/state/state-folder.js';
import { temporaryFolder } from '../fakes/temporary-folder.js';

it('refuses a state folder that belongs to another user, even to root', async () => {
  await using folder = await temporaryFolder();
  await chown(folder.path, 1234, 1234);
  await expect(StateFolder.open(folder.path, { name: 'example.org' })).rejects.toMatchObject({
    code: 'STATE_UNUSABLE',
    message: expect.stringContaining('belongs to uid 1234, and the daemon runs as uid 0'),
  });
});
