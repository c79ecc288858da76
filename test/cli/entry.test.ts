import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FakeAdmin } from '../fakes/fake-admin.js';
import { commandLineFor, type CommandLine } from './command-line.js';

const WEB = [
  '--id',
  'web',
  '--spiffe-id',
  'spiffe://example.org/web',
  '--selector',
  'unix:uid:1000',
] as const;

async function opened(): Promise<{ admin: FakeAdmin; line: CommandLine } & AsyncDisposable> {
  const admin = await FakeAdmin.open();
  const line = await commandLineFor(admin);
  const close = async (): Promise<void> => {
    await line[Symbol.asyncDispose]();
    await admin[Symbol.asyncDispose]();
  };
  return { admin, line, [Symbol.asyncDispose]: close };
}

describe('spoor entry', () => {
  it('adds an entry with every field and prints it as JSON of a fixed shape', async () => {
    await using it = await opened();
    const given =
      '--selector unix:gid:7 --x509-svid-ttl 1h --jwt-svid-ttl 90s --wit-svid-ttl 15m --dns-name web.local,www.local ' +
      '--hint main --federates-with partner.example --expires-at 2031-01-01T00:00:00Z ' +
      '--descendants derive';
    expect(await it.line.json('entry', 'add', ...WEB, ...given.split(' '))).toEqual({
      id: 'web',
      spiffe_id: 'spiffe://example.org/web',
      selectors: ['unix:uid:1000', 'unix:gid:7'],
      x509_svid_ttl_seconds: 3600,
      jwt_svid_ttl_seconds: 90,
      wit_svid_ttl_seconds: 900,
      dns_names: ['web.local', 'www.local'],
      hint: 'main',
      federates_with: ['partner.example'],
      expires_at: '2031-01-01T00:00:00.000Z',
      descendants: 'derive',
      created_at: '2029-12-31T00:00:00.000Z',
      source: 'store',
      file: '',
      line: 0,
      warnings: [],
    });
    expect([...it.admin.entries.keys()]).toEqual(['web']);
  });

  it('shows an entry in aligned lines, without the fields that are empty', async () => {
    await using it = await opened();
    await it.line.run(['entry', 'add', ...WEB, '--selector', 'unix:gid:7', '--x509-svid-ttl', '90m']);
    expect((await it.line.run(['entry', 'show', 'web'])).out).toBe(
      [
        'web',
        '  SPIFFE ID  spiffe://example.org/web',
        '  selectors  unix:uid:1000',
        '             unix:gid:7',
        '  X509-SVID  1h30m',
        '  kept in    store',
        '',
      ].join('\n'),
    );
  });

  it('shows what descendants get, where that is something, and takes it away', async () => {
    await using it = await opened();
    await it.line.run(['entry', 'add', ...WEB, '--descendants', 'derive']);
    const { out } = await it.line.run(['entry', 'show', 'web']);
    expect(out).toContain('  SPIFFE ID    spiffe://example.org/web\n');
    expect(out).toContain('  descendants  derive\n  kept in      store\n');
    await it.line.run(['entry', 'update', 'web', '--clear', 'descendants']);
    expect(it.admin.entries.get('web')).toMatchObject({ descendants: '' });
    expect((await it.line.run(['entry', 'show', 'web'])).out).not.toContain('descendants');
  });

  it('lists every page, and says where each entry is kept', async () => {
    await using it = await opened();
    for (const id of ['a', 'b']) it.admin.addFileEntry(id, '/etc/spoor/entries.d/x.yaml', 3);
    await it.line.run(['entry', 'add', ...WEB]);
    expect((await it.line.run(['entry', 'list'])).out).toBe(
      [
        'ID   SPIFFE ID                 KEPT IN                        SELECTORS',
        'a    spiffe://example.org/a    /etc/spoor/entries.d/x.yaml:3  unix:path:/usr/bin/node',
        'b    spiffe://example.org/b    /etc/spoor/entries.d/x.yaml:3  unix:path:/usr/bin/node',
        'web  spiffe://example.org/web  store                          unix:uid:1000',
        '',
      ].join('\n'),
    );
    const { entries } = (await it.line.json('entry', 'list', '--selector', 'unix:uid:1000')) as {
      entries: { id: string }[];
    };
    expect(entries.map(({ id }) => id)).toEqual(['web']);
  });

  it('updates the fields that are named, empties those to be cleared, and leaves the rest', async () => {
    await using it = await opened();
    await it.line.run(['entry', 'add', ...WEB, '--hint', 'main', '--x509-svid-ttl', '1h']);
    await it.line.run(['entry', 'update', 'web', '--selector', 'unix:uid:7', '--clear', 'hint']);
    expect(it.admin.entries.get('web')).toMatchObject({
      spiffe_id: 'spiffe://example.org/web',
      selectors: ['unix:uid:7'],
      hint: '',
      x509_svid_ttl_seconds: 3600,
    });
  });

  it.each([
    [['update', 'web'], 'nothing to change'],
    [['update', 'web', '--hint', 'a', '--clear', 'hint'], 'hint is both given and cleared'],
    [['update', 'web', '--clear', 'selectors'], '--clear names no field that can be empty'],
    [['add', '--spiffe-id', 'spiffe://example.org/web'], 'at least one --selector'],
    [['add', ...WEB, '--x509-svid-ttl', '900'], 'not a duration'],
    [['add', ...WEB, '--expires-at', 'tomorrow'], 'RFC 3339'],
    [['import', '/nowhere.json'], 'cannot read /nowhere.json: there is no such file'],
  ])('refuses %j with exit code 2, before it asks the daemon', async (argv, words) => {
    await using it = await opened();
    const { exit, err } = await it.line.run(['entry', ...argv]);
    expect([exit, err]).toEqual([2, expect.stringContaining(words)]);
    expect(err).toContain('spoor: code: ARGUMENT_INVALID\n');
    expect(it.admin.entries.size).toBe(0);
  });

  it('deletes an entry of the store, and names the file of one that is not', async () => {
    await using it = await opened();
    await it.line.run(['entry', 'add', ...WEB]);
    it.admin.addFileEntry('fixed', '/etc/spoor/entries.d/x.yaml', 3);
    expect(await it.line.json('entry', 'delete', 'web')).toEqual({ deleted: 'web' });
    const { exit, err } = await it.line.run(['entry', 'delete', 'fixed']);
    expect(exit).toBe(2);
    expect(err).toBe(
      [
        'spoor: error: fixed is kept in /etc/spoor/entries.d/x.yaml',
        'spoor: facts: call=3',
        'spoor: remedy: Edit the file that is named; it is watched.',
        'spoor: code: ENTRY_READ_ONLY',
        '',
      ].join('\n'),
    );
  });

  it('imports the entries of SPIRE from a file or standard input', async () => {
    await using it = await opened();
    const exported = JSON.stringify({ entries: [{ id: 'e1', spiffe_id: { path: '/one' } }] });
    const file = join(it.line.folder, 'entries.json');
    await writeFile(file, exported);
    expect(await it.line.json('entry', 'import', file)).toEqual({
      added: ['e1'],
      unchanged: [],
      skipped: [{ id: 'node-1', reason: 'it is an alias of a node' }],
    });
    it.line.input = exported;
    expect((await it.line.run(['entry', 'import', '-'])).out).toBe(
      '0 added, 1 unchanged, 1 skipped\n  node-1  it is an alias of a node\n',
    );
  });
});
