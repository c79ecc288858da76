import { SpoorError } from '../core/errors.js';
import { HpackHuffman } from './hpack-huffman.js';

/** What became of one header block. `empty` and `unmendable` cannot be repaired in place. */
export type Authority = 'legal' | 'repaired' | 'empty' | 'unmendable';

/**
 * The characters that every nghttp2, and so every Node, allows in `:authority`: host and port. Source: RFC 3986
 * section 3.2; RFC 9113 section 8.3.1 forbids `user@`, which older versions let through.
 */
const LEGAL = /[A-Za-z0-9!$%&'()*+,\-.:;=[\]_~]/;
const DASH = 0x2d;
const NAME = ':authority';
/** The first entry of the static table. Source: RFC 7541 appendix A. */
const STATIC_AUTHORITY = 1;
const MAX_INTEGER_SHIFT = 21;

interface Cursor {
  readonly block: Buffer;
  offset: number;
}

/**
 * Makes `:authority` legal for clients that send the path of the socket there, as grpc-java does: each illegal
 * symbol is replaced by one whose Huffman code is as long. Lengths stay as they are, so the dynamic tables on
 * both sides stay equal too, and none need be kept here: what was repaired when it came as a literal is
 * referred to by index afterwards.
 *
 * Source: RFC 7541 sections 4.1 and 6; RFC 9113 section 8.3.1.
 */
export class AuthorityRepair {
  readonly #huffman = new HpackHuffman();
  readonly #isLegal = Uint8Array.from({ length: 256 }, (_, byte) =>
    LEGAL.test(String.fromCharCode(byte)) ? 1 : 0,
  );
  /** For each illegal byte value a legal one with a code of the same length, or -1. */
  readonly #substitutes: Int16Array;

  constructor() {
    this.#substitutes = Int16Array.from({ length: 256 }, (_, byte) => this.#substituteFor(byte));
  }

  /**
   * Looks at a whole header block, and repairs it where it stands.
   *
   * Errors: HTTP2_INVALID when the block is not HPACK.
   */
  repair(block: Buffer): Authority {
    const cursor: Cursor = { block, offset: 0 };
    let worst: Authority = 'legal';
    while (cursor.offset < block.length) {
      const found = this.#field(cursor);
      if (found === 'repaired') worst = found;
      else if (found !== 'legal') return found;
    }
    return worst;
  }

  /** One representation. Source: RFC 7541 section 6. */
  #field(cursor: Cursor): Authority {
    const first = cursor.block[cursor.offset]!;
    if ((first & 0x80) !== 0) return readInteger(cursor, 7) === STATIC_AUTHORITY ? 'empty' : 'legal';
    if ((first & 0xe0) === 0x20) {
      readInteger(cursor, 5);
      return 'legal';
    }
    const index = readInteger(cursor, (first & 0x40) !== 0 ? 6 : 4);
    const isAuthority = index === 0 ? this.#isAuthorityName(cursor) : index === STATIC_AUTHORITY;
    const value = readString(cursor);
    return isAuthority ? this.#value(value) : 'legal';
  }

  #isAuthorityName(cursor: Cursor): boolean {
    const { huffman, bytes } = readString(cursor);
    if (bytes.length > NAME.length) return false;
    if (!huffman) return bytes.toString('latin1') === NAME;
    const symbols = this.#huffman.symbolsOf(bytes) ?? [];
    return String.fromCharCode(...symbols.map(({ symbol }) => symbol)) === NAME;
  }

  #value({ huffman, bytes }: CodedString): Authority {
    if (bytes.length === 0) return 'empty';
    return huffman ? this.#codedValue(bytes) : this.#plainValue(bytes);
  }

  #plainValue(bytes: Buffer): Authority {
    let result: Authority = 'legal';
    for (const [index, byte] of bytes.entries()) {
      if (this.#isLegal[byte] === 1) continue;
      bytes[index] = DASH;
      result = 'repaired';
    }
    return result;
  }

  #codedValue(bytes: Buffer): Authority {
    const symbols = this.#huffman.symbolsOf(bytes);
    if (symbols === undefined) throw malformed();
    const illegal = symbols.filter(({ symbol }) => this.#isLegal[symbol] === 0);
    if (illegal.some(({ symbol }) => this.#substitutes[symbol] === -1)) return 'unmendable';
    for (const { symbol, startBit } of illegal) {
      this.#huffman.overwrite(bytes, startBit, this.#substitutes[symbol]!);
    }
    return illegal.length > 0 ? 'repaired' : 'legal';
  }

  #substituteFor(byte: number): number {
    const length = this.#huffman.lengthOf(byte);
    // A dash where one fits: a path then still reads like one in a log.
    if (length === this.#huffman.lengthOf(DASH)) return DASH;
    return this.#isLegal.findIndex((legal, other) => legal === 1 && this.#huffman.lengthOf(other) === length);
  }
}

interface CodedString {
  readonly huffman: boolean;
  /** A view: what is written there stands in the block. */
  readonly bytes: Buffer;
}

/** Source: RFC 7541 section 5.2. */
function readString(cursor: Cursor): CodedString {
  const first = cursor.block[cursor.offset];
  if (first === undefined) throw malformed();
  const length = readInteger(cursor, 7);
  const end = cursor.offset + length;
  if (end > cursor.block.length) throw malformed();
  const bytes = cursor.block.subarray(cursor.offset, end);
  cursor.offset = end;
  return { huffman: (first & 0x80) !== 0, bytes };
}

/** Source: RFC 7541 section 5.1. */
function readInteger(cursor: Cursor, prefixBits: number): number {
  const { block } = cursor;
  const mask = (1 << prefixBits) - 1;
  let value = (block[cursor.offset++] ?? 0) & mask;
  if (value < mask) return value;
  for (let shift = 0; ; shift += 7) {
    const byte = block[cursor.offset++];
    if (byte === undefined || shift > MAX_INTEGER_SHIFT) throw malformed();
    value += (byte & 0x7f) << shift;
    if ((byte & 0x80) === 0) return value;
  }
}

function malformed(): SpoorError {
  return new SpoorError('HTTP2_INVALID', 'a header block is not HPACK');
}
