import { describe, expect, it } from 'vitest';
import { readEntryFile } from '../../src/entries/entry-file.js';
import type { FileProblem } from '../../src/state/file-problems.js';
import { entrySchemas } from '../../src/entries/entry-schema.js';
import { TrustDomain } from '../../src/spiffe/trust-domain.js';
import { clause } from '../conformance/prove.js';

const FILE = '/etc/spoor/entries.d/web.yaml';
const SCHEMAS = entrySchemas(TrustDomain.parse('example.org'));

const FULL = `
entries:
  - id: web
    spiffe_id: spiffe://example.org/web
    selectors: [unix:uid:1000, unix:path:/usr/bin/node, unix:uid:1000]
    x509_svid_ttl: 15m
    jwt_svid_ttl: 90s
    wit_svid_ttl: 24h
    dns_names: [web.example.org, www.example.org]
    hint: internal
    federates_with:
      - spiffe://partner.test
      - other.test
    expires_at: 2030-01-31T12:00:00+01:00
  - id: least
    spiffe_id: spiffe://example.org/agent/{unix.user}
    selectors: [unix:gid:5]
  - id: launched
    spiffe_id: spiffe://example.org/agent/researcher
    selectors: [launch:name:researcher]
    descendants: spiffe://example.org/agent/researcher/{process.executable}
  - id: denying
    spiffe_id: spiffe://example.org/agent/writer
    selectors: [unix:gid:5]
    descendants: deny
`;

