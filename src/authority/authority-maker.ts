import { generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import type { TrustDomain } from '../spiffe/trust-domain.js';
import type { AuthorityRecord } from './authority-record.js';
import type { Profile } from './authority-set.js';
import { BACKDATE_MS } from './lifecycle.js';
import type { AuthoritySettings, JwtAlgorithm } from './settings.js';
import { createRoot, x509IdOf } from './x509-root.js';

const generate = promisify(generateKeyPair);

export interface NewAuthority {
  readonly record: AuthorityRecord;
  readonly key: KeyObject;
}

export interface AuthorityMakerDeps {
  readonly trustDomain: TrustDomain;
  readonly settings: Pick<AuthoritySettings, 'lifetimes' | 'jwt'>;
  readonly random: (size: number) => Buffer;
}

/** Makes a new authority of one profile, with a new key; it is `prepared` and known to nobody yet. */
export async function makeAuthority(
  profile: Profile,
  now: Date,
  deps: AuthorityMakerDeps,
): Promise<NewAuthority> {
  const second = Math.floor(now.getTime() / 1_000) * 1_000;
  const validity = {
    notBefore: new Date(second - BACKDATE_MS),
    notAfter: new Date(second + deps.settings.lifetimes.authoritySeconds * 1_000),
  };
  const { id, key, half } =
    profile === 'x509' ? await makeRoot(validity, deps) : await makeTokenKey(profile, deps);
  return { record: { profile, id, state: 'prepared', since: now, ...validity, public: half }, key };
}

interface NewHalf {
  readonly id: string;
  readonly key: KeyObject;
  readonly half: AuthorityRecord['public'];
}

async function makeRoot(
  validity: { readonly notBefore: Date; readonly notAfter: Date },
  { trustDomain, random }: AuthorityMakerDeps,
): Promise<NewHalf> {
  const { certificate, key } = await createRoot(trustDomain, validity, random(16));
  const half = { kind: 'x509', upstream: false, certificate, chain: [], roots: [certificate] } as const;
  return { id: x509IdOf(certificate), key, half };
}

async function makeTokenKey(
  profile: 'jwt' | 'wit',
  { settings, random }: AuthorityMakerDeps,
): Promise<NewHalf> {
  const algorithm = profile === 'jwt' ? settings.jwt.algorithm : 'ES256';
  const { privateKey: key, publicKey } = await generateFor(algorithm);
  return { id: random(16).toString('hex'), key, half: { kind: 'token', algorithm, publicKey } };
}

async function generateFor(
  algorithm: JwtAlgorithm,
): Promise<{ readonly privateKey: KeyObject; readonly publicKey: KeyObject }> {
  if (algorithm === 'RS256') return generate('rsa', { modulusLength: 2_048 });
  return generate('ec', { namedCurve: algorithm === 'ES256' ? 'P-256' : 'P-384' });
}
