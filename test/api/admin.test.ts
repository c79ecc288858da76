import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Metadata, status, type ServiceError } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { adminMethods, type AdminService, type WireEntryDraft } from '../../src/wire/admin.js';
import { writeBundleDocument } from '../../src/spiffe/bundle-document.js';
import { AdminEndpoint } from '../fakes/admin-endpoint.js';
import { FakeProcess } from '../fakes/fake-rooms.js';
import { TestAuthority } from '../fakes/test-authority.js';
import { WireClient } from '../fakes/wire-client.js';

const methods = adminMethods();

function client(endpoint: AdminEndpoint): WireClient<AdminService> {
  return new WireClient(endpoint.path, methods);
}

function draft(id: string, wish: Partial<WireEntryDraft> = {}): { entry: WireEntryDraft } {
  return {
    entry: {
      id,
      spiffe_id: `spiffe://example.org/${id}`,
      selectors: ['unix:uid:1000'],
      x509_svid_ttl_seconds: 0,
      jwt_svid_ttl_seconds: 0,
      wit_svid_ttl_seconds: 0,
      dns_names: [],
      hint: '',
      federates_with: [],
      expires_at: '',
      descendants: '',
      ...wish,
    },
  };
}

function told(error: ServiceError): unknown[] {
  return [error.code, error.metadata.get('spoor-code')[0]];
}

describe('the admin API', () => {
  it('sends code, remedy and call number of an error, and needs no security header', async () => {
    await using endpoint = await AdminEndpoint.open();
    using calls = client(endpoint);
    const error = await calls.refused('GetEntry', { id: 'none' }, new Metadata());
    expect(error.code).toBe(status.NOT_FOUND);
    expect(error.details).toBe('there is no entry none (call 1)');
    expect(error.metadata.getMap()).toMatchObject({
      'spoor-call': '1',
      'spoor-code': 'ENTRY_NOT_FOUND',
      'spoor-remedy': 'List the entries with `spoor entry list`.',
    });
    expect(endpoint.rooms.log.lines).toEqual(['warn call refused']);
  });
});

