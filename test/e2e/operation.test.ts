import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, readFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { X509Source } from '../../src/client/x509-source.js';
import { ownUidEntry, RunningDaemon } from './running-daemon.js';

const ENTRIES = { 'me.yaml': ownUidEntry() };

describe('operating the built daemon', () => {
  it('finds the process of a certificate by serial, by fingerprint, and of a token by its jti', async () => {
    await using daemon = await RunningDaemon.start({ entries: ENTRIES });
    await using source = await X509Source.open({ endpoint: daemon.endpoint });
    const { serial, fingerprint } = source.current;
    for (const needle of [serial, fingerprint]) {
      const who = await daemon.spoor('who', needle);
      expect(who).toMatchObject({ code: 0, stdout: expect.stringContaining(String(process.pid)) });
    }
    const token = (await daemon.spoor('fetch', 'jwt', '--audience', 'a', '--raw')).stdout.trim();
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as {
      jti: string;
    };
    expect((await daemon.spoor('who', claims.jti)).stdout).toContain('spiffe://example.org/me');
  });

  it('explains to a refused program what its nearest entry lacks', async () => {
    await using daemon = await RunningDaemon.start({
      entries: { 'web.yaml': ENTRY_BY_PATH },
    });
    const fetched = await daemon.spoor('fetch', 'x509');
    expect(fetched).toMatchObject({
      code: 4,
      stderr: expect.stringMatching(/no identity issued\n.*call=\d+/),
    });
    const explained = await daemon.spoor('explain');
    expect(explained.stdout).toContain('unix:path:/nowhere/web');
    const call = /call=(\d+)/.exec(fetched.stderr)?.[1];
    expect(daemon.log).toContain(`"call":${call}`);
    expect(await readFile(daemon.file('state/record.jsonl'), 'utf8')).toContain(`"call":${call},`);
  });

  it('gives two processes of one program the same SPIFFE ID and different keys and serials', async () => {
    await using daemon = await RunningDaemon.start({ entries: ENTRIES });
    const [one, two] = await Promise.all([fetchJson(daemon), fetchJson(daemon)]);
    expect(one).toContain('spiffe://example.org/me');
    expect(serialIn(one)).not.toBe(serialIn(two));
  });

  it('replaces every document when the authorities are rotated, and old ones stay valid', async () => {
    await using daemon = await RunningDaemon.start({ entries: ENTRIES });
    await using source = await X509Source.open({ endpoint: daemon.endpoint });
    const { serial } = source.current;
    expect(await daemon.spoor('authority', 'rotate')).toMatchObject({ code: 0 });
    await expect.poll(() => source.current.serial, { timeout: 10_000 }).not.toBe(serial);
  });

  it('adds, changes, shows and deletes entries by command, and they count at once', async () => {
    await using daemon = await RunningDaemon.start();
    const selector = `unix:uid:${process.getuid?.()}`;
    const add = [
      'entry',
      'add',
      '--id',
      'x',
      '--spiffe-id',
      'spiffe://example.org/x',
      '--selector',
      selector,
    ];
    expect(await daemon.spoor(...add)).toMatchObject({ code: 0 });
    await using source = await X509Source.open({ endpoint: daemon.endpoint });
    expect(source.current.id.toString()).toBe('spiffe://example.org/x');
    expect((await daemon.spoor(...add)).code).toBe(2);
    await daemon.spoor('entry', 'update', 'x', '--spiffe-id', 'spiffe://example.org/y');
    await expect.poll(() => source.current.id.toString()).toBe('spiffe://example.org/y');
    expect((await daemon.spoor('entry', 'list')).stdout).toContain('spiffe://example.org/y');
    expect(await daemon.spoor('entry', 'delete', 'x')).toMatchObject({ code: 0 });
    await expect.poll(() => source.svids.length).toBe(0);
  });

  it('serves health and metrics when it is told to', async () => {
    const address = `127.0.0.1:${await freePort()}`;
    await using daemon = await RunningDaemon.start({ entries: ENTRIES, flags: ['--http', address] });
    await daemon.spoor('fetch', 'x509');
    expect((await fetch(`http://${address}/live`)).status).toBe(200);
    const ready = await fetch(`http://${address}/ready`);
    expect(ready.status).toBe(200);
    const metrics = await (await fetch(`http://${address}/metrics`)).text();
    expect(metrics).toMatch(/spoor_calls_total\{method="[^"]*FetchX509SVID",code="\w+"\} \d/);
    expect(metrics).toMatch(/spoor_minted_total\{kind="x509"\} 1/);
    expect(metrics).toMatch(/spoor_authority_expiry_seconds\{profile="x509"\} \d+/);
  });

  it('never writes a key or a token to the log or the record', async () => {
    await using daemon = await RunningDaemon.start({ entries: ENTRIES, flags: ['--log-level', 'debug'] });
    const token = (await daemon.spoor('fetch', 'jwt', '--audience', 'a', '--raw')).stdout.trim();
    await daemon.spoor('fetch', 'x509');
    await daemon.spoor('validate', 'jwt', '--audience', 'b', token);
    const written = daemon.log + (await readFile(daemon.file('state/record.jsonl'), 'utf8'));
    expect(written).toContain('attested');
    expect(token.split('.')).toHaveLength(3);
    expect(written).not.toContain(token.split('.')[2]);
    expect(written).not.toContain('PRIVATE KEY');
  });

  it('ends the stream of a process that loses its identity', async () => {
    await using daemon = await RunningDaemon.start({ entries: ENTRIES });
    await using source = await X509Source.open({ endpoint: daemon.endpoint });
    await daemon.writeEntries('me.yaml', 'entries: []\n');
    await expect.poll(() => source.svids.length).toBe(0);
    expect(() => source.current).toThrow(/withdrawn/);
  });

  it('cannot be opened for debugging by SIGUSR1', async () => {
    await using daemon = await RunningDaemon.start({ entries: ENTRIES });
    process.kill(daemon.pid, 'SIGUSR1');
    await daemon.spoor('fetch', 'x509');
    expect(daemon.log).not.toContain('Debugger listening');
  });

  it('measures an executable that no entry names as something else', async () => {
    await using daemon = await RunningDaemon.start({
      entries: {
        'me.yaml': `entries:\n  - {id: me, spiffe_id: "spiffe://example.org/me", selectors: ["unix:path:${process.execPath}"]}\n`,
      },
    });
    const copy = daemon.file('stranger');
    await copyFile(process.execPath, copy);
    const spoor = new URL('../../dist/cli/spoor.js', import.meta.url).pathname;
    const child = spawn(copy, [spoor, 'fetch', 'x509'], { env: daemon.env, stdio: 'ignore' });
    const code = await new Promise((resolve) => child.once('exit', resolve));
    expect(code).toBe(4);
    expect(await daemon.spoor('fetch', 'x509')).toMatchObject({ code: 0 });
  });
});

const ENTRY_BY_PATH = `entries:
  - {id: web, spiffe_id: "spiffe://example.org/web", selectors: ["unix:uid:${process.getuid?.()}", "unix:path:/nowhere/web"]}
`;

async function fetchJson(daemon: RunningDaemon): Promise<string> {
  return (await daemon.spoor('fetch', 'x509', '--output', 'json')).stdout;
}

function serialIn(json: string): string | undefined {
  return /"serial": "([^"]+)"/.exec(json)?.[1];
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
