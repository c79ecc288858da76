import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { ClientFrames } from './client-frames.js';

/**
 * A connection whose client sends an illegal `:authority`: what it sends passes through the walker for as long
 * as it lives; what it is sent goes out untouched. Ends when the socket ends, and the other way round.
 *
 * Takes:  the socket, the frames held back so far, and the walker that has seen them.
 * Calls:  `malformed` once, when the client breaks HTTP/2; the connection is then destroyed.
 */
export function repairedConnection(
  socket: Socket,
  held: readonly Buffer[],
  frames: ClientFrames,
  malformed: (error: unknown) => void,
): Duplex {
  const connection = new Duplex({
    read: () => {
      socket.resume();
    },
    write: (chunk: Uint8Array, _encoding, done) => {
      socket.write(chunk, done);
    },
    writev: (chunks, done) => {
      socket.cork();
      for (const [index, { chunk }] of chunks.entries()) {
        socket.write(chunk as Uint8Array, index === chunks.length - 1 ? done : undefined);
      }
      socket.uncork();
    },
    final: (done) => {
      socket.end(done);
    },
    destroy: (error, done) => {
      socket.destroy();
      done(error);
    },
  });
  for (const bytes of held) connection.push(bytes);
  socket.on('data', (chunk: Buffer) => {
    try {
      for (const bytes of frames.feed(chunk)) if (!connection.push(bytes)) socket.pause();
    } catch (error) {
      malformed(error);
      connection.destroy();
    }
  });
  socket.on('end', () => connection.push(null));
  socket.on('close', () => connection.destroy());
  // Both ends report a broken connection; `close` follows on either, and that is what is acted upon.
  socket.on('error', () => {});
  connection.on('error', () => {});
  return connection;
}