describe('entries by the admin API', () => {
  it('are added, shown, changed field by field, and deleted', async () => {
    await using endpoint = await AdminEndpoint.open();
    using calls = client(endpoint);
    const wish = { x509_svid_ttl_seconds: 1800, hint: 'h', expires_at: '2031-01-01T00:00:00.000Z' };
    const added = await calls.unary('AddEntry', draft('web', wish));
    expect(added).toMatchObject({
      ...draft('web', wish).entry,
      descendants: 'deny',
      source: 'store',
      file: '',
      line: 0,
      warnings: [],
    });
    expect(await calls.unary('GetEntry', { id: 'web' })).toEqual(added);

    const change = { ...draft('ignored', { hint: 'new' }), id: 'web', fields: ['hint', 'expires_at'] };
    const changed = await calls.unary('UpdateEntry', change);
    expect(changed).toEqual({ ...added, hint: 'new', expires_at: '' });

    expect(await calls.unary('DeleteEntry', { id: 'web' })).toEqual({});
    expect(told(await calls.refused('DeleteEntry', { id: 'web' }))).toEqual([
      status.NOT_FOUND,
      'ENTRY_NOT_FOUND',
    ]);
  });

  it('say what descendants get, which can be changed and taken away', async () => {
    await using endpoint = await AdminEndpoint.open();
    using calls = client(endpoint);
    const wish = { selectors: ['launch:name:researcher'], descendants: 'derive' };
    expect(await calls.unary('AddEntry', draft('agent', wish))).toMatchObject(wish);
    const change = (descendants: string) =>
      calls.unary('UpdateEntry', { ...draft('', { descendants }), id: 'agent', fields: ['descendants'] });
    const template = 'spiffe://example.org/{process.executable}';
    const changed = await change(template);
    expect(changed).toMatchObject({ descendants: template, warnings: [expect.stringContaining(template)] });
    expect(await change('')).toMatchObject({ descendants: 'deny', warnings: [] });
    const refused = await calls.refused('AddEntry', draft('web', { descendants: 'derive' }));
    expect(told(refused)).toEqual([status.INVALID_ARGUMENT, 'ARGUMENT_INVALID']);
  });

  it('are refused when they are malformed, there already, or without a field to change', async () => {
    await using endpoint = await AdminEndpoint.open();
    using calls = client(endpoint);
    await calls.unary('AddEntry', draft('web'));
    for (const [error, code, spoor] of [
      [await calls.refused('AddEntry', draft('web')), status.ALREADY_EXISTS, 'ENTRY_EXISTS'],
      [await calls.refused('AddEntry', {}), status.INVALID_ARGUMENT, 'ARGUMENT_INVALID'],
      [
        await calls.refused('AddEntry', draft('a', { expires_at: 'tomorrow' })),
        status.INVALID_ARGUMENT,
        'ARGUMENT_INVALID',
      ],
      [
        await calls.refused('UpdateEntry', { ...draft(''), id: 'web', fields: [] }),
        status.INVALID_ARGUMENT,
        'ARGUMENT_INVALID',
      ],
      [
        await calls.refused('UpdateEntry', { ...draft(''), id: 'web', fields: ['id'] }),
        status.INVALID_ARGUMENT,
        'ARGUMENT_INVALID',
      ],
      [
        await calls.refused('UpdateEntry', { ...draft(''), id: 'web', fields: ['toString'] }),
        status.INVALID_ARGUMENT,
        'ARGUMENT_INVALID',
      ],
    ] as const) {
      expect(told(error)).toEqual([code, spoor]);
    }
  });

  it('are listed in pages, by id, and by what they have', async () => {
    await using endpoint = await AdminEndpoint.open();
    using calls = client(endpoint);
    for (const id of ['e', 'a', 'c', 'b', 'd']) {
      await calls.unary('AddEntry', draft(id, id === 'c' ? { selectors: ['unix:uid:0', 'unix:gid:0'] } : {}));
    }
    const pages: string[][] = [];
    let token = '';
    do {
      const page = await calls.unary('ListEntries', { page_size: 2, page_token: token });
      pages.push(page.entries.map(({ id }) => id));
      token = page.next_page_token;
      expect(page.total).toBe(5);
    } while (token !== '');
    expect(pages).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
    const bySelector = await calls.unary('ListEntries', { selector: 'unix:gid:0' });
    expect(bySelector.entries.map(({ id }) => id)).toEqual(['c']);
    const byId = await calls.unary('ListEntries', { spiffe_id: 'spiffe://example.org/d' });
    expect([byId.entries.length, byId.total, byId.next_page_token]).toEqual([1, 1, '']);
  });

  it('of a file are shown with their place, and changed nowhere else', async () => {
    await using endpoint = await AdminEndpoint.open((folder) =>
      writeFile(
        join(folder, 'web.yaml'),
        'entries:\n  - id: web\n    spiffe_id: spiffe://example.org/web\n    selectors: [unix:uid:1000]\n',
      ),
    );
    using calls = client(endpoint);
    const entry = await calls.unary('GetEntry', { id: 'web' });
    expect([entry.source, entry.file.endsWith('web.yaml'), entry.line]).toEqual(['file', true, 2]);
    const error = await calls.refused('DeleteEntry', { id: 'web' });
    expect(told(error)).toEqual([status.INVALID_ARGUMENT, 'ENTRY_READ_ONLY']);
    expect(error.details).toContain('web.yaml');
  });

  it('are imported from SPIRE', async () => {
    await using endpoint = await AdminEndpoint.open();
    using calls = client(endpoint);
    const entry = {
      id: 'f1',
      spiffe_id: { trust_domain: 'example.org', path: '/web' },
      parent_id: { trust_domain: 'example.org', path: '/agent' },
      selectors: [{ type: 'unix', value: 'uid:1000' }],
    };
    const request = { spire_json: JSON.stringify({ entries: [entry], next_page_token: '' }) };
    expect((await calls.unary('ImportEntries', request)).added).toEqual(['f1']);
    expect((await calls.unary('ImportEntries', request)).unchanged).toEqual(['f1']);
    expect((await calls.refused('ImportEntries', { spire_json: '{' })).code).toBe(status.INVALID_ARGUMENT);
  });
});

