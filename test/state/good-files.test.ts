import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Database } from '../../src/state/database.js';
import { GoodFiles } from '../../src/state/good-files.js';
import { MemoryLog } from '../fakes/memory-log.js';
import { temporaryFolder } from '../fakes/temporary-folder.js';

describe('the last good files', () => {
  it('are there at the next start but for one that is spoilt, which is said', async () => {
    await using folder = await temporaryFolder();
    await using database = await Database.open(join(folder.path, 'spoor.db'));
    const log = new MemoryLog();
    const deps = { database, folder: '/etc/spoor/entries.d', log };
    const files = ['a.yaml', 'b.yaml'].map((name) => [name, { contents: Buffer.from(name) }] as const);
    await new GoodFiles(deps).keep(new Map(files));
    database.run('UPDATE good_files SET contents = ? WHERE name = ?', Buffer.from('entries: []'), 'a.yaml');

    expect([...(await new GoodFiles(deps).load())]).toEqual(files.slice(1));
    expect(log.lines).toEqual(['warn a file that is kept for the start is spoilt']);
  });
});
