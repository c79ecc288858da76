import { join } from 'node:path';
import { rm } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { Clock } from '../../../src/core/clock.js';
import { MACHINE_CLOCK } from '../../../src/core/machine-clock.js';
import { DefinitionCatalog } from '../../../src/launch/definitions/definition-catalog.js';
import { TrustDomain } from '../../../src/spiffe/trust-domain.js';
import { FakeClock } from '../../fakes/fake-clock.js';
import { ServiceRoom } from '../../fakes/service-room.js';

const NOW = '2030-01-01T00:00:00Z';
const ITEM = { name: 'db', command: ['/bin/true'], may_launch: { users: ['alice'] } };

describe('DefinitionCatalog', () => {
  it('joins those of files with those set by command, sorted, and keeps the latter across a restart', async () => {
    await using room = await openRoom({ 'web.yaml': fileOf('web', 'a') });
    const added = await room.service.add({ ...ITEM, env: { set: { A: '1' } }, limits: { nofile: 5 } });
    expect(added).toEqual({
      name: 'db',
      command: ['/bin/true'],
      args: [],
      callerArgs: 'none',
      cwd: undefined,
      env: { pass: [], set: { A: '1' }, dangerous: [] },
      secrets: [],
      mayLaunch: { users: ['alice'], groups: [], spiffeIds: [] },
      runAs: undefined,
      limits: { nofile: 5 },
      restart: 'never',
      createdAt: new Date(NOW),
      source: { kind: 'store' },
    });
    expect(namesOf(room)).toEqual(['a', 'db', 'web']);
    await room.restart();
    expect(namesOf(room)).toEqual(['a', 'db', 'web']);
    expect(room.service.definitions.current.value.size).toBe(3);
    expect(room.service.definitions.current.value.get('db')).toEqual(added);
    await room.service.delete('db');
    await room.restart();
    expect(namesOf(room)).toEqual(['a', 'web']);
  });

  it('refuses what is no definition, equal names, unknown names, and to delete what stands in a file', async () => {
    await using room = await openRoom({ 'web.yaml': fileOf('web') });
    const place = `${join(room.folder, 'web.yaml')}:2`;
    await room.service.add(ITEM);
    for (const [change, code, message] of [
      [
        () => room.service.add({ ...ITEM, name: 'x', colour: 'blue' }),
        'ARGUMENT_INVALID',
        'colour: allowed is one of',
      ],
      [() => room.service.add(ITEM), 'DEFINITION_EXISTS', 'a launch definition db is there already'],
      [
        () => room.service.add({ ...ITEM, name: 'web' }),
        'DEFINITION_EXISTS',
        `is there already, in ${place}`,
      ],
      [() => room.service.delete('none'), 'DEFINITION_NOT_FOUND', 'there is no launch definition none'],
      [() => room.service.delete('web'), 'DEFINITION_READ_ONLY', `launch definition web stands in ${place}`],
    ] as const) {
      await expect(change()).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
    }
    expect(namesOf(room)).toEqual(['db', 'web']);
  });

  it('takes at most 1,000 by command', async () => {
    await using room = await openRoom({});
    room.database.transaction(() => {
      for (let at = 0; at < 999; at += 1) {
        const sql = 'INSERT INTO launch_definitions (name, definition, created_at) VALUES (?, ?, 0)';
        room.database.run(sql, `d${at}`, JSON.stringify({ name: `d${at}` }));
      }
    });
    await room.restart();
    await room.service.add(ITEM);
    await expect(room.service.add({ ...ITEM, name: 'x' })).rejects.toMatchObject({
      code: 'ARGUMENT_INVALID',
      message: 'there are 1000 definitions set by command, and no more may be',
    });
  });

  it('takes at most 1,000 from files', async () => {
    const names = Array.from({ length: 1_001 }, (_, at) => `d${at}`);
    await using room = await openRoom({ 'many.yaml': fileOf(...names) });
    expect(room.service.problems).toMatchObject([
      { file: room.folder, found: '1001 launch definitions', allowed: 'at most 1000' },
    ]);
  });

  it('follows the files, and keeps the last good ones through bad edits, which it says once', async () => {
    await using room = await openRoom({ 'web.yaml': fileOf('web') }, MACHINE_CLOCK);
    room.run();
    await room.write('db.yaml', fileOf('db'));
    await expect.poll(() => namesOf(room)).toEqual(['db', 'web']);
    await room.write('web.yaml', 'launch:\n  - name: www\n');
    await expect.poll(() => room.service.problems.length).toBe(1);
    await room.write('db.yaml', '');
    await expect.poll(() => room.service.problems.length).toBe(2);
    expect(namesOf(room)).toEqual(['db', 'web']);
    await rm(join(room.folder, 'db.yaml'));
    await room.write('web.yaml', fileOf('web2'));
    await expect.poll(() => namesOf(room)).toEqual(['web2']);
    expect(room.log.lines.filter((line) => !line.startsWith('debug'))).toEqual([
      'warn launch definition files have problems; the last good launch definitions stay in force',
      'info launch definition files are in order again',
    ]);
  });

  it('keeps the last good files also across a restart', async () => {
    await using room = await openRoom({ 'web.yaml': fileOf('web'), 'db.yaml': fileOf('db') });
    await room.write('web.yaml', 'launch: [');
    await room.restart();
    expect(namesOf(room)).toEqual(['db', 'web']);
    expect(room.service.problems).toMatchObject([{ file: join(room.folder, 'web.yaml'), line: 1 }]);
  });

  it('counts a name twice for a problem that names the other place', async () => {
    await using room = await openRoom({ 'a.yaml': fileOf('a'), 'c.yaml': fileOf('c', 'a') });
    expect(namesOf(room)).toEqual(['a']);
    expect(room.service.problems).toEqual([
      {
        file: join(room.folder, 'c.yaml'),
        line: 4,
        path: 'name',
        found: 'a',
        allowed: `a name that no other launch definition has; the one at ${join(room.folder, 'a.yaml')}:2 has it`,
      },
    ]);
  });

  it('takes a file into force once the name that it uses is free', async () => {
    await using room = await openRoom({});
    await room.service.add(ITEM);
    await room.write('db.yaml', fileOf('db'));
    await room.restart();
    expect(room.service.problems).toMatchObject([
      { line: 2, found: 'db', allowed: expect.stringContaining('one that was set by command has it') },
    ]);
    await room.service.delete('db');
    expect(room.service.definitions.current.value.get('db')?.source.kind).toBe('file');
    expect(room.service.problems).toEqual([]);
  });

  it('passes over files that are none of definitions', async () => {
    await using room = await openRoom({
      '.a.yaml': 'x',
      'a.yaml~': 'x',
      'lock.json': '{}',
      'b.yml': fileOf('b'),
    });
    expect(namesOf(room)).toEqual(['b']);
    expect(room.service.problems).toEqual([]);
  });

  it('changes nothing when the database cannot be written', async () => {
    await using room = await openRoom({ 'web.yaml': fileOf('web') });
    await room.breakDatabase();
    await expect(room.service.add(ITEM)).rejects.toMatchObject({ code: 'STATE_UNUSABLE' });
    expect(namesOf(room)).toEqual(['web']);
  });
});

function fileOf(...names: string[]): string {
  return `launch:\n${names.map((name) => `  - name: ${name}\n    command: [/bin/true]\n`).join('')}`;
}

function openRoom(
  files: Readonly<Record<string, string>>,
  clock: Clock = new FakeClock(NOW),
): Promise<ServiceRoom<DefinitionCatalog>> {
  const trustDomain = TrustDomain.parse('example.org');
  return ServiceRoom.open(files, (deps) => DefinitionCatalog.open({ ...deps, trustDomain, clock }));
}

function namesOf({ service }: ServiceRoom<DefinitionCatalog>): string[] {
  return Array.from(service.definitions.current.value, ({ name }) => name);
}
