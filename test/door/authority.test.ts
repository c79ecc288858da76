import { describe, expect, it } from 'vitest';
import { RawHttp2Client } from '../fakes/raw-http2-client.js';
import { openTestDoor } from '../fakes/test-door.js';

const CALLS = 2_000;
const SOCKET_PATH = '/tmp/spire-agent/public/api.sock';

describe('a client that sends the path of the socket as :authority', () => {
  it.each([
    { style: { huffman: true }, spelled: 'in the Huffman code' },
    { style: { huffman: false }, spelled: 'plainly' },
    { style: { huffman: true, literalNames: true }, spelled: 'under a name that is spelled out' },
  ])(
    'is served $spelled, for 2,000 calls that push it out of the dynamic table again and again',
    async ({ style }) => {
      await using open = await openTestDoor();
      await using client = new RawHttp2Client(open.path, style);
      client.greet();

      const first = await client.call(SOCKET_PATH);
      expect(first).toMatchObject({
        pid: process.pid,
        standing: 'same',
        host: '-tmp-spire-agent-public-api.sock',
      });
      for (let call = 0; call < CALLS; call += 50) {
        const answers = Array.from({ length: 50 }, (_, index) =>
          client.call(SOCKET_PATH, [['grpc-timeout', `${9_000_000 + call + index}u`]]),
        );
        for (const answer of await Promise.all(answers)) expect(answer).toEqual(first);
        client.frames.length = 0;
      }
      expect(open.door.statistics).toEqual({ connections: 1, pending: 0 });
    },
  );

  it('leaves nothing behind when its connection ends', async () => {
    await using open = await openTestDoor();
    for (let round = 0; round < 3; round++) {
      await using client = new RawHttp2Client(open.path);
      client.greet();
      expect((await client.call(SOCKET_PATH))?.connection).toBe(round + 1);
    }
    await expect.poll(() => open.door.statistics.connections).toBe(0);
    // What gRPC keeps for each of them is out of sight otherwise; one stays, for all native connections.
    const { http2Servers } = open.server as unknown as { readonly http2Servers: ReadonlyMap<object, object> };
    await expect.poll(() => http2Servers.size).toBe(1);
    // The process itself stays, for when it comes back.
    expect(open.budget.taken).toBe(4);
  });
});
