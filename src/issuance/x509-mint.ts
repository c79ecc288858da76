import { hash, randomFillSync } from 'node:crypto';
import type { X509Signer } from '../authority/authority-set.js';
import type { P256Keys } from '../keys/p256.js';
import { SERIAL_BYTES, timeForm, X509Template, type X509Subject } from './x509-template.js';

/** Templates that are kept; one more begins a new collection. About 1 KB each. */
const MAX_TEMPLATES = 10_000;
const SERIALS_AT_ONCE = 256;

/** One new certificate and its key. */
export interface MintedX509 {
  /** DER of the leaf. */
  readonly certificate: Buffer;
  /** PKCS#8 DER. */
  readonly key: Buffer;
  /** Lower-case hex. */
  readonly serial: string;
  /** SHA-256 of the leaf, lower-case hex. */
  readonly fingerprint: string;
}

/** Makes leaf certificates with a new key each. Source: decision 6. */
export class X509Mint {
  readonly #keys: P256Keys;
  readonly #serials = Buffer.alloc(SERIAL_BYTES * SERIALS_AT_ONCE);
  #serialAt = this.#serials.length;
  #signer: X509Signer | undefined;
  #templates = new Map<string, X509Template>();

  constructor(keys: P256Keys) {
    this.#keys = keys;
  }

  /** Errors: AUTHORITY_NOT_READY when the signer does not sign. */
  mint(subject: X509Subject, signer: X509Signer, notBefore: Date, notAfter: Date): MintedX509 {
    const { point, pkcs8 } = this.#keys.generate();
    const template = this.#templateOf(subject, signer, notBefore, notAfter);
    const serial = this.#nextSerial();
    const certificate = template.mint({ serial, notBefore, notAfter, point });
    return {
      certificate,
      key: pkcs8,
      serial: serial.toString('hex'),
      fingerprint: hash('sha256', certificate),
    };
  }

  #templateOf(subject: X509Subject, signer: X509Signer, notBefore: Date, notAfter: Date): X509Template {
    if (this.#signer !== signer || this.#templates.size >= MAX_TEMPLATES) {
      this.#signer = signer;
      this.#templates = new Map();
    }
    const form = `${timeForm(notBefore)} ${timeForm(notAfter)}`;
    const name = [form, subject.spiffeId, ...subject.dnsNames].join('\n');
    const known = this.#templates.get(name);
    if (known !== undefined) return known;
    const template = new X509Template(subject, signer, { notBefore, notAfter });
    this.#templates.set(name, template);
    return template;
  }

  /** Positive and of full length: 126 bits of it are random. Unpredictable bytes are cheaper by the block. */
  #nextSerial(): Buffer {
    if (this.#serialAt === this.#serials.length) {
      randomFillSync(this.#serials);
      this.#serialAt = 0;
    }
    const serial = this.#serials.subarray(this.#serialAt, this.#serialAt + SERIAL_BYTES);
    this.#serialAt += SERIAL_BYTES;
    serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40;
    return serial;
  }
}
