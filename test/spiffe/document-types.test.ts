import { expect, it } from 'vitest';
import { validateJwtSvid } from '../../src/spiffe/jwt-svid.js';
import { validateWitSvid } from '../../src/spiffe/wit-svid.js';
import { validateX509Svid } from '../../src/spiffe/x509-svid.js';
import { clause } from '../conformance/prove.js';
import { outcome } from '../fakes/outcome.js';
import { TestAuthority } from '../fakes/test-authority.js';

it('takes each kind of SVID for what it is and for no other kind', async () => {
  const authority = await TestAuthority.open();
  const { bundle, at } = authority;
  const { chain } = await authority.x509();
  const documents = [chain, Buffer.from(authority.jwt()), Buffer.from(authority.wit().token)];
  const validators = [
    (bytes: Buffer): string => validateX509Svid([bytes], bundle, at).path,
    (bytes: Buffer): string => validateJwtSvid(bytes.toString('latin1'), 'test-audience', bundle, at).id.path,
    (bytes: Buffer): string => validateWitSvid(bytes.toString('latin1'), bundle, at).id.path,
  ];
  clause('ID-3.3a', () => {
    const judged = documents.map((document) =>
      validators.map((validate) => outcome(() => validate(document))),
    );
    expect(judged).toEqual([
      ['/web', 'JWT_SVID_INVALID', 'WIT_SVID_INVALID'],
      ['X509_SVID_INVALID', '/web', 'WIT_SVID_INVALID'],
      ['X509_SVID_INVALID', 'JWT_SVID_INVALID', '/web'],
    ]);
  });
});
