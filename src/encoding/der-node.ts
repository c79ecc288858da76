import { SpoorError } from '../core/errors.js';

/** The tags that certificates and keys are made of. */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  utf8: 0x0c,
  printable: 0x13,
  ia5: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** One element: its tag byte, and where it lies in the bytes of its reader. */
export interface DerNode {
  readonly tag: number;
  readonly constructed: boolean;
  readonly start: number;
  readonly contentStart: number;
  readonly end: number;
}

/**
 * Reads tag and length of the element at `start`, which must end at `limit` or before.
 *
 * Errors: DER_INVALID: an indefinite, over-long or overrunning length, a tag number above 30, a tag of the wrong form.
 * Source: X.690 sections 8.1 and 10.1.
 */
export function readNode(bytes: Buffer, start: number, limit: number): DerNode {
  const tag = bytes[start];
  const first = bytes[start + 1];
  if (start + 2 > limit || tag === undefined || first === undefined)
    throw derInvalid('it ends too early', start);
  checkTag(tag, start);

  const { length, width } = first < 0x80 ? { length: first, width: 0 } : readLongLength(bytes, start, limit);
  const contentStart = start + 2 + width;
  const end = contentStart + length;
  if (end > limit) throw derInvalid('a length points past the end', start);
  return { tag, constructed: (tag & 0x20) !== 0, start, contentStart, end };
}

function checkTag(tag: number, start: number): void {
  if ((tag & 0x1f) === 0x1f) throw derInvalid('a tag number is above 30', start);
  if (tag === 0) throw derInvalid('tag 0 is reserved', start);
  const universal = (tag & 0xc0) === 0;
  const nests = tag === TAG.sequence || tag === TAG.set;
  if (universal && ((tag & 0x20) !== 0) !== nests) {
    throw derInvalid('a universal tag is primitive or constructed against its kind', start);
  }
  if (tag === (TAG.sequence & ~0x20) || tag === (TAG.set & ~0x20)) {
    throw derInvalid('a sequence or set is primitive', start);
  }
}

function readLongLength(bytes: Buffer, start: number, limit: number): { length: number; width: number } {
  const width = (bytes[start + 1] ?? 0) & 0x7f;
  if (width === 0 || width > 3) throw derInvalid('a length is indefinite or wider than three bytes', start);
  if (start + 2 + width > limit) throw derInvalid('it ends too early', start);
  const length = bytes.readUIntBE(start + 2, width);
  if (length < 0x80 || (width > 1 && length < 2 ** (8 * (width - 1)))) {
    throw derInvalid('a length is not in its shortest form', start);
  }
  return { length, width };
}

/** The error of everything that reads DER. */
export function derInvalid(why: string, offset: number): SpoorError {
  return new SpoorError('DER_INVALID', `not DER: ${why}`, { facts: { offset } });
}
