import type { IssuedJwtSvid, IssuedWitSvid, IssuedX509Svid, X509View } from '../../src/issuance/views.js';
import { NO_MATCHES } from './fake-rooms.js';

const NOT_BEFORE = new Date('2030-01-01T00:00:00Z');
const NOT_AFTER = new Date('2030-01-01T00:15:00Z');

/** An X509-SVID for tests that never look into it. */
export function x509Svid(path: string, hint = ''): IssuedX509Svid {
  return {
    spiffeId: `spiffe://example.org${path}`,
    chain: Buffer.from(`chain of ${path}`),
    key: Buffer.from(`key of ${path}`),
    hint,
    serial: '01',
    fingerprint: '02',
    notBefore: NOT_BEFORE,
    notAfter: NOT_AFTER,
    entryId: path.slice(1),
    federatesWith: [],
  };
}

/** A view of such X509-SVIDs; `bundle` may be of any size. */
export function x509View(svids: readonly IssuedX509Svid[], bundle = Buffer.from('ca')): X509View {
  return { svids, bundle: [bundle], federated: new Map(), matches: NO_MATCHES };
}

export function jwtSvid(path: string, hint = ''): IssuedJwtSvid {
  return {
    spiffeId: `spiffe://example.org${path}`,
    token: `token of ${path}`,
    hint,
    expiresAt: NOT_AFTER,
    jti: path,
    entryId: path.slice(1),
  };
}

export function witSvid(path: string, hint = ''): IssuedWitSvid {
  return { ...jwtSvid(path, hint), key: `{"kty":"EC","of":"${path}"}` };
}
