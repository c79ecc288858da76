/**
 * Lengths in bits of the codes of the 256 byte values and of EOS. The code is canonical: codes are given out by
 * length, and among equal lengths by value, so that the lengths are all there is to know.
 *
 * Source: RFC 7541 appendix B.
 */
const LENGTHS = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28,
  28, 28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7,
  8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19,
  13, 14, 6, 15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13,
  28, 20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21,
  22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23,
  22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23, 26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
  19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25,
  25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, 30,
];
const EOS = 256;
const MAX_LENGTH = 30;

/** One symbol in a coded string. */
export interface CodedSymbol {
  readonly symbol: number;
  /** Where its code begins, in bits from the beginning of the string. */
  readonly startBit: number;
}

/** The Huffman code of HPACK: walks coded strings symbol by symbol, and writes one code over another. */
export class HpackHuffman {
  readonly #codes: readonly number[];
  /** Two entries a node: a positive number is the next node, a negative one a symbol below -1. */
  readonly #tree: Int16Array;

  constructor() {
    this.#codes = canonicalCodes(LENGTHS);
    this.#tree = decodingTree(this.#codes);
  }

  /** Bits of the code of a byte value. */
  lengthOf(symbol: number): number {
    return LENGTHS[symbol] ?? MAX_LENGTH;
  }

  /**
   * Yields the symbols of a coded string.
   *
   * Ends: at the padding; returns false from the iteration when the string holds EOS or no code at all.
   * Source: RFC 7541 section 5.2.
   */
  symbolsOf(coded: Uint8Array): CodedSymbol[] | undefined {
    const symbols: CodedSymbol[] = [];
    let node = 0;
    let startBit = 0;
    for (let bit = 0; bit < coded.length * 8; bit++) {
      const next = this.#tree[node * 2 + ((coded[bit >> 3]! >> (7 - (bit & 7))) & 1)]!;
      if (next === 0) return undefined;
      if (next > 0) {
        node = next;
        continue;
      }
      const symbol = -next - 1;
      if (symbol === EOS) return undefined;
      symbols.push({ symbol, startBit });
      node = 0;
      startBit = bit + 1;
    }
    return symbols;
  }

  /** Writes the code of `symbol` at `startBit`, over one of the same length. */
  overwrite(coded: Uint8Array, startBit: number, symbol: number): void {
    const length = this.lengthOf(symbol);
    const code = this.#codes[symbol]!;
    for (let index = 0; index < length; index++) {
      const bit = startBit + index;
      const mask = 0x80 >> (bit & 7);
      const isSet = ((code >>> (length - 1 - index)) & 1) === 1;
      coded[bit >> 3] = isSet ? coded[bit >> 3]! | mask : coded[bit >> 3]! & ~mask;
    }
  }
}

function canonicalCodes(lengths: readonly number[]): number[] {
  const codes = lengths.map(() => 0);
  let next = 0;
  for (let length = 1; length <= MAX_LENGTH; length++) {
    for (const [symbol, own] of lengths.entries()) if (own === length) codes[symbol] = next++;
    next *= 2;
  }
  return codes;
}

function decodingTree(codes: readonly number[]): Int16Array {
  // A binary tree with 257 leaves has 256 inner nodes.
  const tree = new Int16Array(EOS * 2);
  let nodes = 1;
  for (const [symbol, code] of codes.entries()) {
    let node = 0;
    for (let bit = LENGTHS[symbol]! - 1; bit >= 0; bit--) {
      const slot = node * 2 + ((code >>> bit) & 1);
      if (bit === 0) tree[slot] = -symbol - 1;
      else node = tree[slot] ||= nodes++;
    }
  }
  return tree;
}
