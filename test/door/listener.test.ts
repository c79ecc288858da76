import { describe, expect, it } from 'vitest';
import { openTestDoor, whoClient } from '../fakes/test-door.js';

describe('Door', () => {
  it('lets a legal client in and knows whose calls they are', async () => {
    await using open = await openTestDoor();
    using client = whoClient(open.path);

    const first = await client.who();
    expect(first).toMatchObject({
      pid: process.pid,
      uid: process.getuid?.(),
      standing: 'same',
      connection: 1,
    });
    expect((await client.who())?.connection).toBe(1);
    expect(open.door.statistics).toEqual({ connections: 1, pending: 0 });
    expect(open.log.lines).toEqual([]);
  });
});
