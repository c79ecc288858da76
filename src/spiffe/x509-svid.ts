import { createPrivateKey, type KeyObject, type X509Certificate } from 'node:crypto';
import { inspect } from 'node:util';
import { SpoorError } from '../core/errors.js';
import { DerReader } from '../encoding/der.js';
import { TAG } from '../encoding/der-node.js';
import { readPem } from '../encoding/pem.js';
import type { BundleLookup } from './bundle.js';
import { type Certificate, readCertificate } from './certificate.js';
import type { SpiffeId } from './spiffe-id.js';
import { readLeaf } from './x509-leaf.js';
import { validatePath } from './x509-path.js';

/** A leaf and seven intermediates: more than any PKI has. */
const MAX_CHAIN_CERTIFICATES = 8;
/** Bytes of concatenated certificates; a gRPC message has 4 MB unless told otherwise. */
const MAX_CONCATENATED_BYTES = 4_194_304;

/** An X509-SVID with its private key: what a workload presents. Never shows its key when it is printed. */
export class X509Svid {
  readonly id: SpiffeId;
  /** Leaf first, then its issuers, without the root. */
  readonly chain: readonly X509Certificate[];
  readonly privateKey: KeyObject;
  readonly hint: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** Lower-case hex. */
  readonly serial: string;
  /** SHA-256 of the leaf's DER, lower-case hex. */
  readonly fingerprint: string;

  private constructor(
    id: SpiffeId,
    chain: readonly Certificate[],
    leaf: Certificate,
    key: KeyObject,
    hint: string,
  ) {
    this.id = id;
    this.chain = chain.map(({ crypto }) => crypto);
    this.privateKey = key;
    this.hint = hint;
    this.notBefore = leaf.notBefore;
    this.notAfter = leaf.notAfter;
    this.serial = leaf.crypto.serialNumber.toLowerCase();
    this.fingerprint = leaf.crypto.fingerprint256.replaceAll(':', '').toLowerCase();
  }

  /**
   * Reads what FetchX509SVID sends. The signature is not checked: it comes from the Workload API.
   *
   * Takes:  `chainDer` — certificates one behind the other, leaf first. `pkcs8Der` — not encrypted.
   * Errors: X509_SVID_INVALID when the leaf breaks a rule, an issuer is no CA, or the key is another one's.
   * Source: Workload API section 5.2.1, X509-SVID sections 2 to 4.
   */
  static parse(chainDer: Uint8Array, pkcs8Der: Uint8Array, hint = ''): X509Svid {
    const key = readKey(() => createPrivateKey({ key: Buffer.from(pkcs8Der), format: 'der', type: 'pkcs8' }));
    return X509Svid.#from(
      readChain(() => splitCertificates(chainDer)),
      key,
      hint,
    );
  }

  /** The same from PEM: CERTIFICATE blocks, leaf first, and one PRIVATE KEY block. Errors: as `parse`. */
  static fromPem(chainPem: string, keyPem: string, hint = ''): X509Svid {
    const key = readKey(() => createPrivateKey({ key: keyPem, format: 'pem' }));
    return X509Svid.#from(
      readChain(() => readPem(chainPem, 'CERTIFICATE').map(({ bytes }) => bytes)),
      key,
      hint,
    );
  }

  static #from(chain: readonly Certificate[], key: KeyObject, hint: string): X509Svid {
    const [leaf, ...issuers] = chain;
    if (leaf === undefined) throw invalid('X509-2a', 'it holds no certificate');
    const id = readLeaf(leaf);
    if (issuers.some(({ basicConstraints }) => !basicConstraints.ca)) {
      throw invalid('X509-3.2a', 'a certificate behind the leaf is no CA');
    }
    if (!leaf.crypto.checkPrivateKey(key))
      throw invalid('X509-2a', 'the private key is not that of the leaf');
    return new X509Svid(id, chain, leaf, key, hint);
  }

  toJSON(): object {
    const { id, hint, serial, fingerprint, notBefore, notAfter } = this;
    return { id: id.toString(), hint, serial, fingerprint, notBefore, notAfter };
  }

  [inspect.custom](): string {
    return `X509Svid ${inspect(this.toJSON())}`;
  }
}

/**
 * Takes concatenated certificates apart, as the Workload API sends them.
 *
 * Limit:  MAX_CONCATENATED_BYTES.
 * Errors: DER_INVALID.
 * Source: Workload API section 5.2.1.
 */
export function splitCertificates(concatenatedDer: Uint8Array): Buffer[] {
  const all = DerReader.of(concatenatedDer, MAX_CONCATENATED_BYTES);
  const certificates: Buffer[] = [];
  while (!all.done) certificates.push(all.raw(all.next(TAG.sequence)));
  return certificates;
}

/**
 * Validates a chain that a peer presents, against the bundle of the trust domain that its leaf names.
 *
 * Takes:   `chainDer` — leaf first. `bundles` — every trust domain that is trusted.
 * Returns: whom the peer is.
 * Errors:  X509_SVID_INVALID; `facts.clause` names the rule, e.g. X509-5.2a.
 * Source:  X509-SVID section 5, Federation section 7.3.
 */
export function validateX509Svid(
  chainDer: readonly Uint8Array[],
  bundles: BundleLookup,
  now: Date,
): SpiffeId {
  const [leaf, ...intermediates] = readChain(() => chainDer);
  if (leaf === undefined) throw invalid('X509-2a', 'it holds no certificate');
  const id = readLeaf(leaf);
  const bundle = bundles.get(id.trustDomain);
  if (bundle === undefined)
    throw invalid('WAPI-4.6a', `the trust domain ${id.trustDomain.name} is not trusted`);
  if (bundle.x509Authorities.length === 0) {
    throw invalid('TDB-4.1.3c', `the trust domain ${id.trustDomain.name} has no X.509 authority`);
  }
  validatePath(leaf, intermediates, bundle.certificates, now);
  return id;
}

/**
 * The SPIFFE ID of a leaf. URI SANs are counted from the DER, since a printed SAN can be forged with a comma.
 *
 * Errors: X509_SVID_INVALID, as `validateX509Svid` for the leaf alone. Nothing is said of who signed it.
 */
export function spiffeIdOfLeaf(der: Uint8Array): SpiffeId {
  const [leaf] = readChain(() => [der]);
  if (leaf === undefined) throw invalid('X509-2a', 'it holds no certificate');
  return readLeaf(leaf);
}

function readChain(certificates: () => readonly Uint8Array[]): readonly Certificate[] {
  try {
    const all = certificates();
    if (all.length <= MAX_CHAIN_CERTIFICATES) return all.map(readCertificate);
  } catch (cause) {
    throw invalid('X509-5.1a', 'a certificate cannot be read', cause);
  }
  throw invalid('X509-5.1a', `it holds more than ${MAX_CHAIN_CERTIFICATES} certificates`);
}

function readKey(open: () => KeyObject): KeyObject {
  try {
    return open();
  } catch (cause) {
    throw invalid('WAPI-P4', 'the private key is not an unencrypted PKCS#8 key', cause);
  }
}

function invalid(clause: string, why: string, cause?: unknown): SpoorError {
  return new SpoorError('X509_SVID_INVALID', `not an X509-SVID: ${why}`, { facts: { clause }, cause });
}