describe('authorities by the admin API', () => {
  it('are shown, and known by their ids', async () => {
    await using endpoint = await AdminEndpoint.open();
    using calls = client(endpoint);
    const { authorities } = await calls.unary('GetAuthorities', {});
    const active = authorities.filter(({ state }) => state === 'active').map(({ profile }) => profile);
    expect(active.toSorted()).toEqual(['jwt', 'wit', 'x509']);
    for (const { not_before, not_after } of authorities)
      expect(Date.parse(not_before)).toBeLessThan(Date.parse(not_after));
    for (const rpc of ['TaintAuthority', 'RevokeAuthority'] as const) {
      expect(told(await calls.refused(rpc, { id: 'none' }))).toEqual([
        status.NOT_FOUND,
        'AUTHORITY_NOT_FOUND',
      ]);
    }
    expect(told(await calls.refused('RotateAuthority', { profile: 'ssh' }))).toEqual([
      status.INVALID_ARGUMENT,
      'ARGUMENT_INVALID',
    ]);
  });
});

describe('bundles by the admin API', () => {
  it('are set, listed beside the own one, shown in both formats, and deleted', async () => {
    await using endpoint = await AdminEndpoint.open();
    using calls = client(endpoint);
    const partner = await TestAuthority.open('partner.example');
    const document = writeBundleDocument(partner.bundle);
    await calls.unary('SetBundle', { trust_domain: 'partner.example', format: 'spiffe', document });
    const { bundles } = await calls.unary('ListBundles', {});
    expect(bundles.map(({ trust_domain, source }) => [trust_domain, source])).toEqual([
      ['example.org', 'own'],
      ['partner.example', 'store'],
    ]);
    expect(bundles[1]).toMatchObject({ x509_authorities: 1, jwt_authorities: 1, wit_authorities: 1 });

    const shown = await calls.unary('GetBundle', { trust_domain: 'partner.example' });
    expect(JSON.parse(shown.document)).toEqual(JSON.parse(document));
    const own = await calls.unary('GetBundle', { format: 'pem' });
    expect([own.trust_domain, own.format]).toEqual(['example.org', 'pem']);
    expect(own.document).toMatch(/^-----BEGIN CERTIFICATE-----\n/u);

    await calls.unary('DeleteBundle', { trust_domain: 'partner.example' });
    for (const rpc of ['GetBundle', 'DeleteBundle'] as const) {
      const error = await calls.refused(rpc, { trust_domain: 'partner.example' });
      expect(told(error)).toEqual([status.NOT_FOUND, 'BUNDLE_NOT_FOUND']);
    }
    const wrong = await calls.refused('GetBundle', { format: 'der' });
    expect(told(wrong)).toEqual([status.INVALID_ARGUMENT, 'ARGUMENT_INVALID']);
  });
});

