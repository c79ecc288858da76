import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Clock } from '../../src/core/clock.js';
import type { SpoorError } from '../../src/core/errors.js';
import { untilReplaced } from '../../src/core/snapshot.js';
import { EntryCatalog } from '../../src/entries/entry-catalog.js';
import { TrustDomain } from '../../src/spiffe/trust-domain.js';
import { FakeClock } from '../fakes/fake-clock.js';
import { ServiceRoom } from '../fakes/service-room.js';
import { MACHINE_CLOCK } from '../../src/core/machine-clock.js';

const NOW = '2030-01-01T00:00:00Z';

describe('EntryCatalog', () => {
  it('joins the entries of files with those set by command, and keeps the latter across a restart', async () => {
    await using room = await openRoom({ 'web.yaml': fileOf('web') });
    const added = await room.service.add({
      id: 'db',
      spiffeId: 'spiffe://example.org/db',
      selectors: ['unix:uid:5'],
    });
    expect(added).toMatchObject({ id: 'db', source: { kind: 'store' }, createdAt: new Date(NOW) });
    expect(idsOf(room)).toEqual(['db', 'web']);
    await room.restart();
    expect(idsOf(room)).toEqual(['db', 'web']);
    expect(room.service.entries.current.value.get('db')).toEqual(added);
  });

  it('changes and deletes what was set by command, field by field', async () => {
    await using room = await openRoom({});
    const catalog = room.service;
    const { id } = await catalog.add({
      spiffeId: 'spiffe://example.org/db',
      selectors: ['unix:uid:5'],
      x509SvidTtlSeconds: 60,
      expiresAt: new Date('2031-01-01T00:00:00Z'),
      hint: 'internal',
    });
    const updated = await catalog.update(id, {
      x509SvidTtlSeconds: 0,
      expiresAt: new Date(0),
      hint: 'external',
    });
    expect(updated).toEqual({
      id,
      spiffeId: 'spiffe://example.org/db',
      selectors: ['unix:uid:5'],
      dnsNames: [],
      hint: 'external',
      federatesWith: [],
      createdAt: new Date(NOW),
      source: { kind: 'store' },
    });
    await room.restart();
    expect(room.service.entries.current.value.get(id)).toEqual(updated);
    await room.service.delete(id);
    await room.restart();
    expect(idsOf(room)).toEqual([]);
  });

  it('keeps across a restart what an entry gives to descendants, until that is taken away', async () => {
    await using room = await openRoom({});
    const derive = { descendants: 'derive', selectors: ['launch:name:researcher'] };
    const draft = { id: 'agent', spiffeId: 'spiffe://example.org/agent' };
    const added = await room.service.add({ ...draft, ...derive });
    expect(added).toMatchObject({ descendants: 'derive' });
    await room.restart();
    expect(room.service.entries.current.value.get('agent')).toEqual(added);
    await expect(room.service.update('agent', { selectors: ['unix:uid:5'] })).rejects.toMatchObject({
      code: 'ARGUMENT_INVALID',
      message: expect.stringContaining('descendants: allowed is deny in an entry without'),
    });
    expect(await room.service.update('agent', { descendants: 'deny' })).not.toHaveProperty('descendants');
    await room.restart();
    expect(room.service.entries.current.value.get('agent')).not.toHaveProperty('descendants');
  });

  it('refuses equal ids, unknown ids, and changes by command to the entry of a file, which it names', async () => {
    await using room = await openRoom({ 'web.yaml': fileOf('web') });
    const draft = { id: 'web', spiffeId: 'spiffe://example.org/x', selectors: ['unix:uid:1'] };
    const place = `${join(room.folder, 'web.yaml')}:2`;
    await expect(room.service.add(draft)).rejects.toMatchObject({ code: 'ENTRY_EXISTS' });
    const readOnly = { code: 'ENTRY_READ_ONLY', message: `entry web stands in ${place}` };
    await expect(room.service.update('web', { hint: 'x' })).rejects.toMatchObject(readOnly);
    await expect(room.service.delete('web')).rejects.toMatchObject(readOnly);
    await expect(room.service.delete('none')).rejects.toMatchObject({ code: 'ENTRY_NOT_FOUND' });
    await expect(room.service.update('none', {})).rejects.toMatchObject({ code: 'ENTRY_NOT_FOUND' });
  });

  it.each([
    [
      'SPIFFE_ID_INVALID',
      { spiffeId: 'spiffe://other.test/x' },
      'spiffe_id: allowed is a SPIFFE ID of example.org',
    ],
    ['SELECTOR_INVALID', { selectors: [] }, 'selectors: allowed is 1 to 64 selectors'],
    ['ARGUMENT_INVALID', { x509SvidTtlSeconds: 9 }, 'x509_svid_ttl_seconds: allowed is from 10s to 1d'],
    ['ARGUMENT_INVALID', { id: 'a b', selectors: ['x'] }, 'id: allowed is 1 to 255 of letters'],
  ])('refuses a draft with %s, naming all faults, and stores nothing', async (code, wrong, fault) => {
    await using room = await openRoom({});
    const draft = { id: 'web', spiffeId: 'spiffe://example.org/web', selectors: ['unix:uid:1'], ...wrong };
    await expect(room.service.add(draft)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(fault),
    });
    expect(idsOf(room)).toEqual([]);
  });

  it('publishes a changed file within 100 ms', async () => {
    await using room = await openRoom({ 'web.yaml': fileOf('web') }, MACHINE_CLOCK);
    room.run();
    const tookMs: number[] = [];
    for (const id of ['a', 'b', 'c', 'd', 'e']) {
      const snapshot = room.service.entries.current;
      const before = performance.now();
      await room.write('db.yaml', fileOf(id));
      await untilReplaced(snapshot, AbortSignal.timeout(5_000));
      tookMs.push(performance.now() - before);
      expect(idsOf(room)).toEqual([id, 'web']);
    }
    // The machine may be busy with something else now and then.
    expect(Math.min(...tookMs)).toBeLessThan(100);
    await rm(join(room.folder, 'web.yaml'));
    await expect.poll(() => idsOf(room)).toEqual(['e']);
  });

  it('keeps the last good files through bad edits, and says so once', async () => {
    await using room = await openRoom({ 'web.yaml': fileOf('web') }, MACHINE_CLOCK);
    room.run();
    await room.write('db.yaml', fileOf('db'));
    await expect.poll(() => idsOf(room)).toEqual(['db', 'web']);
    await room.write('web.yaml', 'entries:\n  - id: www\n');
    await expect.poll(() => room.service.problems.length).toBe(2);
    await room.write('db.yaml', '');
    await expect.poll(() => room.service.problems.length).toBe(3);
    expect(idsOf(room)).toEqual(['db', 'web']);
    await room.write('db.yaml', fileOf('db2'));
    await room.write('web.yaml', fileOf('web2'));
    await expect.poll(() => idsOf(room)).toEqual(['db2', 'web2']);
    expect(room.log.lines.filter((line) => !line.startsWith('debug'))).toEqual([
      'warn entry files have problems; the last good entries stay in force',
      'info entry files are in order again',
    ]);
  });

  it('keeps the last good files also across a restart', async () => {
    await using room = await openRoom({ 'web.yaml': fileOf('web'), 'db.yaml': fileOf('db') });
    await room.write('web.yaml', 'entries: [');
    await room.restart();
    expect(idsOf(room)).toEqual(['db', 'web']);
    expect(room.service.problems).toMatchObject([{ file: join(room.folder, 'web.yaml'), line: 1 }]);
    await room.write('web.yaml', 'entries: []');
    await room.restart();
    expect(idsOf(room)).toEqual(['db']);
    expect(room.service.problems).toEqual([]);
  });

  it('follows the files also when nothing can be written to the database, and says so', async () => {
    await using room = await openRoom({ 'web.yaml': fileOf('web') }, MACHINE_CLOCK);
    room.run();
    await room.breakDatabase();
    await room.write('web.yaml', fileOf('www'));
    await expect.poll(() => idsOf(room)).toEqual(['www']);
    expect(room.log.lines).toEqual(['warn cannot keep the last good files for the next start']);
    const draft = { spiffeId: 'spiffe://example.org/db', selectors: ['unix:uid:5'] };
    await expect(room.service.add(draft)).rejects.toMatchObject({ code: 'STATE_UNUSABLE' });
    expect(idsOf(room)).toEqual(['www']);
  });

  it('uses those files in which nothing is wrong when it knows no better ones', async () => {
    await using room = await openRoom({ 'a.yaml': fileOf('a'), 'b.yaml': 'no', 'c.yaml': fileOf('c', 'a') });
    expect(idsOf(room)).toEqual(['a']);
    expect(room.service.problems.map(({ file, path, found }) => [file.slice(-6), path, found])).toEqual([
      ['b.yaml', '', 'no'],
      ['c.yaml', 'id', 'a'],
    ]);
  });

  it('counts an id of a file that was set by command for a problem, until it is free', async () => {
    await using room = await openRoom({});
    await room.service.add({ id: 'web', spiffeId: 'spiffe://example.org/x', selectors: ['unix:uid:1'] });
    await room.write('web.yaml', fileOf('web'));
    await room.restart();
    expect(room.service.problems).toMatchObject([
      { line: 2, found: 'web', allowed: 'an id that no other entry has; one that was set by command has it' },
    ]);
    expect(room.service.entries.current.value.get('web')?.source.kind).toBe('store');
    await room.service.delete('web');
    expect(room.service.entries.current.value.get('web')?.source.kind).toBe('file');
    expect(room.service.problems).toEqual([]);
  });

  it('passes over files that are not entry files, and says of one that cannot be read that it cannot', async () => {
    await using room = await openRoom({
      '.web.yaml.swp': 'x',
      'web.yaml~': 'x',
      README: 'x',
      'a.yml': fileOf('a'),
    });
    expect(idsOf(room)).toEqual(['a']);
    await mkdir(join(room.folder, 'b.yaml'));
    await room.restart();
    expect(room.service.problems).toMatchObject([
      { found: 'it is not a regular file', allowed: 'a file that can be read' },
    ]);
  });

  it('never gives a command an id that a big file is just bringing', async () => {
    const ids = Array.from({ length: 5_000 }, (_, at) => `e${at}`);
    await using room = await openRoom({}, MACHINE_CLOCK);
    room.run();
    await room.write('big.yaml', fileOf(...ids));
    const draft = { id: 'e4999', spiffeId: 'spiffe://example.org/db', selectors: ['unix:uid:5'] };
    await expect
      .poll(async () => room.service.add(draft).then(() => room.service.delete('e4999'), codeOf))
      .toBe('ENTRY_EXISTS');
    expect(room.service.entries.current.value.size).toBe(5_000);
    expect(room.service.problems).toEqual([]);
  });

  it('publishes the entries anew when one of them ends', async () => {
    const clock = new FakeClock(NOW);
    await using room = await openRoom({}, clock);
    room.run();
    await room.service.add({
      spiffeId: 'spiffe://example.org/db',
      selectors: ['unix:uid:5'],
      expiresAt: new Date('2030-01-01T00:00:03Z'),
    });
    const snapshot = room.service.entries.current;
    await expect.poll(async () => (await clock.nextWake()).toISOString()).toBe('2030-01-01T00:00:03.000Z');
    await clock.advance(3_000);
    await untilReplaced(snapshot, AbortSignal.timeout(5_000));
    const set = room.service.entries.current.value;
    expect(set.match(['unix:uid:5'], clock.now()).matches).toEqual([]);
    expect(set.nextExpiry).toBeUndefined();
  });

  it('imports from SPIRE once: what is there already is unchanged, and no id is taken twice', async () => {
    await using room = await openRoom({ 'web.yaml': fileOf('web') });
    const json = JSON.stringify({ entries: ['web', 'db', 'db'].map((id) => spireEntry(id)) });
    expect(await room.service.import(json)).toEqual({
      added: ['db'],
      unchanged: ['db'],
      skipped: [{ id: 'web', reason: expect.stringContaining('is there already, in ') }],
    });
    await room.restart();
    expect(await room.service.import(json)).toMatchObject({ added: [], unchanged: ['db', 'db'] });
    expect(idsOf(room)).toEqual(['db', 'web']);
  });
});

function codeOf(error: unknown): string {
  return (error as SpoorError).code;
}

function fileOf(...ids: string[]): string {
  const items = ids.map(
    (id) => `  - id: ${id}\n    spiffe_id: spiffe://example.org/${id}\n    selectors: [unix:uid:1]\n`,
  );
  return `entries:\n${items.join('')}`;
}

function spireEntry(id: string): object {
  return {
    id,
    spiffe_id: { trust_domain: 'example.org', path: `/${id}` },
    selectors: [{ type: 'unix', value: 'uid:1' }],
  };
}

function openRoom(
  files: Readonly<Record<string, string>>,
  clock: Clock = new FakeClock(NOW),
): Promise<ServiceRoom<EntryCatalog>> {
  const trustDomain = TrustDomain.parse('example.org');
  return ServiceRoom.open(files, (deps) => EntryCatalog.open({ ...deps, trustDomain, clock }));
}

function idsOf({ service }: ServiceRoom<EntryCatalog>): string[] {
  return Array.from(service.entries.current.value, ({ id }) => id);
}
