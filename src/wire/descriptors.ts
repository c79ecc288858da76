import { createRequire } from 'node:module';
import type * as Protobuf from 'protobufjs';
import type { NamespaceBase, Root, Service, Type } from 'protobufjs';
import { writeFileDescriptor, type FileContent } from './descriptor-writer.js';

const STRUCT = 'google/protobuf/struct.proto';

/** One file of definitions, as server reflection gives it. */
export interface DescribedFile {
  readonly name: string;
  /** FileDescriptorProto. */
  readonly bytes: Buffer;
  readonly imports: readonly string[];
  /** Full names of all that it defines, without a leading dot: `SpiffeWorkloadAPI`, `spoor.v1.Explain.Explain`. */
  readonly symbols: readonly string[];
  readonly services: readonly string[];
}

/** A file to describe: its name as importers write it, and where it lies. */
export interface ProtoFile {
  readonly name: string;
  readonly path: string;
}

/**
 * Describes proto files for server reflection, together with google/protobuf/struct.proto if one imports it.
 *
 * Written here because protobufjs's own descriptors are refused by Go: they have no imports, and give map entries, and
 * the fields of the well-known types, names of their own.
 */
export function describeFiles(files: readonly ProtoFile[]): readonly DescribedFile[] {
  const protobuf = createRequire(import.meta.url)('protobufjs') as typeof Protobuf;
  const described = files.map(({ name, path }) => describe(name, load(protobuf, path)));
  const importer = files.find((_, index) => described[index]?.imports.includes(STRUCT));
  return importer === undefined ? described : [...described, describe(STRUCT, load(protobuf, importer.path))];
}

function load(protobuf: typeof Protobuf, path: string): Root {
  const root = new protobuf.Root();
  root.resolvePath = (_origin, target) => target;
  root.loadSync(path, { keepCase: true }).resolveAll();
  return root;
}

function describe(name: string, root: Root): DescribedFile {
  // What protobufjs knows by heart has no file name; all else in the root is of the one file that was loaded.
  const own =
    name === STRUCT ? (file: string | null) => file === null : (file: string | null) => file !== null;
  const found = [...membersOf(root)].filter(({ filename }) => own(filename));
  const content: FileContent = {
    name,
    package: packageOf(found[0]),
    imports: name !== STRUCT && root.files.includes(STRUCT) ? [STRUCT] : [],
    types: found.filter((member): member is Type => 'fieldsArray' in member),
    enums: found.filter((member): member is Protobuf.Enum => 'values' in member),
    services: found.filter((member): member is Service => 'methodsArray' in member),
  };
  return {
    name,
    bytes: writeFileDescriptor(content),
    imports: content.imports,
    symbols: found.flatMap(symbolsOf),
    services: content.services.map(nameOf),
  };
}

/** Messages, enums and services, through all packages. */
function* membersOf(namespace: NamespaceBase): Generator<Protobuf.ReflectionObject> {
  for (const member of namespace.nestedArray) {
    if ('fieldsArray' in member || 'values' in member || 'methodsArray' in member) yield member;
    else yield* membersOf(member as NamespaceBase);
  }
}

function symbolsOf(member: Protobuf.ReflectionObject): string[] {
  const parts =
    'fieldsArray' in member
      ? [...(member as Type).fieldsArray, ...(member as Type).nestedArray]
      : 'methodsArray' in member
        ? (member as Service).methodsArray
        : [];
  return [nameOf(member), ...parts.map(nameOf)];
}

function packageOf(member: Protobuf.ReflectionObject | undefined): string {
  return member?.parent?.fullName.replace(/^\./u, '') ?? '';
}

function nameOf(member: Protobuf.ReflectionObject): string {
  return member.fullName.replace(/^\./u, '');
}
