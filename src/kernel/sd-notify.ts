import { errnoName, type Libc } from './libc.js';
import { unixAddress } from './unix-address.js';

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;

/**
 * Sends one datagram to the service manager, e.g. `READY=1`.
 *
 * Takes:  `address` of the variable NOTIFY_SOCKET: a path, or a name of the abstract namespace with `@` in front.
 * Returns: undefined when it was sent, else the name of the error: a service manager that does not listen is no
 *          reason to stop.
 * Errors: SOCKET_UNUSABLE when the address is none.
 * Source: sd_notify(3).
 */
export function notifyServiceManager(libc: Libc, address: string, state: string): string | undefined {
  const socket =
    libc.declare<(domain: number, type: number, protocol: number) => number>('int socket(int, int, int)');
  const close = libc.declare<(fd: number) => number>('int close(int)');
  const sendto = libc.declare<
    (fd: number, bytes: Buffer, length: number, flags: number, to: Buffer, toLength: number) => number
  >('long sendto(int, void*, size_t, int, void*, uint32_t)');

  const to = unixAddress(address);
  const bytes = Buffer.from(state);
  const fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return errnoName(libc.errno());
  try {
    const count = sendto(fd, bytes, bytes.length, MSG_DONTWAIT | MSG_NOSIGNAL, to, to.length);
    return count === bytes.length ? undefined : errnoName(libc.errno());
  } finally {
    close(fd);
  }
}
