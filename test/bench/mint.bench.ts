// What one document costs to mint, beside the bare cryptography that it cannot do without.
import { createECDH, generateKeyPairSync, hash, randomBytes, sign, type KeyObject } from 'node:crypto';
import { createRoot, x509IdOf } from '../../dist/authority/x509-root.js';
import { tokenSignerOf, x509SignerOf } from '../../dist/authority/signers.js';
import { mintJwt, mintWit } from '../../dist/issuance/token-mint.js';
import { X509Mint } from '../../dist/issuance/x509-mint.js';
import { P256Keys } from '../../dist/keys/p256.js';
import { TrustDomain } from '../../dist/spiffe/trust-domain.js';
import { print, quantile } from './figures.ts';

const BATCH = 500;
const BATCHES = 20;
const [NOW, HOUR_MS] = [Date.now(), 3_600_000];
const VALIDITY = { notBefore: new Date(NOW - HOUR_MS), notAfter: new Date(NOW + HOUR_MS) };
const SPIFFE_ID = 'spiffe://example.org/agents/web';

const trustDomain = TrustDomain.parse('example.org');
const root = await createRoot(trustDomain, VALIDITY, randomBytes(16));
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const record = {
  id: x509IdOf(root.certificate),
  state: 'active',
  since: new Date(NOW),
  ...VALIDITY,
} as const;
const x509Half = {
  kind: 'x509',
  upstream: false,
  certificate: root.certificate,
  chain: [],
  roots: [],
} as const;
const tokenHalf = { kind: 'token', algorithm: 'ES256', publicKey } as const;
const x509 = x509SignerOf({ ...record, profile: 'x509', public: x509Half }, x509Half, root.key);
const token = tokenSignerOf({ ...record, profile: 'jwt', public: tokenHalf }, tokenHalf, privateKey);

const keys = new P256Keys();
const mint = new X509Mint(keys);
const subject = { spiffeId: SPIFFE_ID, dnsNames: ['web.example.org'] };
const times = { issuedAt: new Date(NOW), expiresAt: VALIDITY.notAfter };
const jwt = { spiffeId: SPIFFE_ID, audience: ['spiffe://example.org/api'], issuer: undefined, ...times };

const ecdh = createECDH('prime256v1');
const tbs = randomBytes(500);
const bareKey = (): void => void ecdh.generateKeys();
const bareSign = (key: KeyObject): void => void sign('sha256', tbs, key);
const bareX509 = (): void => {
  bareKey();
  bareSign(root.key);
  hash('sha1', tbs);
  hash('sha256', tbs);
};

/** Work and floor by turns, so that both see the same minute. Returns: medians, in microseconds for one. */
function measure(work: () => unknown, floor: () => unknown): { value: number; floor: number } {
  const [works, floors]: [number[], number[]] = [[], []];
  for (let batch = 0; batch < BATCHES; batch += 1) {
    works.push(timed(work));
    floors.push(timed(floor));
  }
  return { value: quantile(works.slice(2), 0.5), floor: quantile(floors.slice(2), 0.5) };
}

function timed(work: () => unknown): number {
  const start = performance.now();
  for (let round = 0; round < BATCH; round += 1) work();
  return ((performance.now() - start) * 1_000) / BATCH;
}

const svid = measure(() => mint.mint(subject, x509, VALIDITY.notBefore, VALIDITY.notAfter), bareX509);
print({ name: 'X509-SVID: fresh P-256 key and certificate', unit: 'µs', ...svid, atMost: 100 });
print({ name: 'the same, in floors', unit: '×', value: svid.value / svid.floor, atMost: 2 });
const bareToken = (): void => bareSign(privateKey);
print({ name: 'JWT-SVID', unit: 'µs', ...measure(() => mintJwt(token, jwt), bareToken) });
const bareWit = (): void => {
  bareKey();
  bareSign(privateKey);
};
print({ name: 'WIT-SVID with its key', unit: 'µs', ...measure(() => mintWit(token, jwt, keys), bareWit) });
