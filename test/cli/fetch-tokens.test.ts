import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { served } from './workload-api.js';

async function modeOf(path: string): Promise<string> {
  return ((await stat(path)).mode & 0o777).toString(8);
}

describe('spoor fetch jwt', () => {
  it('asks for every audience and for the one identity that is named', async () => {
    await using it = await served();
    await it.line.run([
      'fetch',
      'jwt',
      '--audience',
      'a,b',
      '--audience',
      'c',
      '--spiffe-id',
      'spiffe://example.org/web',
    ]);
    expect(it.api.callsOf('FetchJWTSVID')[0]?.request).toEqual({
      audience: ['a', 'b', 'c'],
      spiffe_id: 'spiffe://example.org/web',
    });
  });

  it('prints the bare token with --raw, and nothing else', async () => {
    await using it = await served();
    const { out, err } = await it.line.run(['fetch', 'jwt', '--audience', 'test-audience', '--raw']);
    expect([out, err]).toEqual([expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+\n$/u), '']);
  });

  it('shows audience and end for people, and the same as JSON', async () => {
    await using it = await served();
    const { out } = await it.line.run(['fetch', 'jwt', '--audience', 'test-audience']);
    expect(out.replace(/token {5}\S+/u, 'token     TOKEN')).toBe(
      [
        'spiffe://example.org/web',
        '  audience  test-audience',
        '  expires   in 60 min',
        '  hint      main',
        '  token     TOKEN',
        '',
      ].join('\n'),
    );
    expect(await it.line.json('fetch', 'jwt', '--audience', 'test-audience')).toEqual({
      svids: [
        {
          spiffe_id: 'spiffe://example.org/web',
          hint: 'main',
          audience: ['test-audience'],
          expires_at: '2030-01-01T01:00:00.000Z',
          token: expect.stringMatching(/^ey/u),
        },
      ],
      files: [],
    });
  });

  it('writes tokens that only the owner can read', async () => {
    await using it = await served();
    const folder = join(it.line.folder, 'tokens');
    const { out } = await it.line.run(['fetch', 'jwt', '--audience', 'a', '--write', folder]);
    const file = join(folder, 'jwt_svid.0.token');
    expect(out).toContain(`wrote ${file}\n`);
    expect([await modeOf(file), await readFile(file, 'utf8')]).toEqual([
      '600',
      expect.stringMatching(/^ey\S+$/u),
    ]);
  });

  it('refuses a SPIFFE ID that is none before it asks', async () => {
    await using it = await served();
    const { exit, err } = await it.line.run(['fetch', 'jwt', '--audience', 'a', '--spiffe-id', 'web']);
    expect([exit, err]).toEqual([2, expect.stringContaining('SPIFFE_ID_INVALID')]);
    expect(it.api.calls).toEqual([]);
  });
});

describe('spoor fetch wit', () => {
  it('shows the token without its key', async () => {
    await using it = await served();
    const shown = await it.line.json('fetch', 'wit');
    expect(shown).toEqual({
      svids: [
        {
          spiffe_id: 'spiffe://example.org/web',
          hint: '',
          expires_at: '2030-01-01T01:00:00.000Z',
          token: expect.stringMatching(/^ey/u),
        },
      ],
      files: [],
    });
    expect((await it.line.run(['fetch', 'wit', '--raw'])).out).toMatch(/^ey\S+\n$/u);
  });

  it('writes the token and its private key, for the owner alone', async () => {
    await using it = await served();
    const folder = join(it.line.folder, 'wit');
    await it.line.run(['fetch', 'wit', '--write', folder]);
    const key = JSON.parse(await readFile(join(folder, 'wit_svid.0.jwk'), 'utf8')) as object;
    expect(Object.keys(key).toSorted()).toEqual(['crv', 'd', 'kty', 'x', 'y']);
    expect([
      await modeOf(join(folder, 'wit_svid.0.jwk')),
      await modeOf(join(folder, 'wit_svid.0.token')),
    ]).toEqual(['600', '600']);
  });

  it('says that a server does not offer them', async () => {
    await using it = await served();
    it.api.answers.FetchWITSVID.set({ status: status.UNIMPLEMENTED, details: 'unknown method' });
    const { exit, err } = await it.line.run(['fetch', 'wit']);
    expect([exit, err]).toEqual([2, expect.stringContaining('NOT_OFFERED')]);
  });
});

describe('spoor fetch bundle', () => {
  it('shows the keys of each trust domain, of all profiles', async () => {
    await using it = await served();
    expect((await it.line.run(['fetch', 'bundle'])).out).toBe(
      [
        'TRUST DOMAIN     X509  JWT  WIT',
        'example.org      1     1    1',
        'partner.example  1     0    0',
        '',
      ].join('\n'),
    );
  });

  it('prints SPIFFE bundle documents, and writes them with their certificates', async () => {
    await using it = await served();
    const folder = join(it.line.folder, 'trust');
    const shown = (await it.line.json('fetch', 'bundle', '--write', folder)) as {
      bundles: { trust_domain: string; document: { keys: { use: string }[] } }[];
      files: string[];
    };
    expect(
      shown.bundles.map(({ trust_domain, document }) => [trust_domain, document.keys.map(({ use }) => use)]),
    ).toEqual([
      ['example.org', ['x509-svid', 'jwt-svid', 'wit-svid']],
      ['partner.example', ['x509-svid']],
    ]);
    expect(shown.files).toEqual(
      ['example.org.json', 'example.org.pem', 'partner.example.json', 'partner.example.pem'].map((name) =>
        join(folder, `bundle.${name}`),
      ),
    );
    const document = JSON.parse(await readFile(join(folder, 'bundle.example.org.json'), 'utf8')) as unknown;
    expect(document).toEqual(shown.bundles[0]?.document);
  });

  it('does without the profiles that a server does not offer', async () => {
    await using it = await served();
    it.api.answers.FetchWITBundles.set({ status: status.UNIMPLEMENTED });
    expect((await it.line.run(['fetch', 'bundle'])).out).toContain('example.org      1     1    0\n');
  });
});

describe('spoor validate jwt', () => {
  it('shows what a token says that holds', async () => {
    await using it = await served();
    it.line.input = `${it.authority.jwt()}\n`;
    expect((await it.line.run(['validate', 'jwt', '--audience', 'api', '-'])).out).toBe(
      ['valid: spiffe://example.org/web', '  sub  spiffe://example.org/web', '  exp  1900000000', ''].join(
        '\n',
      ),
    );
    expect(await it.line.json('validate', 'jwt', '--audience', 'api', '-')).toEqual({
      spiffe_id: 'spiffe://example.org/web',
      claims: { sub: 'spiffe://example.org/web', exp: 1_900_000_000 },
    });
    expect(it.api.callsOf('ValidateJWTSVID')[0]?.request).toMatchObject({
      audience: 'api',
      svid: it.line.input.trim(),
    });
  });

  it('ends with 2 for a token that does not hold', async () => {
    await using it = await served();
    it.line.input = 'x.y.z';
    it.api.answers.ValidateJWTSVID.set({ status: status.INVALID_ARGUMENT, details: 'the token has expired' });
    const { exit, err } = await it.line.run(['validate', 'jwt', '--audience', 'api', '-']);
    expect([exit, err]).toEqual([2, expect.stringContaining('spoor: error: the token has expired\n')]);
    expect(err).toContain('spoor: code: JWT_SVID_INVALID\n');
  });
});
