import { SpoorError } from '../core/errors.js';

const AF_UNIX = 1;
/** `sun_path` of struct sockaddr_un, without room for the final NUL. Source: unix(7). */
export const MAX_SOCKET_PATH_BYTES = 107;

/**
 * A struct sockaddr_un.
 *
 * Takes:   a path, or a name of the abstract namespace with `@` in front, as systemd writes it.
 * Errors:  SOCKET_UNUSABLE when the path is empty, too long or holds a NUL.
 * Source:  unix(7).
 */
export function unixAddress(path: string): Buffer {
  const name = Buffer.from(path);
  if (name.length === 0 || name.length > MAX_SOCKET_PATH_BYTES || name.includes(0)) {
    throw new SpoorError(
      'SOCKET_UNUSABLE',
      `the socket path has ${name.length} bytes; 1 to ${MAX_SOCKET_PATH_BYTES} without a NUL are allowed`,
      { facts: { path: path.slice(0, MAX_SOCKET_PATH_BYTES) } },
    );
  }
  const abstract = path.startsWith('@');
  // The length of an abstract name counts; a path ends with a NUL.
  const address = Buffer.alloc(2 + name.length + (abstract ? 0 : 1));
  address.writeUInt16LE(AF_UNIX, 0);
  name.copy(address, 2);
  if (abstract) address[2] = 0;
  return address;
}
