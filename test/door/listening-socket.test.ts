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

async function folderWithSocketPath() {
  const folder = await temporaryFolder();
  return { folder, path: join(folder.path, 'door.sock') };
}

/** A socket file whose process was killed, so that nobody took it away. */
async function leaveStaleSocket(path: string): Promise<void> {
  const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
  await once(spawn(process.execPath, ['-e', script]), 'close');
}

describe('ListeningSocket', () => {
  it.each([0o666, 0o600])('has the mode that is asked for, whatever the umask: %o', async (mode) => {
    const { folder, path } = await folderWithSocketPath();
    await using _folder = folder;
    using _socket = ListeningSocket.open(kernel, path, mode);
    expect(lstatSync(path).mode & 0o777).toBe(mode);
  });

  it('can be connected to as soon as it is open, and takes its path away at the end', async () => {
    const { folder, path } = await folderWithSocketPath();
    await using _folder = folder;
    const socket = ListeningSocket.open(kernel, path, 0o600);
    const client = connect(path);
    await once(client, 'connect');
    client.destroy();
    socket[Symbol.dispose]();
    socket[Symbol.dispose]();
    expect(lstatSync(path, { throwIfNoEntry: false })).toBeUndefined();
  });

  it('replaces a socket that nobody answers on any more', async () => {
    const { folder, path } = await folderWithSocketPath();
    await using _folder = folder;
    await leaveStaleSocket(path);
    const stale = lstatSync(path).ino;
    using _socket = ListeningSocket.open(kernel, path, 0o600);
    expect([kernel.sockets.answers(path), lstatSync(path).isSocket(), stale > 0]).toEqual([true, true, true]);
  });

  it('leaves alone a socket that somebody answers on', async () => {
    const { folder, path } = await folderWithSocketPath();
    await using _folder = folder;
    using _first = ListeningSocket.open(kernel, path, 0o600);
    expect(() => ListeningSocket.open(kernel, path, 0o600)).toThrow(
      expect.objectContaining({ code: 'SOCKET_IN_USE' }),
    );
    expect(kernel.sockets.answers(path)).toBe(true);
  });

  it('leaves alone whatever is no socket', async () => {
    const { folder, path } = await folderWithSocketPath();
    await using _folder = folder;
    writeFileSync(path, 'precious');
    const link = `${path}.link`;
    await symlink(path, link);
    for (const taken of [path, link, folder.path]) {
      expect(() => ListeningSocket.open(kernel, taken, 0o600)).toThrow(
        expect.objectContaining({ code: 'SOCKET_UNUSABLE', message: expect.stringMatching(/no socket/) }),
      );
    }
    expect(lstatSync(path).isFile()).toBe(true);
  });

  it('does not take away a path that leads to another socket by now', async () => {
    const { folder, path } = await folderWithSocketPath();
    await using _folder = folder;
    const first = ListeningSocket.open(kernel, path, 0o600);
    await rename(path, `${path}.old`);
    using _second = ListeningSocket.open(kernel, path, 0o600);
    first[Symbol.dispose]();
    expect(kernel.sockets.answers(path)).toBe(true);
  });

  it.each([
    { path: '/proc/no/such/folder.sock', message: /ENOENT/ },
    { path: `/tmp/${'x'.repeat(200)}`, message: /205 bytes; 1 to 107/ },
  ])('says what is wrong with the path $path', ({ path, message }) => {
    expect(() => ListeningSocket.open(kernel, path, 0o600)).toThrow(
      expect.objectContaining({ code: 'SOCKET_UNUSABLE', message: expect.stringMatching(message) }),
    );
  });

  it('is not inherited by the processes that are started', async () => {
    const { folder, path } = await folderWithSocketPath();
    await using _folder = folder;
    using socket = ListeningSocket.open(kernel, path, 0o600);
    const list = spawn('sh', ['-c', 'for fd in /proc/self/fd/*; do readlink $fd; done'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const own = readlinkSync(`/proc/self/fd/${socket.descriptor}`);
    expect(own).toMatch(/^socket:/);
    expect((await text(list.stdout)).split('\n')).not.toContain(own);
  });
});
