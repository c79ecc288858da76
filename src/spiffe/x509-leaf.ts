import { SpoorError } from '../core/errors.js';
import type { Certificate } from './certificate.js';
import { NAME_KIND } from './certificate-extensions.js';
import { SpiffeId } from './spiffe-id.js';

/**
 * The SPIFFE ID of a leaf that follows the rules for leaves: one URI SAN, with a path; no CA; a key that signs, but
 * neither certificates nor revocation lists.
 *
 * Errors: X509_SVID_INVALID, with the clause in `facts`.
 * Source: X509-SVID sections 2, 4.3 and 5.2.
 */
export function readLeaf(leaf: Certificate): SpiffeId {
  const id = readUriSan(leaf);
  if (id.path === '') throw invalid('X509-5.2d', 'its SPIFFE ID has no path');
  if (leaf.basicConstraints.ca) throw invalid('X509-5.2a', 'it is a CA');
  if (leaf.keyUsage === undefined) throw invalid('X509-4.3a', 'it has no key usage');
  if (leaf.keyUsage.keyCertSign || leaf.keyUsage.crlSign) {
    throw invalid('X509-5.2b', 'its key may sign certificates or revocation lists');
  }
  if (!leaf.keyUsage.digitalSignature) throw invalid('X509-4.3c', 'its key usage lacks digitalSignature');
  return id;
}

function readUriSan({ subjectAltNames }: Certificate): SpiffeId {
  const [uri, ...more] = subjectAltNames.filter(({ kind }) => kind === NAME_KIND.uri);
  if (uri === undefined) throw invalid('X509-2b', 'it has no URI SAN');
  if (more.length > 0) throw invalid('X509-5.2e', `it has ${more.length + 1} URI SANs in place of one`);
  try {
    return SpiffeId.parse(uri.bytes.toString('latin1'));
  } catch (cause) {
    throw new SpoorError('X509_SVID_INVALID', 'not an X509-SVID: its URI SAN is not a SPIFFE ID', {
      facts: { clause: 'X509-5.2c' },
      cause,
    });
  }
}

function invalid(clause: string, why: string): SpoorError {
  return new SpoorError('X509_SVID_INVALID', `not an X509-SVID: ${why}`, { facts: { clause } });
}