describe('readEntryFile', () => {
  it('reads every field, and leaves out what an entry does not have', async () => {
    expect(await read(FULL)).toEqual({
      problems: [],
      items: [
        {
          id: 'web',
          spiffeId: 'spiffe://example.org/web',
          selectors: ['unix:path:/usr/bin/node', 'unix:uid:1000'],
          x509SvidTtlSeconds: 900,
          jwtSvidTtlSeconds: 90,
          witSvidTtlSeconds: 86_400,
          dnsNames: ['web.example.org', 'www.example.org'],
          hint: 'internal',
          federatesWith: ['other.test', 'partner.test'],
          expiresAt: new Date('2030-01-31T11:00:00Z'),
          createdAt: new Date(0),
          source: { kind: 'file', file: FILE, line: 3 },
        },
        {
          id: 'least',
          spiffeId: 'spiffe://example.org/agent/{unix.user}',
          selectors: ['unix:gid:5'],
          dnsNames: [],
          hint: '',
          federatesWith: [],
          createdAt: new Date(0),
          source: { kind: 'file', file: FILE, line: 15 },
        },
        {
          id: 'launched',
          spiffeId: 'spiffe://example.org/agent/researcher',
          selectors: ['launch:name:researcher'],
          dnsNames: [],
          hint: '',
          federatesWith: [],
          createdAt: new Date(0),
          descendants: 'spiffe://example.org/agent/researcher/{process.executable}',
          source: { kind: 'file', file: FILE, line: 18 },
        },
        {
          id: 'denying',
          spiffeId: 'spiffe://example.org/agent/writer',
          selectors: ['unix:gid:5'],
          dnsNames: [],
          hint: '',
          federatesWith: [],
          createdAt: new Date(0),
          source: { kind: 'file', file: FILE, line: 22 },
        },
      ],
    });
  });

  it('reads the same from YAML that is written in another way', async () => {
    const other = FULL.replace('hint: internal', 'hint: "int\\x65rnal"').replace(
      '- id: web',
      '-\n    id: web',
    );
    const { items: entries, problems } = await read(other);
    const sourceless = (await read(FULL)).items.map((entry) => ({ ...entry, source: expect.anything() }));
    expect(problems).toEqual([]);
    expect(entries).toEqual(sourceless);
  });

  it('names all problems, each with line, place, what was found and what is allowed', async () => {
    const { items: entries, problems } = await read(`
entries:
  - id: good
    spiffe_id: spiffe://example.org/good
    selectors: [unix:uid:1]
  - id: a b
    spiffe_id: spiffe://other.test/web
    selectors:
      - unix:uid:1000
      - unix:udi:1000
    x509_svid_ttl: 900
    jwt_svid_ttl: 5s
    wit_svid_ttl: 25h
    dns_names: [Web]
    federates_with: [example.org, "x/y"]
    expires_at: tomorrow
    uid: 5
  - selectors: []
`);
    expect(entries.map(({ id }) => id)).toEqual(['good']);
    expect(problems.map(brief)).toEqual([
      '6 entries[1].id: found a b, allowed 1 to 255 of letters, digits, dot, dash and underscore',
      '7 entries[1].spiffe_id: found spiffe://other.test/web, allowed a SPIFFE ID of example.org with a path',
      '10 entries[1].selectors[1]: found unix:udi:1000, allowed attestor:name:value with one of …',
      '11 entries[1].x509_svid_ttl: found 900, allowed a duration such as 15m',
      '12 entries[1].jwt_svid_ttl: found 5s, allowed from 10s to 1d',
      '13 entries[1].wit_svid_ttl: found 25h, allowed from 10s to 1d',
      '14 entries[1].dns_names[0]: found Web, allowed a DNS name in lower case, * for the whole first label if need be',
      '15 entries[1].federates_with[0]: found example.org, allowed another trust domain than the own one',
      '15 entries[1].federates_with[1]: found x/y, allowed the name of a trust domain, and this is …',
      '16 entries[1].expires_at: found tomorrow, allowed a time such as 2030-01-31T00:00:00Z',
      '17 entries[1].uid: found uid, allowed one of id, spiffe_id, …',
      '18 entries[2].id: found nothing, allowed text',
      '18 entries[2].spiffe_id: found nothing, allowed text',
      '18 entries[2].selectors: found a list or mapping, allowed 1 to 64 selectors',
    ]);
  });

  it('finds fault with what an entry gives to descendants that it cannot have', async () => {
    const { items: entries, problems } = await read(`
entries:
  - id: unlaunched
    spiffe_id: spiffe://example.org/a
    selectors: [unix:uid:1000]
    descendants: derive
  - id: itself
    spiffe_id: spiffe://example.org/a
    selectors: [script:path:/opt/a.mjs]
    descendants: spiffe://example.org/a
  - id: elsewhere
    spiffe_id: spiffe://example.org/a
    selectors: [launch:name:a]
    descendants: allow
`);
    expect(entries).toEqual([]);
    expect(problems.map(brief)).toEqual([
      '6 entries[0].descendants: found derive, allowed deny in an entry without a selector launch:* or script:*, since only launched processes have descendants',
      "10 entries[1].descendants: found spiffe://example.org/a, allowed another SPIFFE ID than the entry's own",
      '14 entries[2].descendants: found allow, allowed deny, derive, or a SPIFFE ID of example.org with a path',
    ]);
  });

  it.each([
    ['nothing', '', '1 : found an empty file, allowed a list `entries`, which may be []'],
    ['only a comment', '# none\n', '1 : found an empty file, allowed a list `entries`, which may be []'],
    ['text', 'entries\n', '1 : found entries, allowed a list `entries`, which may be []'],
    ['no list', 'entries: 5\n', '1 entries: found 5, allowed a list `entries`, which may be []'],
    [
      'an entry that is text',
      'entries:\n  - web\n',
      '2 entries[0]: found web, allowed one of id, spiffe_id, …',
    ],
    ['two lists', 'entries: []\nmore: []\n', '2 more: found more, allowed `entries` and nothing else'],
    ['half an entry', 'entries:\n  - id: web\n    selectors: [unix:uid:1\n', '4 : found Flow sequence in …'],
    [
      'a key twice',
      'entries:\n  - id: web\n    id: web\n',
      '3 : found Map keys must be unique, allowed YAML',
    ],
    ['an alias', 'entries: &a\n  - *a\n', '2 : found the alias *a is not allowed: write the value out, …'],
  ])('finds fault with a file that holds %s', async (_, text, problem) => {
    const { items: entries, problems } = await read(text);
    expect(entries).toEqual([]);
    const [start = ''] = problem.split('…');
    expect(problems.map(brief)).toContainEqual(expect.stringContaining(start.slice(0, 40)));
  });

  it('finds fault with bytes that are not UTF-8', async () => {
    const { problems } = await readEntryFile(FILE, Buffer.from([0x65, 0xff]), SCHEMAS);
    expect(problems.map(brief)).toEqual(['1 : found bytes that are not UTF-8, allowed UTF-8']);
  });

  it('reads files beyond 2 MiB in plain form only, and says which line is not', async () => {
    const many = Array.from({ length: 30_000 }, (_, at) => entry(`e${at}`)).join('');
    expect(await read(`entries:\n${many}`)).toMatchObject({ problems: [], items: { length: 30_000 } });
    const { problems } = await read(`entries:\n${many}  - id: ünd\n`);
    expect(problems).toMatchObject([{ line: 90_002, found: 'another form of YAML' }]);
  });

  it('takes a hint of 1,024 bytes and no longer one', async () => {
    const hint = (text: string): string => `entries:\n${entry('a')}    hint: "${text}"\n`;
    const [taken, refused, wide] = await Promise.all(
      ['h'.repeat(1_024), 'h'.repeat(1_025), 'ü'.repeat(513)].map((text) => read(hint(text))),
    );
    clause('WAPI-8b', () => {
      expect(taken?.problems).toEqual([]);
      expect(refused?.problems).toMatchObject([{ allowed: 'text of at most 1024 bytes' }]);
      expect(wide?.problems).toMatchObject([{ allowed: 'text of at most 1024 bytes' }]);
    });
  });
});

function read(text: string): ReturnType<typeof readEntryFile> {
  return readEntryFile(FILE, Buffer.from(text), SCHEMAS);
}

function entry(id: string): string {
  return `  - id: ${id}\n    spiffe_id: spiffe://example.org/${id}/a-rather-long-path/to-fill-the-file\n    selectors: [unix:uid:1]\n`;
}

/** One line each; long lists of names are cut. */
function brief({ line, path, found, allowed }: FileProblem): string {
  const text = `${line} ${path}: found ${found}, allowed ${allowed}`;
  return text.replace(
    /(one of \w+:\w+|one of id, spiffe_id,|and this is not a).*/,
    (_, start: string) =>
      start.replace(/(one of )unix:uid|(and this is )not a/, '$1$2').replace(/spiffe_id,$/, 'spiffe_id, ') +
      '…',
  );
}
