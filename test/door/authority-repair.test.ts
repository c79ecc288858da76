import { once } from 'node:events';
import { createServer } from 'node:http2';
import { connect, type AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { AuthorityRepair } from '../../src/door/authority-repair.js';
import { HpackEncoder } from '../fakes/hpack-encoder.js';
import { frame, PREFACE, SETTINGS } from '../fakes/raw-http2-client.js';

const EVERY_BYTE = Array.from({ length: 256 }, (_, byte) => byte);
const repair = new AuthorityRepair();

function block(authority: string, huffman: boolean): Buffer {
  return new HpackEncoder({ huffman }).encode([[':authority', authority]]);
}

/** Asks a server of Node, which lets nghttp2 judge, with one authority after another; returns those that it answers. */
async function acceptedByNode(authorities: readonly string[]): Promise<string[]> {
  await using server = createServer((_request, response) => response.end()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const accepted = await Promise.all(
    authorities.map(async (authority) => ((await asks(port, authority)) ? [authority] : [])),
  );
  return accepted.flat();
}

async function asks(port: number, authority: string): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const headers = new HpackEncoder({ huffman: false }).encode([
    [':method', 'GET'],
    [':scheme', 'http'],
    [':path', '/'],
    [':authority', authority],
  ]);
  socket.write(Buffer.concat([PREFACE, SETTINGS, frame(1, 5, 1, headers)]));
  let bytes = Buffer.alloc(0);
  for await (const chunk of socket) {
    bytes = Buffer.concat([bytes, chunk as Buffer]);
    for (let rest = bytes; rest.length >= 9; rest = rest.subarray(9 + rest.readUIntBE(0, 3))) {
      // HEADERS: it answers. RST_STREAM: it does not.
      if (rest[3] === 1 || rest[3] === 3) {
        socket.destroy();
        return rest[3] === 1;
      }
    }
  }
  throw new Error('the server said nothing');
}

describe('AuthorityRepair', () => {
  it('calls legal only what Node accepts, for every byte value', async () => {
    const authorities = EVERY_BYTE.map((byte) => `a${String.fromCharCode(byte)}b`);
    const legal = authorities.filter((authority) => repair.repair(block(authority, false)) === 'legal');
    expect(await acceptedByNode(legal)).toEqual(legal);
    // Whether a user in front of the host is accepted depends on the version of Node.
    const illegal = authorities.filter((authority) => !legal.includes(authority) && authority !== 'a@b');
    expect(await acceptedByNode(illegal)).toEqual([]);
    expect(legal).toHaveLength(81);
  });

  it('replaces by a legal one every symbol for which one has a code as long, and names the others', () => {
    const outcomes = EVERY_BYTE.map((byte) => {
      const coded = block(`x${String.fromCharCode(byte)}y`, true);
      const { length } = coded;
      const outcome = repair.repair(coded);
      // Nothing else has moved, and what stands there now is legal.
      expect(coded).toHaveLength(length);
      expect(repair.repair(coded)).toBe(outcome === 'repaired' ? 'legal' : outcome);
      return outcome;
    });
    const unmendable = EVERY_BYTE.filter(
      (byte) => byte < 0x80 && byte > 0x1f && outcomes[byte] === 'unmendable',
    );
    expect(String.fromCharCode(...unmendable)).toBe('#<>\\^`{}\x7f');
    expect(String.fromCharCode(...EVERY_BYTE.filter((byte) => outcomes[byte] === 'repaired'))).toBe(
      '\0 "/?@|',
    );
  });

  it('turns the path of a socket into a name that reads like it', () => {
    const coded = block('/tmp/spire agent/api.sock', true);
    expect(repair.repair(coded)).toBe('repaired');
    expect(coded).toEqual(block('-tmp-spire-agent-api.sock', true));
    const plain = block('/tmp/{x}', false);
    expect(repair.repair(plain)).toBe('repaired');
    expect(plain).toEqual(block('-tmp--x-', false));
  });

  it('leaves other headers alone, whatever they hold', () => {
    const headers = new HpackEncoder({ huffman: true }).encode([
      [':path', '/a/b'],
      ['x-path', '/c'],
      [':authority', 'ok'],
    ]);
    const before = Buffer.from(headers);
    expect(repair.repair(headers)).toBe('legal');
    expect(headers).toEqual(before);
  });
});
