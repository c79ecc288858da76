const VARINT = 0;
const FIXED64 = 1;
const DELIMITED = 2;

/**
 * Writes one protobuf message by hand: for the messages that a daemon sends thousands of times a second.
 *
 * Fields at their default are left out, as proto3 has it, except where a method says otherwise.
 *
 * Source: protobuf's wire format; a test compares every message with protobufjs.
 */
export class MessageWriter {
  readonly #parts: Uint8Array[] = [];
  #length = 0;

  string(field: number, value: string): this {
    return value === '' ? this : this.#delimited(field, Buffer.from(value));
  }

  bytes(field: number, value: Uint8Array): this {
    return value.length === 0 ? this : this.#delimited(field, value);
  }

  /** Writes several pieces as one `bytes` field, without joining them first. */
  joined(field: number, pieces: readonly Uint8Array[]): this {
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
    if (length === 0) return this;
    this.#head(field, length);
    for (const piece of pieces) this.#add(piece);
    return this;
  }

  /** A message is written even when it is empty: its presence is its meaning. */
  message(field: number, content: MessageWriter): this {
    this.#head(field, content.#length);
    for (const part of content.#parts) this.#add(part);
    return this;
  }

  /** One entry of a map; key and value are always written. */
  mapEntry(field: number, key: string, value: readonly Uint8Array[]): this {
    const entry = new MessageWriter();
    entry.#delimited(1, Buffer.from(key));
    entry.#head(
      2,
      value.reduce((sum, piece) => sum + piece.length, 0),
    );
    for (const piece of value) entry.#add(piece);
    return this.message(field, entry);
  }

  /** A boolean or enum of a `oneof`: written at its default too. */
  varint(field: number, value: number): this {
    return this.#add(Buffer.from([...varint((field << 3) | VARINT), ...varint(value)]));
  }

  /** A double of a `oneof`: written at its default too. */
  double(field: number, value: number): this {
    const part = Buffer.alloc(9);
    part[0] = (field << 3) | FIXED64;
    part.writeDoubleLE(value, 1);
    return this.#add(part);
  }

  /** A string of a `oneof`: written at its default too. */
  presentString(field: number, value: string): this {
    return this.#delimited(field, Buffer.from(value));
  }

  finish(): Buffer {
    return Buffer.concat(this.#parts, this.#length);
  }

  #delimited(field: number, value: Uint8Array): this {
    this.#head(field, value.length);
    return this.#add(value);
  }

  #head(field: number, length: number): void {
    this.#add(Buffer.from([...varint((field << 3) | DELIMITED), ...varint(length)]));
  }

  #add(part: Uint8Array): this {
    this.#parts.push(part);
    this.#length += part.length;
    return this;
  }
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  bytes.push(rest);
  return bytes;
}
