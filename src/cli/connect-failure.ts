import { connect } from 'node:net';

/** Tries a Unix socket without saying anything. Returns the errno of the failure, or undefined when it works. */
export function connectFailure(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.once('connect', () => {
      socket.destroy();
      resolve(undefined);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}
