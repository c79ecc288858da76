import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import type { SpoorError } from '../../src/core/errors.js';
import { EntryStore } from '../../src/entries/entry-store.js';
import { Database } from '../../src/state/database.js';
import { MIGRATIONS } from '../../src/state/migrations.js';
import { temporaryFolder } from '../fakes/temporary-folder.js';

const INSERT = 'INSERT INTO good_files (folder, name, contents) VALUES (?, ?, ?)';
const COUNT = 'SELECT count(*) AS n FROM good_files';

describe('Database', () => {
  it('keeps what was written, and waits for the disk at each commit', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'spoor.db');
    {
      await using database = await Database.open(path);
      expect(database.run(INSERT, 'entries', 'a.yaml', Buffer.from('x'))).toBe(1);
      expect(database.get('PRAGMA journal_mode')).toEqual({ journal_mode: 'wal' });
      expect(database.get('PRAGMA synchronous')).toEqual({ synchronous: 2 });
    }
    await using again = await Database.open(path);
    expect(again.all('SELECT name FROM good_files')).toEqual([{ name: 'a.yaml' }]);
  });

  it('brings a database of the first Spoor up to date, and keeps what is in it', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'spoor.db');
    const first = new DatabaseSync(path);
    first.exec(`${MIGRATIONS[0]}; PRAGMA user_version=1`);
    first.prepare(INSERT).run('entries', 'a.yaml', Buffer.from('x'));
    first.close();
    await using database = await Database.open(path);
    expect(database.get('PRAGMA user_version')).toEqual({ user_version: MIGRATIONS.length });
    expect(database.all('SELECT name FROM launch_definitions')).toEqual([]);
    expect(database.get(COUNT)).toEqual({ n: 1 });
  });

  it('undoes a transaction whose work fails', async () => {
    await using folder = await temporaryFolder();
    await using database = await Database.open(join(folder.path, 'spoor.db'));
    const work = (): void => {
      database.run(INSERT, 'entries', 'a.yaml', Buffer.from('x'));
      throw new Error('changed my mind');
    };
    expect(() => database.transaction(work)).toThrow('changed my mind');
    expect(database.get(COUNT)).toEqual({ n: 0 });
    database.transaction(() => database.run(INSERT, 'entries', 'b.yaml', Buffer.from('x')));
    expect(database.get(COUNT)).toEqual({ n: 1 });
  });

  it('says STATE_UNUSABLE when SQLite refuses, with its words', async () => {
    await using folder = await temporaryFolder();
    await using database = await Database.open(join(folder.path, 'spoor.db'));
    database.run(INSERT, 'entries', 'a.yaml', Buffer.from('x'));
    expect(() => database.run(INSERT, 'entries', 'a.yaml', Buffer.from('x'))).toThrow(
      expect.objectContaining({ code: 'STATE_UNUSABLE', message: expect.stringContaining('UNIQUE') }),
    );
  });

  it('refuses a file that is no database and leaves it as it was', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'spoor.db');
    await writeFile(path, 'this was a database once'.repeat(100));
    expect(await refusal(path)).toEqual({ code: 'STATE_UNUSABLE', untouched: true });
  });

  it('refuses a database with a damaged page and leaves it as it was', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'spoor.db');
    await fill(path);
    const bytes = await readFile(path);
    for (let page = 4; page < 12; page++) bytes.fill(0xa5, page * 4096 + 8, page * 4096 + 2000);
    await writeFile(path, bytes);
    expect(await refusal(path)).toEqual({ code: 'STATE_UNUSABLE', untouched: true });
  });

  it('does not fold a left-over log into a database that is damaged', async () => {
    await using folder = await temporaryFolder();
    const [path, crashed] = [join(folder.path, 'spoor.db'), join(folder.path, 'crashed', 'spoor.db')];
    await fill(path);
    await using database = await Database.open(path);
    database.run(INSERT, 'entries', 'late.yaml', Buffer.from('x'));
    await mkdir(join(folder.path, 'crashed'));
    const bytes = await readFile(path);
    for (let page = 4; page < 12; page++) bytes.fill(0xa5, page * 4096 + 8, page * 4096 + 2000);
    await writeFile(crashed, bytes);
    await copyFile(`${path}-wal`, `${crashed}-wal`);

    await expect(Database.open(crashed)).rejects.toMatchObject({ code: 'STATE_UNUSABLE' });
    expect(await readFile(crashed, 'hex')).toBe(bytes.toString('hex'));
    expect(await readFile(`${crashed}-wal`, 'hex')).toBe(await readFile(`${path}-wal`, 'hex'));
  });

  it('brings the tables of the first format up to date, and keeps what is in them', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'spoor.db');
    const first = new DatabaseSync(path);
    first.exec(`${MIGRATIONS[0]}; PRAGMA user_version=1`);
    first.exec(`INSERT INTO entries (id, spiffe_id, selectors, dns_names, hint, federates_with, created_at)
      VALUES ('web', 'spiffe://example.org/web', '["unix:uid:1000"]', '[]', '', '[]', 0)`);
    first.close();
    await using database = await Database.open(path);
    expect(await new EntryStore(database).load()).toEqual([
      {
        id: 'web',
        spiffeId: 'spiffe://example.org/web',
        selectors: ['unix:uid:1000'],
        dnsNames: [],
        hint: '',
        federatesWith: [],
        createdAt: new Date(0),
        source: { kind: 'store' },
      },
    ]);
    expect(database.get('PRAGMA user_version')).toEqual({ user_version: MIGRATIONS.length });
  });

  it('refuses the database of a later Spoor and leaves it as it was', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'spoor.db');
    const later = new DatabaseSync(path);
    later.exec('CREATE TABLE tomorrow (x); PRAGMA user_version=9999');
    later.close();
    expect(await refusal(path)).toEqual({ code: 'STATE_UNUSABLE', untouched: true });
  });
});

async function fill(path: string): Promise<void> {
  await using database = await Database.open(path);
  database.transaction(() => {
    for (let at = 0; at < 500; at++) database.run(INSERT, 'entries', `${at}.yaml`, Buffer.alloc(200, 'x'));
  });
}

/** What opening says, and whether the file is afterwards what it was. */
async function refusal(path: string): Promise<{ code: unknown; untouched: boolean }> {
  const before = await readFile(path, 'hex');
  const code = await Database.open(path).then(
    () => 'opened',
    (error: unknown) => (error as SpoorError).code,
  );
  return { code, untouched: (await readFile(path, 'hex')) === before };
}
