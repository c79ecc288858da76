import { constants, type KeyObject, sign } from 'node:crypto';

/** Signs a compact JWS as its header says, with node:crypto alone; the payload and header may be any nonsense. */
export function signToken(header: object, payload: object | string, key: KeyObject): string {
  const input = [header, payload].map(encode).join('.');
  const alg = 'alg' in header ? String(header.alg) : 'ES256';
  const hash = `sha${/\d{3}$/.exec(alg)?.[0] ?? '256'}`;
  return `${input}.${sign(hash, Buffer.from(input), { key, ...optionsOf(alg) }).toString('base64url')}`;
}

function optionsOf(alg: string): object {
  if (!alg.startsWith('PS')) return { dsaEncoding: 'ieee-p1363' };
  return { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
}

function encode(value: object | string): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
}
