import type { Enum, Field, MapField, Method, ReflectionObject, Service, Type } from 'protobufjs';
import { MessageWriter } from './message-writer.js';

/** FieldDescriptorProto.Type of google/protobuf/descriptor.proto, as far as our files use it. */
const SCALARS: Readonly<Record<string, number>> = {
  double: 1,
  int64: 3,
  uint64: 4,
  int32: 5,
  bool: 8,
  string: 9,
  bytes: 12,
  uint32: 13,
};
const MESSAGE = 11;
const ENUM = 14;
const OPTIONAL = 1;
const REPEATED = 3;

/** What one file defines at its top level. */
export interface FileContent {
  readonly name: string;
  readonly package: string;
  readonly imports: readonly string[];
  readonly types: readonly Type[];
  readonly enums: readonly Enum[];
  readonly services: readonly Service[];
}

/** Writes a FileDescriptorProto as protoc does. Source: google/protobuf/descriptor.proto. */
export function writeFileDescriptor(file: FileContent): Buffer {
  const writer = new MessageWriter().string(1, file.name).string(2, file.package);
  for (const path of file.imports) writer.string(3, path);
  for (const type of file.types) writer.message(4, writeType(type));
  for (const values of file.enums) writer.message(5, writeEnum(values));
  for (const service of file.services) writer.message(6, writeService(service));
  return writer.string(12, 'proto3').finish();
}

function writeType(type: Type): MessageWriter {
  const writer = new MessageWriter().string(1, type.name);
  for (const field of type.fieldsArray) writer.message(2, writeField(field));
  for (const nested of nestedOf(type)) {
    if ('fieldsArray' in nested) writer.message(3, writeType(nested as Type));
    else if ('values' in nested) writer.message(4, writeEnum(nested as Enum));
  }
  for (const field of type.fieldsArray) if (field.map) writer.message(3, writeMapEntry(field));
  for (const { name } of type.oneofsArray) writer.message(8, new MessageWriter().string(1, name));
  return writer;
}

/** A map is a repeated message of a name that readers compute for themselves, and compare. */
function writeMapEntry(field: Field): MessageWriter {
  const key = new MessageWriter().string(1, 'key').varint(3, 1).varint(4, OPTIONAL);
  const value = new MessageWriter().string(1, 'value').varint(3, 2).varint(4, OPTIONAL);
  return new MessageWriter()
    .string(1, entryName(field))
    .message(2, key.varint(5, scalar((field as unknown as MapField).keyType)).string(10, 'key'))
    .message(2, writeReference(value, field).string(10, 'value'))
    .message(7, new MessageWriter().varint(7, 1));
}

function writeField(field: Field): MessageWriter {
  const name = snakeCase(field.name);
  const writer = new MessageWriter().string(1, name).varint(3, field.id);
  writer.varint(4, field.repeated || field.map ? REPEATED : OPTIONAL);
  if (field.map) writer.varint(5, MESSAGE).string(6, `${field.parent?.fullName}.${entryName(field)}`);
  else writeReference(writer, field);
  const oneof = field.partOf;
  if (oneof !== null) writer.varint(9, (field.parent as Type).oneofsArray.indexOf(oneof));
  return writer.string(10, camelCase(name));
}

function writeReference(writer: MessageWriter, { type, resolvedType }: Field): MessageWriter {
  if (resolvedType === null) return writer.varint(5, scalar(type));
  return writer.varint(5, 'fieldsArray' in resolvedType ? MESSAGE : ENUM).string(6, resolvedType.fullName);
}

function writeEnum({ name, values }: Enum): MessageWriter {
  const writer = new MessageWriter().string(1, name);
  for (const [value, number] of Object.entries(values)) {
    writer.message(2, new MessageWriter().string(1, value).varint(2, number));
  }
  return writer;
}

function writeService({ name, methodsArray }: Service): MessageWriter {
  const writer = new MessageWriter().string(1, name);
  for (const method of methodsArray) writer.message(2, writeMethod(method));
  return writer;
}

function writeMethod(method: Method): MessageWriter {
  const writer = new MessageWriter()
    .string(1, method.name)
    .string(2, method.resolvedRequestType?.fullName ?? '')
    .string(3, method.resolvedResponseType?.fullName ?? '');
  if (method.requestStream === true) writer.varint(5, 1);
  if (method.responseStream === true) writer.varint(6, 1);
  return writer;
}

function nestedOf(type: Type): readonly ReflectionObject[] {
  return type.nestedArray;
}

function scalar(type: string): number {
  const number = SCALARS[type];
  if (number === undefined) throw new RangeError(`no descriptor for the type ${type}`);
  return number;
}

/** protobufjs knows google.protobuf.Value with its fields in camel case. */
function snakeCase(name: string): string {
  return name.replace(/[A-Z]/gu, (letter) => `_${letter.toLowerCase()}`);
}

function camelCase(name: string): string {
  return name.replace(/_([a-z0-9])/gu, (_, letter: string) => letter.toUpperCase());
}

function entryName({ name }: Field): string {
  const camel = camelCase(name);
  return `${camel.charAt(0).toUpperCase()}${camel.slice(1)}Entry`;
}
