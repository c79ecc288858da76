import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { HeldWitSvid } from '../client/token-responses.js';
import type { X509Context } from '../client/x509-responses.js';
import { SpoorError } from '../core/errors.js';
import { writePem } from '../encoding/pem.js';
import { writeBundleDocument } from '../spiffe/bundle-document.js';
import type { Bundle } from '../spiffe/bundle.js';
import type { JwtSvid } from '../spiffe/jwt-svid.js';
import type { X509Svid } from '../spiffe/x509-svid.js';
import { writeFileAtomic } from '../state/atomic-file.js';
import { makeFolder } from '../state/make-folder.js';

const PUBLIC = 0o644;
const SECRET = 0o600;

/** A file to be: its name, what is in it, and who may read it. */
interface Planned {
  readonly name: string;
  readonly text: string;
  readonly mode: number;
}

/**
 * Writes what FetchX509SVID gave: `svid.N.pem` (the chain, leaf first), `svid.N.key` (PKCS#8, 0600), `bundle.pem` (of
 * the default identity's trust domain) and `bundle.<trust domain>.pem` for every other one.
 *
 * Each file is replaced as a whole. Bundles come first, so that whoever sees the new certificate can already judge its
 * peers; `svid.N.*` of identities that are no more are deleted.
 *
 * Returns: the paths.
 * Errors:  ARGUMENT_INVALID when the folder cannot be written.
 */
export async function writeX509Files(
  folder: string,
  { svids, bundles }: X509Context,
): Promise<readonly string[]> {
  const own = svids[0]?.id.trustDomain.name;
  const planned = [
    ...[...bundles].map((bundle) => bundleFile(bundle, own)),
    ...svids.flatMap((svid, at) => [keyFile(svid, at), chainFile(svid, at)]),
  ];
  const paths = await writeAll(folder, planned);
  await deleteSurplus(folder, /^svid\.(\d+)\.(?:pem|key)$/u, svids.length);
  return paths;
}

/** Writes tokens as `jwt_svid.N.token`, 0600. Returns the paths. */
export async function writeJwtFiles(folder: string, svids: readonly JwtSvid[]): Promise<readonly string[]> {
  const paths = await writeAll(
    folder,
    svids.map(({ token }, at) => ({ name: `jwt_svid.${at}.token`, text: token, mode: SECRET })),
  );
  await deleteSurplus(folder, /^jwt_svid\.(\d+)\.token$/u, svids.length);
  return paths;
}

/** Writes WIT-SVIDs as `wit_svid.N.token` and their keys as `wit_svid.N.jwk`, 0600. Returns the paths. */
export async function writeWitFiles(
  folder: string,
  held: readonly HeldWitSvid[],
): Promise<readonly string[]> {
  const planned = held.flatMap(({ svid, privateKey }, at) => [
    {
      name: `wit_svid.${at}.jwk`,
      text: `${JSON.stringify(privateKey.export({ format: 'jwk' }))}\n`,
      mode: SECRET,
    },
    { name: `wit_svid.${at}.token`, text: svid.token, mode: SECRET },
  ]);
  const paths = await writeAll(folder, planned);
  await deleteSurplus(folder, /^wit_svid\.(\d+)\.(?:token|jwk)$/u, held.length);
  return paths;
}

/** Writes each bundle as `bundle.<trust domain>.json`, and its X.509 authorities beside it as `.pem`. */
export async function writeBundleFiles(
  folder: string,
  bundles: readonly Bundle[],
): Promise<readonly string[]> {
  const planned = bundles.flatMap((bundle) => [
    {
      name: `bundle.${bundle.trustDomain.name}.json`,
      text: `${writeBundleDocument(bundle)}\n`,
      mode: PUBLIC,
    },
    bundleFile(bundle, undefined),
  ]);
  return await writeAll(folder, planned);
}

/** The chain of one SVID as PEM, leaf first. */
export function chainPem({ chain }: X509Svid): string {
  return chain.map((certificate) => writePem('CERTIFICATE', certificate.raw)).join('');
}

/** Authorities as PEM. */
export function authoritiesPem(authorities: readonly Uint8Array[]): string {
  return authorities.map((authority) => writePem('CERTIFICATE', authority)).join('');
}

function chainFile(svid: X509Svid, at: number): Planned {
  return { name: `svid.${at}.pem`, text: chainPem(svid), mode: PUBLIC };
}

function keyFile({ privateKey }: X509Svid, at: number): Planned {
  const text = privateKey.export({ type: 'pkcs8', format: 'pem' });
  return { name: `svid.${at}.key`, text, mode: SECRET };
}

function bundleFile({ trustDomain: { name }, x509Authorities }: Bundle, own: string | undefined): Planned {
  return {
    name: name === own ? 'bundle.pem' : `bundle.${name}.pem`,
    text: authoritiesPem(x509Authorities),
    mode: PUBLIC,
  };
}

async function writeAll(folder: string, planned: readonly Planned[]): Promise<readonly string[]> {
  try {
    await makeFolder(folder, 0o700);
    for (const { name, text, mode } of planned) await writeFileAtomic(join(folder, name), text, mode);
  } catch (cause) {
    throw unwritable(folder, cause);
  }
  return planned.map(({ name }) => join(folder, name));
}

async function deleteSurplus(folder: string, pattern: RegExp, count: number): Promise<void> {
  for (const name of await readdir(folder)) {
    const at = pattern.exec(name)?.[1];
    if (at !== undefined && Number(at) >= count) await rm(join(folder, name), { force: true });
  }
}

/** What a command was told to write cannot be written. */
export function unwritable(path: string, cause: unknown): SpoorError {
  const { code = 'unknown' } = cause as NodeJS.ErrnoException;
  return new SpoorError('ARGUMENT_INVALID', `cannot write ${path}: ${code}`, { facts: { path }, cause });
}
