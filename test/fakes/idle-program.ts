const BASE = 0x400000n;
const HEADERS_BYTES = 120;
/** `mov eax, SYS_pause; syscall; jmp` back to the first. */
const CODE = Buffer.from('b8220000000f05ebf7', 'hex');

/**
 * The smallest program: it waits for a signal, whatever its arguments are, and has no library that would do anything else.
 * For x64 alone.
 *
 * Source: elf(5), syscalls(2).
 */
export function idleProgram(): Buffer {
  const size = HEADERS_BYTES + CODE.length;
  const headers = Buffer.alloc(HEADERS_BYTES);
  headers.write('7f454c46020101', 'hex');
  headers.writeUInt16LE(2, 16); // ET_EXEC
  headers.writeUInt16LE(62, 18); // EM_X86_64
  headers.writeUInt32LE(1, 20);
  headers.writeBigUInt64LE(BASE + BigInt(HEADERS_BYTES), 24); // entry
  headers.writeBigUInt64LE(64n, 32); // program headers
  headers.writeUInt16LE(64, 52);
  headers.writeUInt16LE(56, 54);
  headers.writeUInt16LE(1, 56);
  headers.writeUInt32LE(1, 64); // PT_LOAD
  headers.writeUInt32LE(5, 68); // readable, executable
  headers.writeBigUInt64LE(BASE, 80);
  headers.writeBigUInt64LE(BASE, 88);
  headers.writeBigUInt64LE(BigInt(size), 96);
  headers.writeBigUInt64LE(BigInt(size), 104);
  headers.writeBigUInt64LE(4096n, 112);
  return Buffer.concat([headers, CODE]);
}
