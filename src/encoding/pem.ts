import { SpoorError } from '../core/errors.js';
import { decodeBase64 } from './base64.js';

/** Characters of one PEM text; a bundle of some hundred certificates has room. */
const MAX_PEM_CHARACTERS = 1_048_576;
const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----\r?\n([\s\S]*?)-----END ([A-Z0-9 ]+)-----[ \t]*(?:\r?\n|$)/y;
const BEGIN = '-----BEGIN ';

/** One block: what stands behind BEGIN, and its bytes. */
export interface PemBlock {
  readonly label: string;
  readonly bytes: Buffer;
}

/**
 * Reads the blocks of a PEM text. What stands between blocks is commentary and passed over.
 *
 * Takes:  `label` — when given, every block must have it, and there must be one.
 * Errors: PEM_INVALID for headers inside a block, unequal BEGIN and END, bad base64, a block that does not end.
 * Source: RFC 7468 section 3.
 */
export function readPem(text: string, label?: string): readonly PemBlock[] {
  if (text.length > MAX_PEM_CHARACTERS)
    throw invalid(`it is longer than ${MAX_PEM_CHARACTERS} characters`, 0);
  const blocks: PemBlock[] = [];
  for (let at = nextBlock(text, 0); at !== -1;) {
    const { block, end } = readBlock(text, at);
    if (label !== undefined && block.label !== label)
      throw invalid(`found ${block.label} in place of ${label}`, at);
    blocks.push(block);
    at = nextBlock(text, end);
  }
  if (blocks.length === 0)
    throw invalid(label === undefined ? 'it has no block' : `it has no ${label} block`, 0);
  return blocks;
}

/** One block, 64 characters a line, with a line break at the end. */
export function writePem(label: string, bytes: Uint8Array): string {
  const lines =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return [`${BEGIN}${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}

/** Where the next BEGIN line starts: only at the start of a line. */
function nextBlock(text: string, from: number): number {
  for (let at = text.indexOf(BEGIN, from); at !== -1; at = text.indexOf(BEGIN, at + 1)) {
    if (at === 0 || text[at - 1] === '\n') return at;
  }
  return -1;
}

function readBlock(text: string, at: number): { block: PemBlock; end: number } {
  BLOCK.lastIndex = at;
  const [whole, label = '', body = '', closing = ''] = BLOCK.exec(text) ?? [];
  if (whole === undefined) throw invalid('a block does not end', at);
  if (closing !== label) throw invalid(`BEGIN ${label} is closed by END ${closing}`, at);
  const bytes = decodeBase64(body.replace(/[ \t\r\n]/g, ''));
  if (bytes === undefined || bytes.length === 0) throw invalid(`the ${label} block is not base64`, at);
  return { block: { label, bytes }, end: at + whole.length };
}

function invalid(why: string, offset: number): SpoorError {
  return new SpoorError('PEM_INVALID', `not PEM: ${why}`, { facts: { offset } });
}
