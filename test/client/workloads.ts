import type { SecureContextOptions } from 'node:tls';
import { writePem } from '../../src/encoding/pem.js';
import { X509Svid } from '../../src/spiffe/x509-svid.js';
import { TestAuthority } from '../fakes/test-authority.js';
import type { CertificateWish, TestCertificate } from '../fakes/test-certificate.js';
import { TestIdentity } from '../fakes/test-identity.js';

export const SERVER = 'spiffe://example.org/server';
export const CLIENT = 'spiffe://example.org/client';
const HOUR_MS = 3_600_000;

/** Workloads of `example.org` and of `other.test`, of this very hour: OpenSSL reads the real clock. */
export class Workloads {
  readonly now: Date;
  readonly authority: TestAuthority;
  readonly foreign: TestAuthority;

  private constructor(now: Date, authority: TestAuthority, foreign: TestAuthority) {
    this.now = now;
    this.authority = authority;
    this.foreign = foreign;
  }

  static async open(): Promise<Workloads> {
    const now = new Date();
    const authorities = await Promise.all([
      TestAuthority.open('example.org', now),
      TestAuthority.open('other.test', now),
    ]);
    return new Workloads(now, ...authorities);
  }

  /** A workload of `example.org` that trusts its own trust domain. */
  async identity(path: string, wish: CertificateWish = {}): Promise<TestIdentity> {
    return new TestIdentity((await this.authority.x509(path, wish)).svid, [this.authority], this.now);
  }

  /** A workload of `other.test`; it trusts both trust domains. */
  async foreigner(path: string, wish: CertificateWish = {}): Promise<TestIdentity> {
    const { svid } = await this.foreign.x509(path, wish);
    return new TestIdentity(svid, [this.authority, this.foreign], this.now);
  }

  /** An authority below the root. */
  async intermediate(): Promise<TestCertificate> {
    return await this.authority.root.issue({ ca: true, subject: 'O=Middle', ...this.#validity() });
  }

  /** An SVID that the intermediate issues and is sent along with. */
  async below(middle: TestCertificate, id: string): Promise<X509Svid> {
    const leaf = await middle.issue({ uris: [id], ...this.#validity() });
    return X509Svid.parse(Buffer.concat([leaf.der, middle.der]), leaf.pkcs8);
  }

  /** A certificate that no library of ours would present, for Node's own TLS. */
  async certificate(wish: CertificateWish): Promise<Required<Pick<SecureContextOptions, 'cert' | 'key'>>> {
    const leaf = await this.authority.root.issue({ ...this.#validity(), ...wish });
    return {
      cert: writePem('CERTIFICATE', leaf.der),
      key: leaf.key.export({ type: 'pkcs8', format: 'pem' }),
    };
  }

  #validity(): { notBefore: Date; notAfter: Date } {
    const at = this.now.getTime();
    return { notBefore: new Date(at - 60_000), notAfter: new Date(at + HOUR_MS) };
  }
}
