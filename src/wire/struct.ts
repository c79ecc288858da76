import type { Struct, StructValue } from './workload-api.js';
import { MessageWriter } from './message-writer.js';

/** Depth of nested claims; one more than what the JSON parser lets through. */
const MAX_DEPTH = 65;

/**
 * Writes a JSON object as google.protobuf.Struct.
 *
 * Numbers become IEEE doubles (whole numbers above 2^53 lose their last digits, as in every JSON parser of JavaScript);
 * an empty list stays an empty list; a key may be `__proto__`.
 *
 * Takes:  `object` — parsed JSON.
 * Errors: RangeError for values that JSON cannot hold (undefined, NaN, functions) and for nesting beyond 65.
 * Source: google/protobuf/struct.proto; Workload API section 6.2.3.
 */
export function writeStruct(object: object, depth = 0): MessageWriter {
  if (depth > MAX_DEPTH) throw new RangeError('the claims are nested too deeply');
  const writer = new MessageWriter();
  for (const [key, value] of Object.entries(object)) {
    const entry = new MessageWriter().presentString(1, key).message(2, writeValue(value, depth));
    writer.message(1, entry);
  }
  return writer;
}

function writeValue(value: unknown, depth: number): MessageWriter {
  const writer = new MessageWriter();
  if (value === null) return writer.varint(1, 0);
  if (typeof value === 'number' && Number.isFinite(value)) return writer.double(2, value);
  if (typeof value === 'string') return writer.presentString(3, value);
  if (typeof value === 'boolean') return writer.varint(4, value ? 1 : 0);
  if (Array.isArray(value)) return writer.message(6, writeList(value, depth + 1));
  if (typeof value === 'object') return writer.message(5, writeStruct(value, depth + 1));
  throw new RangeError(`a claim cannot be of type ${typeof value}`);
}

function writeList(values: readonly unknown[], depth: number): MessageWriter {
  if (depth > MAX_DEPTH) throw new RangeError('the claims are nested too deeply');
  const writer = new MessageWriter();
  for (const value of values) writer.message(1, writeValue(value, depth));
  return writer;
}

/**
 * Reads google.protobuf.Struct, as the proto loader gives it, into a plain object without a prototype.
 *
 * A value whose kind is not set is null, as protobuf's JSON mapping has it for values that it does not know.
 */
export function readStruct(struct: Struct | null | undefined): Record<string, unknown> {
  const object = Object.create(null) as Record<string, unknown>;
  for (const [key, value] of Object.entries(struct?.fields ?? {})) object[key] = readValue(value);
  return object;
}

function readValue(value: StructValue): unknown {
  if (value.numberValue !== undefined) return value.numberValue;
  if (value.stringValue !== undefined) return value.stringValue;
  if (value.boolValue !== undefined) return value.boolValue;
  if (value.listValue) return (value.listValue.values ?? []).map(readValue);
  if (value.structValue) return readStruct(value.structValue);
  return null;
}
