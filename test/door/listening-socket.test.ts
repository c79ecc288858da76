import { lstatSync, readlinkSync, writeFileSync } from 'node:fs';
import { rename, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { ListeningSocket } from '../../src/door/listening-socket.js';
import { openKernel } from '../../src/kernel/kernel.js';
import { temporaryFolder } from '../fakes/temporary-folder.js';

const kernel = openKernel();

/** A path for a socket, and the sockets that were opened there, closed in the end. */
async function freshPath() {
  const cleanup = new AsyncDisposableStack();
  const folder = cleanup.use(await temporaryFolder());
  const path = join(folder.path, 'door.sock');
  const open = (mode = 0o600): ListeningSocket => cleanup.use(ListeningSocket.open(kernel, path, mode));
  return { folder: folder.path, path, open, [Symbol.asyncDispose]: () => cleanup.disposeAsync() };
}

/** A socket file whose process was killed, so that nobody took it away. */
async function leaveStaleSocket(path: string): Promise<void> {
  const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
  await once(spawn(process.execPath, ['-e', script]), 'close');
}

describe('ListeningSocket', () => {
  it.each([0o666, 0o600])('has the mode that is asked for, whatever the umask: %o', async (mode) => {
    await using place = await freshPath();
    place.open(mode);
    expect(lstatSync(place.path).mode & 0o777).toBe(mode);
  });

  it('can be connected to as soon as it is open, and takes its path away at the end', async () => {
    await using place = await freshPath();
    const socket = place.open();
    const client = connect(place.path);
    await once(client, 'connect');
    client.destroy();
    socket[Symbol.dispose]();
    socket[Symbol.dispose]();
    expect(lstatSync(place.path, { throwIfNoEntry: false })).toBeUndefined();
  });

  it('replaces a socket that nobody answers on any more', async () => {
    await using place = await freshPath();
    await leaveStaleSocket(place.path);
    const stale = lstatSync(place.path).ino;
    place.open();
    expect([kernel.sockets.answers(place.path), lstatSync(place.path).isSocket(), stale > 0]).toEqual([
      true,
      true,
      true,
    ]);
  });

  it('leaves alone a socket that somebody answers on', async () => {
    await using place = await freshPath();
    place.open();
    expect(() => ListeningSocket.open(kernel, place.path, 0o600)).toThrow(
      expect.objectContaining({ code: 'SOCKET_IN_USE' }),
    );
    expect(kernel.sockets.answers(place.path)).toBe(true);
  });

  it('leaves alone whatever is no socket', async () => {
    await using place = await freshPath();
    writeFileSync(place.path, 'precious');
    const link = `${place.path}.link`;
    await symlink(place.path, link);
    for (const taken of [place.path, link, place.folder]) {
      expect(() => ListeningSocket.open(kernel, taken, 0o600)).toThrow(
        expect.objectContaining({ code: 'SOCKET_UNUSABLE', message: expect.stringMatching(/no socket/) }),
      );
    }
    expect(lstatSync(place.path).isFile()).toBe(true);
  });

  it('does not take away a path that leads to another socket by now', async () => {
    await using place = await freshPath();
    const first = place.open();
    await rename(place.path, `${place.path}.old`);
    place.open();
    first[Symbol.dispose]();
    expect(kernel.sockets.answers(place.path)).toBe(true);
  });

  it.each([
    { path: '/proc/no/such/folder.sock', message: /its folder does not exist/ },
    { path: `/tmp/${'x'.repeat(200)}`, message: /205 bytes; 1 to 107/ },
  ])('says what is wrong with the path $path', ({ path, message }) => {
    expect(() => ListeningSocket.open(kernel, path, 0o600)).toThrow(
      expect.objectContaining({ code: 'SOCKET_UNUSABLE', message: expect.stringMatching(message) }),
    );
  });

  it('is not inherited by the processes that are started', async () => {
    await using place = await freshPath();
    const socket = place.open();
    const list = spawn('sh', ['-c', 'for fd in /proc/self/fd/*; do readlink $fd; done'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const own = readlinkSync(`/proc/self/fd/${socket.descriptor}`);
    expect(own).toMatch(/^socket:/);
    expect((await text(list.stdout)).split('\n')).not.toContain(own);
  });
});
