import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { Bundle } from '../../src/spiffe/bundle.js';
import { TrustDomain } from '../../src/spiffe/trust-domain.js';
import { X509Svid } from '../../src/spiffe/x509-svid.js';
import { type CertificateWish, TestCertificate } from './test-certificate.js';
import { signToken } from './test-token.js';

const DAY_MS = 86_400_000;
const SERVER_AND_CLIENT = ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'];

/** An X509-SVID with everything that FetchX509SVID sends of it. */
export interface TestX509Svid {
  readonly svid: X509Svid;
  /** DER, leaf first, one behind the other. */
  readonly chain: Buffer;
  readonly pkcs8: Buffer;
  readonly certificate: TestCertificate;
}

/** What a token is to have in place of what a good one has; a member that is undefined is left out. */
export interface TokenWish {
  readonly header?: object;
  readonly claims?: object;
  readonly key?: KeyObject;
}

/** A trust domain that really issues: X509-SVIDs, JWT-SVIDs and WIT-SVIDs, each valid from a minute before `at` for an hour. */
export class TestAuthority {
  readonly trustDomain: TrustDomain;
  readonly at: Date;
  readonly root: TestCertificate;
  readonly jwtKid = 'jwt-key-1';
  readonly witKid = 'wit-key-1';
  readonly jwtKey: KeyObject = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  readonly witKey: KeyObject = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;

  private constructor(trustDomain: TrustDomain, at: Date, root: TestCertificate) {
    this.trustDomain = trustDomain;
    this.at = at;
    this.root = root;
  }

  /** Takes: `at` — the clock of the test; `new Date()` where real TLS is spoken. */
  static async open(name = 'example.org', at = new Date('2030-01-01T00:00:00Z')): Promise<TestAuthority> {
    const root = await TestCertificate.selfSigned({
      subject: `O=Test Root of ${name}`,
      ca: true,
      uris: [`spiffe://${name}`],
      notBefore: new Date(at.getTime() - DAY_MS),
      notAfter: new Date(at.getTime() + 365 * DAY_MS),
    });
    return new TestAuthority(TrustDomain.parse(name), at, root);
  }

  /** Everything that it signs with. */
  get bundle(): Bundle {
    return Bundle.of(this.trustDomain, {
      x509Authorities: [this.root.der],
      jwtAuthorities: new Map([[this.jwtKid, createPublicKey(this.jwtKey)]]),
      witAuthorities: new Map([[this.witKid, createPublicKey(this.witKey)]]),
    });
  }

  /** An X509-SVID of `path`, e.g. `/web`. */
  async x509(path = '/web', wish: CertificateWish = {}, hint = ''): Promise<TestX509Svid> {
    const certificate = await this.root.issue({
      uris: [`spiffe://${this.trustDomain.name}${path}`],
      extendedKeyUsage: SERVER_AND_CLIENT,
      notBefore: new Date(this.at.getTime() - 60_000),
      notAfter: new Date(this.at.getTime() + 3_600_000),
      ...wish,
    });
    const { der, pkcs8 } = certificate;
    return { svid: X509Svid.parse(der, pkcs8, hint), chain: der, pkcs8, certificate };
  }

  /** A JWT-SVID of `spiffe://<trust domain>/web` for the audience `test-audience`, unless wished otherwise. */
  jwt({ header = {}, claims = {}, key = this.jwtKey }: TokenWish = {}): string {
    const base = { sub: `spiffe://${this.trustDomain.name}/web`, aud: ['test-audience'], ...this.#times() };
    return signToken({ alg: 'ES256', kid: this.jwtKid, typ: 'JWT', ...header }, { ...base, ...claims }, key);
  }

  /** A WIT-SVID of `spiffe://<trust domain>/web`, and the private key that it names. */
  wit({ header = {}, claims = {}, key = this.witKey }: TokenWish = {}): { token: string; key: KeyObject } {
    const own = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const jwk = { ...own.publicKey.export({ format: 'jwk' }), alg: 'ES256' };
    const base = { sub: `spiffe://${this.trustDomain.name}/web`, cnf: { jwk }, ...this.#times() };
    const head = { alg: 'ES256', kid: this.witKid, typ: 'wit+jwt', ...header };
    return { token: signToken(head, { ...base, ...claims }, key), key: own.privateKey };
  }

  #times(): object {
    const now = Math.floor(this.at.getTime() / 1000);
    return { exp: now + 3600, iat: now - 60 };
  }
}
