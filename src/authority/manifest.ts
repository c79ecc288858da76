import { createPublicKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { SpoorError } from '../core/errors.js';
import { isJwsAlgorithm } from '../encoding/jws.js';
import type { Disk } from '../keys/disk.js';
import type { AuthorityRecord, TokenPublic, X509Public } from './authority-record.js';

const FORMAT = 1;
const PROFILES = ['x509', 'jwt', 'wit'] as const;
const STATES = ['prepared', 'published', 'active', 'old', 'tainted', 'revoked'] as const;

/** All that is kept of the authorities, besides their keys. One file, replaced whole: it is always consistent. */
export interface Manifest {
  /** Grows by one with each change of what is published (Trust Domain and Bundle 4.1.1). */
  readonly sequence: bigint;
  readonly records: readonly AuthorityRecord[];
}

const EMPTY: Manifest = { sequence: 0n, records: [] };

/** Errors: STATE_UNUSABLE when the file is there and cannot be understood; it is left as it is. */
export async function loadManifest(file: string): Promise<Manifest> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return EMPTY;
    throw new SpoorError('STATE_UNUSABLE', `cannot read ${file}`, { facts: { file }, cause });
  }
  try {
    return readManifest(JSON.parse(text));
  } catch (cause) {
    throw new SpoorError('STATE_UNUSABLE', `${file} is damaged`, { facts: { file }, cause });
  }
}

/** Returns when it is on disk. */
export async function saveManifest(file: string, manifest: Manifest, disk: Disk): Promise<void> {
  const authorities = manifest.records.map(writeRecord);
  const text = JSON.stringify({ format: FORMAT, sequence: String(manifest.sequence), authorities }, null, 1);
  await disk.write(file, `${text}\n`);
}

function writeRecord({ public: half, ...record }: AuthorityRecord): object {
  if (half.kind === 'token') {
    const publicKey = half.publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
    return { ...record, algorithm: half.algorithm, publicKey };
  }
  const { certificate, chain, roots, upstream } = half;
  const base64 = (der: Buffer): string => der.toString('base64');
  return {
    ...record,
    upstream,
    certificate: base64(certificate),
    chain: chain.map(base64),
    roots: roots.map(base64),
  };
}

function readManifest(value: unknown): Manifest {
  const { format, sequence, authorities } = objectOf(value);
  if (format !== FORMAT) throw fault('format', format);
  return { sequence: BigInt(textOf(sequence)), records: listOf(authorities).map(readRecord) };
}

function readRecord(value: unknown): AuthorityRecord {
  const fields = objectOf(value);
  return {
    profile: oneOf(PROFILES, fields['profile']),
    id: textOf(fields['id']),
    state: oneOf(STATES, fields['state']),
    since: dateOf(fields['since']),
    ...(fields['activateAt'] !== undefined && { activateAt: dateOf(fields['activateAt']) }),
    notBefore: dateOf(fields['notBefore']),
    notAfter: dateOf(fields['notAfter']),
    public: fields['profile'] === 'x509' ? readX509(fields) : readToken(fields),
  };
}

function readX509(fields: Readonly<Record<string, unknown>>): X509Public {
  return {
    kind: 'x509',
    upstream: fields['upstream'] === true,
    certificate: bytesOf(fields['certificate']),
    chain: listOf(fields['chain']).map(bytesOf),
    roots: listOf(fields['roots']).map(bytesOf),
  };
}

function readToken(fields: Readonly<Record<string, unknown>>): TokenPublic {
  const { algorithm } = fields;
  if (!isJwsAlgorithm(algorithm)) throw fault('algorithm', algorithm);
  const key = bytesOf(fields['publicKey']);
  return {
    kind: 'token',
    algorithm,
    publicKey: createPublicKey({ key, type: 'spki', format: 'der' }),
  };
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) throw fault('object', value);
  return value as Readonly<Record<string, unknown>>;
}

function listOf(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw fault('list', value);
  return value;
}

function textOf(value: unknown): string {
  if (typeof value !== 'string' || value === '') throw fault('text', value);
  return value;
}

function bytesOf(value: unknown): Buffer {
  return Buffer.from(textOf(value), 'base64');
}

function dateOf(value: unknown): Date {
  const date = new Date(textOf(value));
  if (Number.isNaN(date.getTime())) throw fault('date', value);
  return date;
}

function oneOf<T extends string>(allowed: readonly T[], value: unknown): T {
  const found = allowed.find((one) => one === value);
  if (found === undefined) throw fault(allowed.join(' or '), value);
  return found;
}

function fault(wanted: string, found: unknown): SpoorError {
  return new SpoorError('STATE_UNUSABLE', `found ${JSON.stringify(found)} in place of ${wanted}`);
}
