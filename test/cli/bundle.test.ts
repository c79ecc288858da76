import { describe, expect, it } from 'vitest';
import { FakeAdmin } from '../fakes/fake-admin.js';
import { commandLineFor } from './command-line.js';

const DOCUMENT = '{"keys":[]}';

describe('spoor bundle', () => {
  it('stores a document, tells its format from the text, and gives it back', async () => {
    await using admin = await FakeAdmin.open();
    await using line = await commandLineFor(admin);
    line.input = DOCUMENT;
    expect(await line.json('bundle', 'set', 'partner.example', '-')).toEqual({
      trust_domain: 'partner.example',
      format: 'spiffe',
    });
    line.input = '-----BEGIN CERTIFICATE-----\n';
    await line.run(['bundle', 'set', 'other.example', '-']);
    expect(admin.bundles.get('other.example')?.format).toBe('pem');
    expect((await line.run(['bundle', 'show', 'partner.example'])).out).toBe(`${DOCUMENT}\n`);
    expect(await line.json('bundle', 'show', 'partner.example')).toEqual({
      trust_domain: 'partner.example',
      format: 'spiffe',
      document: DOCUMENT,
    });
  });

  it('lists bundles with the number of their keys', async () => {
    await using admin = await FakeAdmin.open();
    await using line = await commandLineFor(admin);
    line.input = DOCUMENT;
    await line.run(['bundle', 'set', 'partner.example', '-']);
    expect((await line.run(['bundle', 'list'])).out).toBe(
      'TRUST DOMAIN     KEPT IN  X509  JWT  WIT  SEQUENCE\npartner.example  store    1     0    0    -\n',
    );
    expect(await line.json('bundle', 'list')).toEqual({
      bundles: [
        {
          trust_domain: 'partner.example',
          source: 'store',
          sequence: '',
          refresh_hint_seconds: 0,
          x509_authorities: 1,
          jwt_authorities: 0,
          wit_authorities: 0,
        },
      ],
    });
  });

  it('deletes a bundle, and says when there is none', async () => {
    await using admin = await FakeAdmin.open();
    await using line = await commandLineFor(admin);
    line.input = DOCUMENT;
    await line.run(['bundle', 'set', 'partner.example', '-']);
    expect(await line.json('bundle', 'delete', 'partner.example')).toEqual({ deleted: 'partner.example' });
    const { exit, err } = await line.run(['bundle', 'delete', 'partner.example']);
    expect([exit, err]).toEqual([2, expect.stringContaining('BUNDLE_NOT_FOUND')]);
  });
});
