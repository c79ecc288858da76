import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { status, type ServiceError } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { adminMethods, type AdminService } from '../../src/wire/admin.js';
import type { WireLaunchDefinitionDraft } from '../../src/wire/launch-definitions.js';
import { AdminEndpoint } from '../fakes/admin-endpoint.js';
import { WireClient } from '../fakes/wire-client.js';

const methods = adminMethods();

const FULL: WireLaunchDefinitionDraft = {
  name: 'researcher',
  command: ['/usr/bin/node', '/opt/agents/researcher.mjs'],
  args: ['--verbose'],
  caller_args: 'append',
  cwd: 'caller',
  env: { pass: ['LANG', 'LD_PRELOAD'], set: { MODE: 'prod' }, dangerous: ['LD_PRELOAD'] },
  secrets: [
    { name: 'token', file: '/etc/token', credential: '' },
    { name: 'key', file: '', credential: 'agent-key' },
  ],
  may_launch: { users: ['alice'], groups: ['agents'], spiffe_ids: ['spiffe://example.org/planner'] },
  run_as: '2000',
  limits: { nofile: '256', as: 'infinity' },
  restart: 'on-failure',
};

describe('launch definitions by the admin API', () => {
  it('are added with every field, shown, listed by name, and deleted', async () => {
    await using endpoint = await AdminEndpoint.open();
    using calls = client(endpoint);
    const added = await calls.unary('AddLaunchDefinition', { definition: FULL });
    const kept = { created_at: '2030-01-01T00:00:00.000Z', source: 'store', file: '', line: 0 };
    expect(added).toEqual({ ...FULL, ...kept });
    expect(await calls.unary('GetLaunchDefinition', { name: 'researcher' })).toEqual(added);
    const least = await calls.unary('AddLaunchDefinition', {
      definition: { name: 'a', command: ['/bin/true'] } as unknown as WireLaunchDefinitionDraft,
    });
    expect(least).toEqual({
      name: 'a',
      command: ['/bin/true'],
      args: [],
      caller_args: 'none',
      cwd: '',
      env: { pass: [], set: {}, dangerous: [] },
      secrets: [],
      may_launch: { users: [], groups: [], spiffe_ids: [] },
      run_as: '',
      limits: {},
      restart: 'never',
      ...kept,
    });
    expect(await calls.unary('ListLaunchDefinitions', {})).toEqual({ definitions: [least, added] });
    expect(await calls.unary('DeleteLaunchDefinition', { name: 'researcher' })).toEqual({});
    for (const rpc of ['GetLaunchDefinition', 'DeleteLaunchDefinition'] as const) {
      const error = await calls.refused(rpc, { name: 'researcher' });
      expect(told(error)).toEqual([status.NOT_FOUND, 'DEFINITION_NOT_FOUND']);
    }
  });

  it('are added as files have them', async () => {
    await using endpoint = await AdminEndpoint.open();
    using calls = client(endpoint);
    const yaml = '- name: web\n  command: [/bin/true]\n  run_as: 5\n  limits: {nofile: 256}\n';
    expect(await calls.unary('AddLaunchDefinition', { yaml })).toMatchObject({
      name: 'web',
      run_as: '5',
      limits: { nofile: '256' },
    });
  });

  it('are refused when they are malformed, there already, or given in no way or in both', async () => {
    await using endpoint = await AdminEndpoint.open();
    using calls = client(endpoint);
    await calls.unary('AddLaunchDefinition', { definition: FULL });
    const again = await calls.refused('AddLaunchDefinition', { definition: FULL });
    expect(told(again)).toEqual([status.ALREADY_EXISTS, 'DEFINITION_EXISTS']);
    for (const [request, words] of [
      [{}, 'either definition or yaml must be given'],
      [{ definition: FULL, yaml: 'name: a' }, 'either definition or yaml must be given'],
      [{ yaml: '{' }, 'not YAML: line 1: '],
      [{ yaml: 'name: a' }, 'command: allowed is a list that begins with the program'],
      [
        { definition: { ...FULL, limits: { files: '5', nofile: 'x', as: '99999999999999999999' } } },
        'limits.nofile',
      ],
      [{ definition: { ...FULL, restart: 'often' } }, 'restart: allowed is never or on-failure or always'],
    ] as const) {
      const error = await calls.refused('AddLaunchDefinition', request);
      expect(told(error)).toEqual([status.INVALID_ARGUMENT, 'ARGUMENT_INVALID']);
      expect(error.details).toContain(words);
    }
    expect((await calls.unary('ListLaunchDefinitions', {})).definitions).toHaveLength(1);
  });

  it('of a file are shown with their place, and its problems with theirs', async () => {
    await using endpoint = await AdminEndpoint.open(async (entriesFolder) => {
      const folder = join(dirname(entriesFolder), 'launch.d');
      await mkdir(folder);
      await writeFile(join(folder, 'a.yaml'), 'launch:\n  - name: web\n    command: [/bin/true]\n');
      await writeFile(join(folder, 'b.yaml'), 'launch:\n  - name: bad\n    command: [true]\n');
    });
    using calls = client(endpoint);
    const shown = await calls.unary('GetLaunchDefinition', { name: 'web' });
    expect([shown.source, shown.file.endsWith('launch.d/a.yaml'), shown.line]).toEqual(['file', true, 2]);
    const error = await calls.refused('DeleteLaunchDefinition', { name: 'web' });
    expect(told(error)).toEqual([status.INVALID_ARGUMENT, 'DEFINITION_READ_ONLY']);
    // Health knows of the same files, and has nothing to add.
    endpoint.health = [
      { name: 'launch definitions', status: 'degraded', detail: 'b.yaml is not valid: 1 fault' },
    ];
    expect((await calls.unary('CheckDaemon', {})).problems).toEqual([
      {
        severity: 'error',
        subject: 'launch definitions',
        message: 'a file of launch definitions is not in force as it stands; the last good one is',
        remedy: 'Correct the named lines; the last good launch definitions stay in force.',
        file: expect.stringMatching(/launch\.d\/b\.yaml$/u),
        line: 3,
        path: 'launch[0].command[0]',
        found: 'true',
        allowed: expect.stringMatching(/^text without NUL bytes, in quotes/u),
      },
    ]);
  });
});

function client(endpoint: AdminEndpoint): WireClient<AdminService> {
  return new WireClient(endpoint.path, methods);
}

function told(error: ServiceError): unknown[] {
  return [error.code, error.metadata.get('spoor-code')[0]];
}
