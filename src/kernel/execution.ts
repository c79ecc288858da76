import { perArchitecture, type Libc } from './libc.js';

const AT_EMPTY_PATH = 0x1000;

/**
 * Replaces this process by the program behind an open descriptor: that very file, wherever its path leads by now.
 *
 * Takes:   `argv` and `env` (`NAME=value`), without NUL bytes.
 * Returns: the error number; where it succeeds, nothing returns.
 * Source:  execveat(2).
 */
export function executeDescriptor(
  libc: Libc,
  descriptor: number,
  argv: readonly string[],
  env: readonly string[],
  architecture: string = process.arch,
): number {
  const execveat = libc.declare<
    (n: number, fd: number, path: Buffer, argv: Buffer, env: Buffer, flags: number) => number
  >('long syscall(long, int, void*, void*, void*, int)');
  const texts = addressesOf(libc, [...argv, ...env]);
  const arguments_ = pointers(texts.slice(0, argv.length));
  const environment = pointers(texts.slice(argv.length));
  const number = perArchitecture(322, 281, architecture);
  execveat(number, descriptor, Buffer.alloc(1), arguments_, environment, AT_EMPTY_PATH);
  return libc.errno();
}

/** Copies texts, each with a NUL at its end, to where they do not move. */
function addressesOf(libc: Libc, texts: readonly string[]): readonly bigint[] {
  const all = texts.map((text) => Buffer.from(`${text}\0`));
  const { address, bytes } = libc.allocate(
    Math.max(
      1,
      all.reduce((sum, { length }) => sum + length, 0),
    ),
  );
  let at = 0;
  return all.map((text) => {
    text.copy(bytes, at);
    at += text.length;
    return address + BigInt(at - text.length);
  });
}

/** An array of pointers with a null one at its end. */
function pointers(addresses: readonly bigint[]): Buffer {
  const array = Buffer.alloc((addresses.length + 1) * 8);
  addresses.forEach((address, index) => array.writeBigUInt64LE(address, index * 8));
  return array;
}
