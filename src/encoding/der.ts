import { derInvalid, type DerNode, readNode, TAG } from './der-node.js';
import * as value from './der-values.js';

/** Bytes of one document: a certificate of some dozen names and RSA-4096 keys has room to spare. */
export const MAX_DER_BYTES = 65_536;
/** Nesting of one document; a certificate needs about ten. */
export const MAX_DER_DEPTH = 32;

/**
 * Reads strict DER element by element: the caller says what it expects next.
 *
 * Refused: indefinite, over-long or overrunning lengths, tag numbers above 30, constructed strings, primitive
 *          sequences, and values that are not in their one DER form.
 * Limit:   MAX_DER_BYTES and MAX_DER_DEPTH.
 * Errors:  DER_INVALID, with the offset.
 * Source:  X.690 sections 8 and 10.
 */
export class DerReader {
  readonly #bytes: Buffer;
  readonly #end: number;
  readonly #depth: number;
  #at: number;

  private constructor(bytes: Buffer, at: number, end: number, depth: number) {
    if (depth > MAX_DER_DEPTH) throw derInvalid(`it is nested deeper than ${MAX_DER_DEPTH}`, at);
    this.#bytes = bytes;
    this.#at = at;
    this.#end = end;
    this.#depth = depth;
  }

  /** `maxBytes` is raised only for what holds many documents. */
  static of(bytes: Uint8Array, maxBytes: number = MAX_DER_BYTES): DerReader {
    const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (all.length > maxBytes) throw derInvalid(`it is longer than ${maxBytes} bytes`, 0);
    return new DerReader(all, 0, all.length, 0);
  }

  /** True when nothing is left. */
  get done(): boolean {
    return this.#at === this.#end;
  }

  /** The tag byte of the next element, without reading it; undefined at the end. */
  peek(): number | undefined {
    return this.done ? undefined : this.#bytes[this.#at];
  }

  /** Reads the next element, which must have `tag` when one is given. */
  next(tag?: number): DerNode {
    const node = readNode(this.#bytes, this.#at, this.#end);
    if (tag !== undefined && node.tag !== tag) {
      throw derInvalid(`found tag 0x${node.tag.toString(16)} in place of 0x${tag.toString(16)}`, node.start);
    }
    this.#at = node.end;
    return node;
  }

  /** Reads the next element only if it has `tag`. */
  optional(tag: number): DerNode | undefined {
    return this.peek() === tag ? this.next(tag) : undefined;
  }

  /** A reader over the content of a constructed element. */
  inside(node: DerNode): DerReader {
    if (!node.constructed)
      throw derInvalid('found a primitive element in place of a constructed one', node.start);
    return new DerReader(this.#bytes, node.contentStart, node.end, this.#depth + 1);
  }

  /** The content of an element, without tag and length. */
  content(node: DerNode): Buffer {
    return this.#bytes.subarray(node.contentStart, node.end);
  }

  /** The whole element, tag and length included. */
  raw(node: DerNode): Buffer {
    return this.#bytes.subarray(node.start, node.end);
  }

  /** Enters the next element, a SEQUENCE unless said otherwise. */
  enter(tag: number = TAG.sequence): DerReader {
    return this.inside(this.next(tag));
  }

  boolean(tag: number = TAG.boolean): boolean {
    return this.#value(tag, value.readBoolean);
  }

  /** The next element as a number: big-endian two's complement. */
  integer(tag: number = TAG.integer): Buffer {
    return this.#value(tag, value.readInteger);
  }

  /** The next element as a dotted object identifier. */
  oid(tag: number = TAG.oid): string {
    return this.#value(tag, value.readOid);
  }

  bitString(tag: number = TAG.bitString): value.BitString {
    return this.#value(tag, value.readBitString);
  }

  octetString(tag: number = TAG.octetString): Buffer {
    return this.content(this.next(tag));
  }

  /** The next element as an instant: UTCTime or GeneralizedTime, in the one form that RFC 5280 allows. */
  time(): Date {
    return this.peek() === TAG.generalizedTime
      ? this.#value(TAG.generalizedTime, value.readGeneralizedTime)
      : this.#value(TAG.utcTime, value.readUtcTime);
  }

  /** Refuses anything that is left. */
  finish(): void {
    if (!this.done) throw derInvalid('found more than belongs there', this.#at);
  }

  #value<T>(tag: number, read: (content: Buffer) => T | undefined): T {
    const node = this.next(tag);
    const found = read(this.content(node));
    if (found === undefined)
      throw derInvalid(`the value of tag 0x${tag.toString(16)} is not in DER form`, node.start);
    return found;
  }
}

/** Walks a whole document, so that nothing in it is other than well-formed DER. Strings are not opened. Errors: DER_INVALID. */
export function checkDer(bytes: Uint8Array): void {
  const document = DerReader.of(bytes);
  walk(document, document.next());
  document.finish();
}

function walk(reader: DerReader, node: DerNode): void {
  if (!node.constructed) return;
  const inside = reader.inside(node);
  while (!inside.done) walk(inside, inside.next());
}

function element(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const length = content.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([Buffer.from([tag, ...value.lengthOctets(length)]), ...content]);
}

/** Writes DER. Each function gives one whole element; nothing is checked that the types do not say. */
export const der = {
  element,
  sequence: (...parts: readonly Uint8Array[]): Buffer => element(TAG.sequence, ...parts),
  /** In the order given; DER wants the elements of a SET OF sorted, a SET of one is sorted. */
  set: (...parts: readonly Uint8Array[]): Buffer => element(TAG.set, ...parts),
  oid: (dotted: string): Buffer => element(TAG.oid, value.oidOctets(dotted)),
  octetString: (bytes: Uint8Array): Buffer => element(TAG.octetString, bytes),
  bitString: (bytes: Uint8Array, unused = 0): Buffer => element(TAG.bitString, Buffer.from([unused]), bytes),
  /** `bytes` is an unsigned big-endian number, at least one byte; leading zeros are dropped, a sign octet added. */
  integer: (bytes: Uint8Array): Buffer => element(TAG.integer, value.unsignedOctets(bytes)),
  boolean: (truth: boolean): Buffer => element(TAG.boolean, Buffer.from([truth ? 0xff : 0])),
  null: (): Buffer => element(TAG.null),
  utf8: (text: string): Buffer => element(TAG.utf8, Buffer.from(text, 'utf8')),
  printable: (text: string): Buffer => element(TAG.printable, Buffer.from(text, 'latin1')),
  ia5: (text: string): Buffer => element(TAG.ia5, Buffer.from(text, 'latin1')),
  /** UTCTime until 2049, GeneralizedTime from 2050 (RFC 5280 section 4.1.2.5). Milliseconds are dropped. */
  utcOrGeneralized: (at: Date): Buffer =>
    element(at.getUTCFullYear() < 2050 ? TAG.utcTime : TAG.generalizedTime, value.timeOctets(at)),
  /** `[n]` around whole elements. */
  explicit: (n: number, ...parts: readonly Uint8Array[]): Buffer => element(0xa0 | n, ...parts),
  /** `[n]` in place of a primitive tag; `content` is what stands after the length. */
  implicit: (n: number, content: Uint8Array): Buffer => element(0x80 | n, content),
} as const;
