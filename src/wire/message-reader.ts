import { isUtf8 } from 'node:buffer';
import { SpoorError } from '../core/errors.js';

const VARINT = 0;
const FIXED64 = 1;
const DELIMITED = 2;
const FIXED32 = 5;
const MAX_VARINT_BYTES = 10;

/**
 * Reads the text fields of one protobuf message; every other field is checked for its form and passed over.
 *
 * Takes:  `bytes` — the message; `MAX_…` of the caller bounds what is kept.
 * Yields: number and text of each length-delimited field, in the order of the wire.
 * Errors: ARGUMENT_INVALID for bytes that are no message, or text that is not UTF-8.
 * Source: protobuf's wire format; groups (wire types 3 and 4) are not proto3 and refused.
 */
export function* textFields(bytes: Buffer): Generator<{ readonly field: number; readonly text: string }> {
  const cursor = { at: 0 };
  while (cursor.at < bytes.length) {
    const tag = readVarint(bytes, cursor);
    const field = Math.floor(tag / 8);
    if (field === 0) throw malformed('field 0');
    const content = readContent(bytes, cursor, tag & 7);
    if (content !== undefined) yield { field, text: readText(content) };
  }
}

function readContent(bytes: Buffer, cursor: { at: number }, wireType: number): Buffer | undefined {
  switch (wireType) {
    case VARINT:
      readVarint(bytes, cursor);
      return undefined;
    case FIXED64:
      take(bytes, cursor, 8);
      return undefined;
    case FIXED32:
      take(bytes, cursor, 4);
      return undefined;
    case DELIMITED:
      return take(bytes, cursor, readVarint(bytes, cursor));
    default:
      throw malformed(`wire type ${wireType}`);
  }
}

function readVarint(bytes: Buffer, cursor: { at: number }): number {
  let value = 0;
  for (let index = 0; index < MAX_VARINT_BYTES; index += 1) {
    const byte = take(bytes, cursor, 1)[0] ?? 0;
    value += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return value;
  }
  throw malformed('a number of more than ten bytes');
}

function take(bytes: Buffer, cursor: { at: number }, length: number): Buffer {
  const end = cursor.at + length;
  if (end > bytes.length) throw malformed('it ends too early');
  const content = bytes.subarray(cursor.at, end);
  cursor.at = end;
  return content;
}

function readText(content: Buffer): string {
  if (!isUtf8(content)) throw malformed('text that is not UTF-8');
  return content.toString('utf8');
}

function malformed(why: string): SpoorError {
  return new SpoorError('ARGUMENT_INVALID', `the request is not a protobuf message: ${why}`);
}
