import { connect, constants, createServer } from 'node:http2';
import { once } from 'node:events';
import { type AddressInfo, connect as connectSocket } from 'node:net';
import { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { HpackHuffman } from '../../src/door/hpack-huffman.js';
import { huffmanEncode } from '../fakes/hpack-encoder.js';

const EVERY_BYTE = Array.from({ length: 256 }, (_, byte) => byte);
const huffman = new HpackHuffman();

function decode(hex: string): string {
  const symbols = huffman.symbolsOf(Buffer.from(hex.replaceAll(' ', ''), 'hex')) ?? [];
  return String.fromCharCode(...symbols.map(({ symbol }) => symbol));
}

describe('HpackHuffman', () => {
  it.each([
    ['f1e3 c2e5 f23a 6ba0 ab90 f4ff', 'www.example.com'],
    ['a8eb 1064 9cbf', 'no-cache'],
    ['25a8 49e9 5ba9 7d7f', 'custom-key'],
    ['25a8 49e9 5bb8 e8b4 bf', 'custom-value'],
    ['6402', '302'],
    ['aec3 771a 4b', 'private'],
    ['d07a be94 1054 d444 a820 0595 040b 8166 e082 a62d 1bff', 'Mon, 21 Oct 2013 20:13:21 GMT'],
    ['9d29 ad17 1863 c78f 0b97 c8e9 ae82 ae43 d3', 'https://www.example.com'],
  ])('reads %s of RFC 7541 appendix C as %s', (hex, text) => {
    expect(decode(hex)).toBe(text);
    expect(huffmanEncode(Buffer.from(text)).toString('hex')).toBe(hex.replaceAll(' ', ''));
  });

  it('gives every byte value a code, and leaves no bit pattern without one', () => {
    const eos = 2 ** -30;
    expect(EVERY_BYTE.reduce((sum, byte) => sum + 2 ** -huffman.lengthOf(byte), eos)).toBe(1);
    for (const byte of EVERY_BYTE)
      expect(decode(huffmanEncode(Buffer.from([byte])).toString('hex'))).toBe(String.fromCharCode(byte));
  });

  it('refuses a string that holds the end-of-string symbol', () => {
    expect(huffman.symbolsOf(Buffer.from('ffffffff', 'hex'))).toBeUndefined();
  });

  it('spells every byte value that a header may hold as nghttp2 does', async () => {
    const allowed = EVERY_BYTE.filter((byte) => byte > 0x20 && byte !== 0x7f);
    await using server = createServer((_request, response) => response.end()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const socket = connectSocket((server.address() as AddressInfo).port, '127.0.0.1');
    await once(socket, 'connect');
    const sent: Buffer[] = [];
    const write = socket.write.bind(socket);
    socket.write = (chunk: Buffer, ...rest: never[]) => {
      sent.push(Buffer.from(chunk));
      return write(chunk, ...rest);
    };
    // A stream that is no net.Socket makes the session write through it, where it can be seen.
    const through = Duplex.from({ readable: socket, writable: socket } as never);
    const session = connect('http://127.0.0.1', { createConnection: () => through });
    // So many short codes beside it that the coded string is the shorter one, as nghttp2 wants it.
    const value = (byte: number): string => `${'0'.repeat(24)}${String.fromCharCode(byte)}`;
    for (const byte of allowed) {
      const request = session.request({ [constants.HTTP2_HEADER_PATH]: '/', [`x-${byte}`]: value(byte) });
      request.on('error', () => {});
      request.resume();
      await once(request, 'close');
    }
    session.destroy();
    const wire = Buffer.concat(sent);
    for (const byte of allowed) {
      expect(wire.includes(huffmanEncode(Buffer.from(value(byte), 'latin1'))), `byte ${byte}`).toBe(true);
    }
  });
});
