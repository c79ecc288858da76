import type { Kernel } from '../../src/kernel/kernel.js';

const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;

/** Sends `bytes` over a Unix socket with a descriptor beside them: sendmsg(2) with SCM_RIGHTS. */
export function sendDescriptor({ libc }: Kernel, socket: number, bytes: Buffer, descriptor: number): number {
  const [data, control, vector, header] = [bytes.length, 24, 16, 56].map((size) => libc.allocate(size));
  if (data === undefined || control === undefined || vector === undefined || header === undefined) return -1;
  data.bytes.set(bytes);
  control.bytes.writeBigUInt64LE(20n, 0);
  control.bytes.writeInt32LE(SOL_SOCKET, 8);
  control.bytes.writeInt32LE(SCM_RIGHTS, 12);
  control.bytes.writeInt32LE(descriptor, 16);
  vector.bytes.writeBigUInt64LE(data.address, 0);
  vector.bytes.writeBigUInt64LE(BigInt(bytes.length), 8);
  header.bytes.writeBigUInt64LE(vector.address, 16);
  header.bytes.writeBigUInt64LE(1n, 24);
  header.bytes.writeBigUInt64LE(control.address, 32);
  header.bytes.writeBigUInt64LE(24n, 40);
  const sendmsg = libc.declare<(fd: number, message: bigint, flags: number) => number>(
    'long sendmsg(int, void*, int)',
  );
  return sendmsg(socket, header.address, 0);
}
