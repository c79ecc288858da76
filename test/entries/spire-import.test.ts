import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { entrySchemas } from '../../src/entries/entry-schema.js';
import { readSpireEntries } from '../../src/entries/spire-import.js';
import { TrustDomain } from '../../src/spiffe/trust-domain.js';

const SCHEMAS = entrySchemas(TrustDomain.parse('example.org'));
const NOW = new Date('2030-01-01T00:00:00Z');
const OUTPUT = readFileSync(new URL('../fixtures/entries/spire-entry-show.json', import.meta.url), 'utf8');

describe('readSpireEntries', () => {
  it('takes over what can be, with the time when SPIRE made it', () => {
    expect(read(OUTPUT).entries).toEqual([
      {
        id: '3f1b2c5e-0000-4000-8000-000000000001',
        spiffeId: 'spiffe://example.org/web',
        selectors: ['unix:path:/usr/bin/node', 'unix:uid:1000'],
        x509SvidTtlSeconds: 3_600,
        jwtSvidTtlSeconds: 300,
        dnsNames: ['web.example.org'],
        hint: 'internal',
        federatesWith: ['partner.test'],
        expiresAt: new Date('2040-01-01T00:00:00Z'),
        createdAt: new Date('2023-03-13T18:29:57Z'),
        source: { kind: 'store' },
      },
      {
        id: 'db',
        spiffeId: 'spiffe://example.org/db',
        selectors: ['unix:user:postgres'],
        dnsNames: [],
        hint: '',
        federatesWith: [],
        createdAt: NOW,
        source: { kind: 'store' },
      },
    ]);
  });

  it('leaves out what would mean something else here, and says why', () => {
    expect(read(OUTPUT).skipped.map(({ id, reason }) => `${id}: ${reason.slice(0, 75)}`)).toEqual([
      'admin: admin: Spoor gives no SVID rights over itself',
      'nested: downstream: Spoor signs for no other server',
      'stored: store_svid: Spoor hands SVIDs to processes only',
      'foreign: not an entry: spiffe_id: allowed is a SPIFFE ID of example.org with a path',
      'pod: not an entry: selectors[0]: allowed is attestor:name:value with one of unix',
      'long: not an entry: x509_svid_ttl_seconds: allowed is from 10s to 1d',
      'entry 9 of the file: not an entry of SPIRE: id: Invalid input: expected string, received undefin',
    ]);
  });

  it.each(['', '[]', '{}', '{"entries":{}}', '{"entries":[],"entries":[]}', 'Found 2 entries\n'])(
    'refuses %j as a whole',
    (text) => {
      expect(() => read(text)).toThrow(expect.objectContaining({ code: 'ARGUMENT_INVALID' }));
    },
  );
});

function read(json: string): ReturnType<typeof readSpireEntries> {
  return readSpireEntries(json, SCHEMAS, NOW);
}
