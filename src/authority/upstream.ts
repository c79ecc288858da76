import { readFile } from 'node:fs/promises';
import type { KeyObject } from 'node:crypto';
import { SpoorError } from '../core/errors.js';
import { readPem } from '../encoding/pem.js';
import { parseKey, readKeyFile } from '../keys/key-folder.js';
import { readCertificate, type Certificate } from '../spiffe/certificate.js';
import { NAME_KIND } from '../spiffe/certificate-extensions.js';
import type { TrustDomain } from '../spiffe/trust-domain.js';
import { validatePath } from '../spiffe/x509-path.js';
import type { X509Public } from './authority-record.js';
import type { UpstreamFiles } from './settings.js';
import { schemeOf } from './signers.js';
import { x509IdOf } from './x509-root.js';

/** An intermediate of the user's own PKI, checked. */
export interface Upstream {
  readonly id: string;
  readonly public: X509Public;
  readonly key: KeyObject;
  readonly notBefore: Date;
  /** The first end on the path from the signing certificate to its root. */
  readonly notAfter: Date;
}

/**
 * Loads the user's signing certificate, key and roots.
 *
 * Checked: the key is the certificate's and of a kind that signs here, the certificate may sign certificates and is
 * valid now, it chains to a root of the bundle with room for a leaf below it, and its SPIFFE ID, if it has one, is
 * that of the trust domain.
 *
 * Errors: UPSTREAM_INVALID listing every fault with its file; KEY_UNREADABLE when the key cannot be opened.
 * Source: X509-SVID sections 3.2, 4.1 to 4.3 and 5.1.
 */
export async function loadUpstream(
  files: UpstreamFiles,
  trustDomain: TrustDomain,
  now: Date,
  passphrase?: string,
): Promise<Upstream> {
  const [signing, ...intermediates] = await readCertificates(files.certificate);
  const roots = await readCertificates(files.bundle);
  const key = parseKey(files.key, await readKeyFile(files.key), passphrase);
  if (signing === undefined) throw invalid([`${files.certificate} has no certificate`]);

  const faults = [...faultsOf(signing, key, trustDomain, files)];
  if (faults.length > 0) throw invalid(faults);
  const path = pathOf(signing, intermediates, roots, now, files);
  const dates = path.map(({ notAfter }) => notAfter.getTime());
  return {
    id: x509IdOf(signing.der),
    public: publicHalf(path, roots),
    key,
    notBefore: signing.notBefore,
    notAfter: new Date(Math.min(...dates)),
  };
}

function publicHalf(path: readonly Certificate[], roots: readonly Certificate[]): X509Public {
  const [signing] = path;
  if (signing === undefined) throw new SpoorError('INVARIANT_BROKEN', 'a certificate path is empty');
  // Verifiers have the root already, and it is not to be sent (RFC 8446 section 4.4.2 lets it be left out).
  const chain = path.slice(0, -1).map(({ der }) => der);
  return {
    kind: 'x509',
    upstream: true,
    certificate: signing.der,
    chain,
    roots: roots.map(({ der }) => der),
  };
}

async function readCertificates(file: string): Promise<readonly Certificate[]> {
  try {
    return readPem(await readFile(file, 'utf8'), 'CERTIFICATE').map(({ bytes }) => readCertificate(bytes));
  } catch (cause) {
    const why = cause instanceof SpoorError ? cause.message : 'it cannot be read';
    throw new SpoorError('UPSTREAM_INVALID', `${file}: ${why}`, { facts: { file }, cause });
  }
}

function* faultsOf(
  signing: Certificate,
  key: KeyObject,
  trustDomain: TrustDomain,
  files: UpstreamFiles,
): Generator<string> {
  const { certificate } = files;
  if (!signing.crypto.checkPrivateKey(key)) yield `${files.key} is not the key of ${certificate}`;
  if (schemeOf(key) === undefined)
    yield `${files.key} is neither EC (P-256, P-384, P-521) nor RSA of 2048 bits or more`;
  if (!signing.basicConstraints.ca) yield `${certificate} is not a CA certificate`;
  if (signing.keyUsage?.keyCertSign !== true) yield `${certificate} may not sign certificates (key usage)`;
  const ids = signing.subjectAltNames
    .filter(({ kind }) => kind === NAME_KIND.uri)
    .map(({ bytes }) => String(bytes));
  const foreign = ids.filter((id) => id !== trustDomain.id.toString());
  if (foreign.length > 0 || ids.length > 1) {
    yield `${certificate} has the URI ${ids.join(' ')} in place of ${trustDomain.id.toString()} alone or none`;
  }
}

/** The path from the signing certificate to its root. Errors: UPSTREAM_INVALID. */
function pathOf(
  signing: Certificate,
  intermediates: readonly Certificate[],
  roots: readonly Certificate[],
  now: Date,
  { certificate, bundle }: UpstreamFiles,
): readonly Certificate[] {
  try {
    const used = roots.some(({ der }) => der.equals(signing.der))
      ? [within(signing, now)]
      : validatePath(signing, intermediates, roots, now);
    const cramped = used.findIndex(
      ({ basicConstraints }, below) => (basicConstraints.pathLength ?? below) < below,
    );
    if (cramped === -1) return used;
    throw invalid([`${certificate} stands deeper below a root than the root's path length allows`]);
  } catch (cause) {
    if (!(cause instanceof SpoorError) || cause.code === 'UPSTREAM_INVALID') throw cause;
    throw invalid([`${certificate} does not chain to ${bundle}: ${cause.message}`]);
  }
}

/** A signing certificate that is itself in the bundle has nobody above it: only its dates are to be judged. */
function within(root: Certificate, now: Date): Certificate {
  if (root.notBefore <= now && now <= root.notAfter) return root;
  const [from, to] = [root.notBefore.toISOString(), root.notAfter.toISOString()];
  throw new SpoorError('UPSTREAM_INVALID', `the upstream certificate is valid from ${from} to ${to} only`);
}

function invalid(faults: readonly string[]): SpoorError {
  const [first = '', ...more] = faults;
  return new SpoorError(
    'UPSTREAM_INVALID',
    more.length === 0 ? first : `upstream:\n${faults.map((fault) => `  ${fault}`).join('\n')}`,
  );
}
