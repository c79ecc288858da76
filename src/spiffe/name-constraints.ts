import type { DerReader } from '../encoding/der.js';
import type { Certificate } from './certificate.js';
import { type GeneralName, NAME_KIND, OID, open, readGeneralName } from './certificate-extensions.js';
import { isDirectoryBelow } from './directory-name.js';

/** The name spaces that the certificates below a CA must lie in, or must not. */
export interface NameConstraints {
  readonly permitted: readonly GeneralName[];
  readonly excluded: readonly GeneralName[];
}

/** Whether a name lies in a subtree; undefined when that cannot be told, which must count against the name. */
type Judge = (name: Buffer, base: Buffer) => boolean | undefined;

const JUDGES: Readonly<Record<number, Judge>> = {
  [NAME_KIND.dns]: (name, base) => isBelow(text(name), text(base), true),
  [NAME_KIND.uri]: (name, base) => {
    const host = hostOf(text(name));
    return host === undefined ? undefined : isBelow(host, text(base), false);
  },
  [NAME_KIND.ip]: isInNetwork,
  [NAME_KIND.directory]: isDirectoryBelow,
};

/**
 * Reads a CA's name constraints; undefined when it has none.
 *
 * Errors: DER_INVALID; also for a minimum or maximum, which RFC 5280 does not allow.
 * Source: RFC 5280 section 4.2.1.10.
 */
export function readNameConstraints(ca: Certificate): NameConstraints | undefined {
  const extension = ca.extensions.get(OID.nameConstraints);
  if (extension === undefined) return undefined;
  const fields = open(extension);
  const permitted = readSubtrees(fields, 0xa0);
  const excluded = readSubtrees(fields, 0xa1);
  fields.finish();
  return { permitted, excluded };
}

/**
 * Why a certificate's names break the constraints of a CA above it; undefined when they do not.
 *
 * URI, DNS, IP and directory names are judged. A name of another kind, on which a constraint lies, is refused.
 *
 * Source: RFC 5280 sections 4.2.1.10 and 6.1.3 (b) and (c).
 */
export function whyConstrained(certificate: Certificate, constraints: NameConstraints): string | undefined {
  for (const name of namesOf(certificate)) {
    const ofKind = ({ kind }: GeneralName): boolean => kind === name.kind;
    const judge = JUDGES[name.kind] ?? ((): undefined => undefined);
    const excluded = constraints.excluded.filter(ofKind).map(({ bytes }) => judge(name.bytes, bytes));
    if (excluded.some((inside) => inside !== false))
      return `a name of kind ${name.kind} is excluded by a CA above it`;
    const permitted = constraints.permitted.filter(ofKind).map(({ bytes }) => judge(name.bytes, bytes));
    if (permitted.length > 0 && !permitted.includes(true)) {
      return `a name of kind ${name.kind} is not among those that a CA above it permits`;
    }
  }
  return undefined;
}

function readSubtrees(fields: DerReader, tag: number): GeneralName[] {
  const node = fields.optional(tag);
  if (node === undefined) return [];
  const list = fields.inside(node);
  const bases: GeneralName[] = [];
  while (!list.done) {
    const subtree = list.enter();
    bases.push(readGeneralName(subtree));
    subtree.finish();
  }
  return bases;
}

/** All names that constraints can lie on: the subject alternative names, and the subject unless it is empty. */
function namesOf({ subject, subjectAltNames }: Certificate): readonly GeneralName[] {
  const emptySubject = subject.length === 2;
  return emptySubject ? subjectAltNames : [...subjectAltNames, { kind: NAME_KIND.directory, bytes: subject }];
}

function text(bytes: Buffer): string {
  return bytes.toString('latin1').toLowerCase();
}

/** The host of a URI; undefined when it has none or it is an address, to which no constraint can be applied. */
function hostOf(uri: string): string | undefined {
  const host = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#@]*@)?([^/?#:@]+)(?::\d*)?(?:[/?#]|$)/.exec(uri)?.[1];
  return host === undefined || host.startsWith('[') || /^[\d.]+$/.test(host) ? undefined : host;
}

/** A base with a leading dot means the domains below it; without, the host itself, and for DNS those below it too. */
function isBelow(host: string, base: string, withSubdomains: boolean): boolean {
  if (base === '') return true;
  if (base.startsWith('.')) return host.endsWith(base) && host.length > base.length;
  return host === base || (withSubdomains && host.endsWith(`.${base}`));
}

/** A base is an address and a mask, side by side. */
function isInNetwork(address: Buffer, base: Buffer): boolean | undefined {
  const width = base.length / 2;
  if ((address.length !== 4 && address.length !== 16) || (width !== 4 && width !== 16)) return undefined;
  if (address.length !== width) return false;
  return address.every(
    (byte, i) => (byte & (base[width + i] ?? 0)) === ((base[i] ?? 0) & (base[width + i] ?? 0)),
  );
}
