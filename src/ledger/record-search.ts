import { open } from 'node:fs/promises';
import { SpoorError } from '../core/errors.js';
import type { RecordEvent } from '../core/record.js';

/** One line of the record, as it was written. */
export type RecordLine = RecordEvent & { readonly at: string };

type Issued = Extract<RecordLine, { event: 'issued' }>;

/**
 * Finds out who a document was issued to, or what an instance was issued.
 *
 * Takes:   `needle`: an X.509 serial or SHA-256 fingerprint in hex, colons and upper case allowed, the jti of a
 *          JWT-SVID or WIT-SVID, or the id of an instance.
 * Yields:  for each document that it means the attestation that it rests on, then its own record.
 * Errors:  RECORD_UNWRITABLE when the file cannot be read. Lines that a crash cut short are passed over.
 */
export async function* findRecords(path: string, needle: string): AsyncGenerator<RecordLine> {
  const wanted = needle.replace(/[:\s]/g, '').toLowerCase();
  if (wanted === '') return;
  const documents = await Array.fromAsync(issuedAs(path, wanted));
  if (documents.length === 0) return;

  // A second reading, since an instance's attestation comes before the documents that name it.
  const attested = new Map<string, RecordLine>();
  const instances = new Set(documents.map(({ instance }) => instance));
  for await (const line of recordLines(path, instances)) {
    if (line.event === 'attested' && instances.has(line.instance)) attested.set(line.instance, line);
    if (line.event !== 'issued' || !isNamed(line, wanted)) continue;
    const attestation = attested.get(line.instance);
    if (attestation !== undefined) yield attestation;
    yield line;
  }
}

async function* issuedAs(path: string, wanted: string): AsyncGenerator<Issued> {
  for await (const line of recordLines(path, new Set([wanted]))) {
    if (line.event === 'issued' && isNamed(line, wanted)) yield line;
  }
}

function isNamed({ document, instance }: Issued, wanted: string): boolean {
  if (instance === wanted) return true;
  if (document.kind !== 'x509') return document.jti === wanted;
  return document.serial === wanted || document.fingerprint === wanted;
}

/** The lines in which one of `words` stands; the others are not worth parsing. */
async function* recordLines(path: string, words: ReadonlySet<string>): AsyncGenerator<RecordLine> {
  await using file = await openForReading(path);
  const stop = (await file.stat()).size;
  if (stop === 0) return;
  const list = [...words];
  for await (const text of file.readLines({ start: 0, end: stop - 1, autoClose: false })) {
    if (!list.some((word) => text.includes(word))) continue;
    const line = parseLine(text);
    if (line !== undefined) yield line;
  }
}

async function openForReading(path: string) {
  try {
    return await open(path, 'r');
  } catch (cause) {
    throw new SpoorError('RECORD_UNWRITABLE', `the record ${path} cannot be read`, {
      facts: { path },
      cause,
    });
  }
}

function parseLine(text: string): RecordLine | undefined {
  try {
    return JSON.parse(text) as RecordLine;
  } catch {
    // Half a line: the daemon was killed while it wrote, and the document never left.
    return undefined;
  }
}