describe('the daemon by the admin API', () => {
  it('tells how it is', async () => {
    await using endpoint = await AdminEndpoint.open();
    using calls = client(endpoint);
    await calls.unary('AddEntry', draft('web'));
    const { rooms } = endpoint;
    const process = new FakeProcess(77, 1000);
    const instance = rooms.instanceOf({ connection: 1, process, acceptedMs: 0 });
    const selectors = ['unix:uid:1000'];
    instance.attestation.set({ selectors, outcomes: [], path: '/bin/web', at: rooms.clock.now() });
    rooms.instanceOf({ connection: 2, process: new FakeProcess(78), acceptedMs: 0 });
    endpoint.health = [
      { name: 'record', status: 'failed', detail: 'the disk is full' },
      { name: 'state', status: 'ok', detail: '' },
    ];
    const answer = await calls.unary('GetStatus', {});
    expect(answer).toMatchObject({
      version: '1.2.3',
      trust_domain: 'example.org',
      mode: 'user',
      started_at: '2030-01-01T00:00:00.000Z',
      calls: 2,
      connections: 3,
      pending_connections: 1,
      streams: 0,
      entries: 1,
      instance_count: 2,
      instances: [
        { pid: 77, uid: 1000, path: '/bin/web', attested: true, spiffe_ids: ['spiffe://example.org/web'] },
        { pid: 78, attested: false, spiffe_ids: [], attested_at: '' },
      ],
      problems: [{ severity: 'error', subject: 'record', message: 'the disk is full' }],
    });
    expect(answer.mode_note).toContain('user mode: same-uid processes are not kept apart');
    expect(answer.authorities.length).toBeGreaterThanOrEqual(3);
  });

  it('shows of a descendant what it may be, and not what its uid would be', async () => {
    await using endpoint = await AdminEndpoint.open();
    using calls = client(endpoint);
    await calls.unary('AddEntry', draft('web'));
    const launched = { selectors: ['launch:name:researcher'], descendants: 'derive' };
    await calls.unary('AddEntry', draft('agent', launched));
    const { rooms } = endpoint;
    const instance = rooms.instanceOf({ connection: 1, process: new FakeProcess(77, 1000), acceptedMs: 0 });
    const attestation = {
      selectors: ['unix:uid:1000'],
      outcomes: [],
      path: '/bin/bash',
      at: rooms.clock.now(),
      descent: { by: 'ancestry', parentSelectors: launched.selectors },
    } as const;
    instance.attestation.set(attestation);
    const { instances } = await calls.unary('GetStatus', {});
    expect(instances[0]?.spiffe_ids).toEqual(['spiffe://example.org/agent/child/bash']);
  });

  it('tells every problem of its files, with file and line', async () => {
    await using endpoint = await AdminEndpoint.open((folder) =>
      writeFile(
        join(folder, 'bad.yaml'),
        'entries:\n  - id: web\n    spiffe_id: http://example.org/web\n    selectors: [nonsense]\n',
      ),
    );
    using calls = client(endpoint);
    // Health knows of the same files, and has nothing to add.
    endpoint.health = [{ name: 'entries', status: 'degraded', detail: 'bad.yaml is not valid: 2 faults' }];
    const { problems } = await calls.unary('CheckDaemon', {});
    expect(problems.length).toBeGreaterThanOrEqual(2);
    for (const problem of problems) {
      expect(problem).toMatchObject({ severity: 'error', subject: 'entries' });
      expect(problem.file).toMatch(/bad\.yaml$/u);
      expect(problem.line).toBeGreaterThan(1);
    }
  });

  it('finds lines of the record, and says when there were too many', async () => {
    await using endpoint = await AdminEndpoint.open();
    using calls = client(endpoint);
    const event = { event: 'refused', call: 1, code: 'X', method: 'm' } as const;
    for (let line = 0; line < 1_001; line += 1)
      endpoint.record.push({ ...event, call: line, at: `2030-${line}` });
    const one = await calls.unary('Who', { needle: '2030-77"' });
    expect(one).toEqual({ lines: [JSON.stringify({ ...event, call: 77, at: '2030-77' })], cut: false });
    const many = await calls.unary('Who', { needle: 'refused' });
    expect([many.lines.length, many.cut]).toEqual([1_000, true]);
    for (const needle of ['', 'x'.repeat(201)]) {
      expect(told(await calls.refused('Who', { needle }))).toEqual([
        status.INVALID_ARGUMENT,
        'ARGUMENT_INVALID',
      ]);
    }
  });
});
