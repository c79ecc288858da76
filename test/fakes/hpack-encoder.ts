import { HpackHuffman } from '../../src/door/hpack-huffman.js';

const STATIC_NAMES: Readonly<Record<string, number>> = {
  ':authority': 1,
  ':method': 2,
  ':path': 4,
  ':scheme': 6,
  'content-type': 31,
};
const FIRST_DYNAMIC = 62;
const TABLE_BYTES = 4_096;
const ENTRY_OVERHEAD = 32;

/** Which spelling of strings and names an encoder prefers. */
export interface HpackStyle {
  readonly huffman: boolean;
  /** Writes names out even where the static table has them. */
  readonly literalNames?: boolean;
}

/** An HPACK encoder with a dynamic table of 4,096 bytes: everything is indexed, evicted, and said again, as in grpc-java. */
export class HpackEncoder {
  readonly #style: HpackStyle;
  readonly #table: (readonly [string, string])[] = [];
  #bytes = 0;

  constructor(style: HpackStyle) {
    this.#style = style;
  }

  encode(headers: readonly (readonly [string, string])[]): Buffer {
    return Buffer.concat(headers.map(([name, value]) => this.#field(name, value)));
  }

  #field(name: string, value: string): Buffer {
    const known = this.#table.findIndex(([n, v]) => n === name && v === value);
    if (known >= 0) return integer(0x80, 7, FIRST_DYNAMIC + known);
    this.#index(name, value);
    const index = this.#style.literalNames === true ? 0 : (STATIC_NAMES[name] ?? 0);
    const start = integer(0x40, 6, index);
    const spelled = index === 0 ? [start, this.#string(name)] : [start];
    return Buffer.concat([...spelled, this.#string(value)]);
  }

  #index(name: string, value: string): void {
    this.#table.unshift([name, value]);
    this.#bytes += size(name, value);
    while (this.#bytes > TABLE_BYTES) {
      const [n, v] = this.#table.pop() ?? ['', ''];
      this.#bytes -= size(n, v);
    }
  }

  #string(text: string): Buffer {
    const plain = Buffer.from(text, 'latin1');
    if (!this.#style.huffman) return Buffer.concat([integer(0, 7, plain.length), plain]);
    const coded = huffmanEncode(plain);
    return Buffer.concat([integer(0x80, 7, coded.length), coded]);
  }
}

/** Writes a string in the Huffman code, padded with ones. */
export function huffmanEncode(plain: Uint8Array): Buffer {
  const huffman = new HpackHuffman();
  const bits = plain.reduce((sum, byte) => sum + huffman.lengthOf(byte), 0);
  const coded = Buffer.alloc(Math.ceil(bits / 8), 0xff);
  let startBit = 0;
  for (const byte of plain) {
    huffman.overwrite(coded, startBit, byte);
    startBit += huffman.lengthOf(byte);
  }
  return coded;
}

function size(name: string, value: string): number {
  return name.length + value.length + ENTRY_OVERHEAD;
}

function integer(prefix: number, prefixBits: number, value: number): Buffer {
  const max = 2 ** prefixBits - 1;
  if (value < max) return Buffer.from([prefix | value]);
  const bytes = [prefix | max];
  let rest = value - max;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  bytes.push(rest);
  return Buffer.from(bytes);
}
