import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findSocket } from '../../src/cli/sockets.js';
import type { PathFacts } from '../../src/core/paths.js';
import { temporaryFolder } from '../fakes/temporary-folder.js';
import { CommandLine } from './command-line.js';

const UID = process.geteuid?.() ?? 0;

function factsIn(temporary: string, env: PathFacts['env'] = {}, uid = UID): PathFacts {
  return { uid, home: temporary, temporary, env };
}

async function listening(path: string): Promise<Server> {
  const server = createServer().listen(path);
  await once(server, 'listening');
  return server;
}

describe('the flags of the sockets', () => {
  it.each([
    ['status', '--admin-socket', ''],
    ['fetch', 'x509', '--socket', ''],
  ])('are not taken for the working folder when they are empty: %s %s', async (...argv) => {
    await using line = await CommandLine.open();
    const { exit, err } = await line.run(argv);
    expect([exit, err]).toEqual([2, expect.stringContaining('the address of the socket is empty')]);
  });
});

describe('findSocket', () => {
  it('takes the flag before everything else', async () => {
    const facts = factsIn('/nowhere', { SPIFFE_ENDPOINT_SOCKET: 'unix:///a', SPOOR_ADMIN_SOCKET: '/b' });
    expect(await findSocket('socket', '/flag', facts)).toMatchObject({ address: '/flag', from: 'flag' });
  });

  it('takes SPIFFE_ENDPOINT_SOCKET for the agent socket, and SPOOR_ADMIN_SOCKET for the admin socket', async () => {
    const facts = factsIn('/nowhere', { SPIFFE_ENDPOINT_SOCKET: 'unix:///a', SPOOR_ADMIN_SOCKET: '/b' });
    expect([
      (await findSocket('socket', undefined, facts)).address,
      (await findSocket('adminSocket', undefined, facts)).address,
    ]).toEqual(['unix:///a', '/b']);
  });

  it("takes the user's own socket below XDG_RUNTIME_DIR if it is there", async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'spoor', 'agent.sock');
    await mkdir(join(folder.path, 'spoor'), { mode: 0o700 });
    await using daemon = await listening(path);
    expect(daemon.listening).toBe(true);
    const facts = factsIn('/nowhere', { XDG_RUNTIME_DIR: folder.path });
    expect(await findSocket('socket', undefined, facts)).toEqual({
      address: path,
      from: 'user',
      passedOver: [],
    });
  });

  it('takes that of spoor-UID in the temporary folder without XDG_RUNTIME_DIR', async () => {
    await using folder = await temporaryFolder();
    const own = join(folder.path, `spoor-${UID}`);
    await mkdir(own, { mode: 0o700 });
    await using daemon = await listening(join(own, 'admin.sock'));
    expect(daemon.listening).toBe(true);
    expect(await findSocket('adminSocket', undefined, factsIn(folder.path))).toMatchObject({
      address: join(own, 'admin.sock'),
      from: 'user',
    });
  });

  it("takes root's when the user has none", async () => {
    await using folder = await temporaryFolder();
    expect(await findSocket('socket', undefined, factsIn(folder.path))).toEqual({
      address: '/run/spoor/agent.sock',
      from: 'root',
      passedOver: [],
    });
  });

  it('passes over a folder that others may write to, that another owns, or that holds no socket', async () => {
    await using folder = await temporaryFolder();
    const own = join(folder.path, `spoor-${UID}`);
    await mkdir(own, { mode: 0o700 });
    await writeFile(join(own, 'agent.sock'), '');
    const found = async (facts: PathFacts): Promise<object> => await findSocket('socket', undefined, facts);
    const root = { address: '/run/spoor/agent.sock', from: 'root' };
    expect(await found(factsIn(folder.path))).toEqual({ ...root, passedOver: [`${own}: holds no socket`] });
    await chmod(own, 0o777);
    expect(await found(factsIn(folder.path))).toEqual({
      ...root,
      passedOver: [`${own}: others may write to it`],
    });
    const stranger = join(folder.path, 'spoor-4000000');
    await mkdir(stranger, { mode: 0o700 });
    await writeFile(join(stranger, 'agent.sock'), '');
    expect(await found(factsIn(folder.path, {}, 4_000_000))).toEqual({
      ...root,
      passedOver: [`${stranger}: belongs to uid ${UID}`],
    });
  });

  it('says in the error what was passed over', async () => {
    await using line = await CommandLine.open();
    line.uid = 4_000_000;
    const own = join(line.folder, 'spoor-4000000');
    await mkdir(own);
    await writeFile(join(own, 'admin.sock'), '');
    const { exit, err } = await line.run(['status']);
    expect(exit).toBe(5);
    expect(err).toContain(`passed_over="${own}: belongs to uid ${UID}"`);
  });

  it.each([
    [['--admin-socket', 'tcp://127.0.0.1:1'], 'this command needs a Unix socket'],
    [['--admin-socket', 'http://x'], 'its scheme is neither unix nor tcp'],
  ])('refuses %j for the admin socket', async (options, words) => {
    await using line = await CommandLine.open();
    const { exit, err } = await line.run(['status', ...options]);
    expect([exit, err]).toEqual([2, expect.stringContaining(words)]);
  });
});
