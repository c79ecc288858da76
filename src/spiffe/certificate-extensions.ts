import { SpoorError } from '../core/errors.js';
import { DerReader } from '../encoding/der.js';
import { TAG } from '../encoding/der-node.js';

/** The extensions that path validation knows (RFC 5280 section 4.2.1). */
export const OID = {
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  certificatePolicies: '2.5.29.32',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
} as const;

export interface Extension {
  readonly critical: boolean;
  readonly value: Buffer;
}

export interface BasicConstraints {
  readonly ca: boolean;
  /** How many CA certificates may follow; absent when it is not limited. */
  readonly pathLength?: number;
}

export interface KeyUsage {
  readonly digitalSignature: boolean;
  readonly keyEncipherment: boolean;
  readonly keyAgreement: boolean;
  readonly keyCertSign: boolean;
  readonly crlSign: boolean;
}

/** The kinds of GeneralName that are used here, by their tag number. */
export const NAME_KIND = { email: 1, dns: 2, directory: 4, uri: 6, ip: 7 } as const;

/** One GeneralName: its tag number and content; a directory name is the whole Name element. */
export interface GeneralName {
  readonly kind: number;
  readonly bytes: Buffer;
}

/** Reads the elements of an Extensions sequence. Errors: DER_INVALID, also for an extension that stands twice. */
export function readExtensions(list: DerReader): ReadonlyMap<string, Extension> {
  const extensions = new Map<string, Extension>();
  while (!list.done) {
    const one = list.enter();
    const id = one.oid();
    const critical = one.peek() === TAG.boolean && one.boolean();
    if (extensions.has(id)) throw invalid(`extension ${id} stands twice`);
    extensions.set(id, { critical, value: one.octetString() });
    one.finish();
  }
  return extensions;
}

/** An absent extension says the same as CA:FALSE. A written-out FALSE is not DER, but common, and read. */
export function readBasicConstraints(extension: Extension | undefined): BasicConstraints {
  if (extension === undefined) return { ca: false };
  const fields = open(extension);
  const ca = fields.peek() === TAG.boolean && fields.boolean();
  const length = fields.done ? undefined : fields.integer();
  fields.finish();
  if (length === undefined) return { ca };
  // A negative or enormous number is not one that anything could be compared with.
  if (length.length > 2 || (length[0] ?? 0) >= 0x80) throw invalid('the path length is out of range');
  return { ca, pathLength: length.readUIntBE(0, length.length) };
}

export function readKeyUsage(extension: Extension | undefined): KeyUsage | undefined {
  if (extension === undefined) return undefined;
  const whole = DerReader.of(extension.value);
  const bits = whole.bitString().bytes[0] ?? 0;
  whole.finish();
  return {
    digitalSignature: (bits & 0x80) !== 0,
    keyEncipherment: (bits & 0x20) !== 0,
    keyAgreement: (bits & 0x08) !== 0,
    keyCertSign: (bits & 0x04) !== 0,
    crlSign: (bits & 0x02) !== 0,
  };
}

export function readSubjectAltNames(extension: Extension | undefined): readonly GeneralName[] {
  if (extension === undefined) return [];
  const list = open(extension);
  const names: GeneralName[] = [];
  while (!list.done) names.push(readGeneralName(list));
  return names;
}

/** The object identifiers of an ExtendedKeyUsage extension. */
export function readExtendedKeyUsage(extension: Extension | undefined): readonly string[] {
  if (extension === undefined) return [];
  const list = open(extension);
  const usages: string[] = [];
  while (!list.done) usages.push(list.oid());
  return usages;
}

/** Reads the next element as a GeneralName. */
export function readGeneralName(list: DerReader): GeneralName {
  const node = list.next();
  if ((node.tag & 0xc0) !== 0x80) throw invalid('a general name has no context tag');
  return { kind: node.tag & 0x1f, bytes: list.content(node) };
}

/** The SEQUENCE that an extension's value is. */
export function open(extension: Extension): DerReader {
  const whole = DerReader.of(extension.value);
  const fields = whole.enter();
  whole.finish();
  return fields;
}

function invalid(why: string): SpoorError {
  return new SpoorError('DER_INVALID', `not a certificate: ${why}`);
}
