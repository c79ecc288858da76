import { readFile, stat, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { WorkloadApiClient } from '../../src/client/workload-api-client.js';
import { X509Source } from '../../src/client/x509-source.js';
import { ownUidEntry, RunningDaemon } from './running-daemon.js';

const ENTRIES = { 'me.yaml': ownUidEntry() };
const NEVER = new AbortController().signal;

describe('the built daemon', () => {
  it('serves X.509, JWT and WIT identities to a process that an entry names', async () => {
    await using daemon = await RunningDaemon.start({ entries: ENTRIES });
    await using client = WorkloadApiClient.open({ endpoint: daemon.endpoint });
    const [jwt] = await client.fetchJwtSvid({ audience: 'https://api.test' }, NEVER);
    expect(jwt?.id.toString()).toBe('spiffe://example.org/me');
    const x509 = await daemon.spoor('fetch', 'x509', '--output', 'json');
    expect(x509).toMatchObject({ code: 0, stdout: expect.stringContaining('spiffe://example.org/me') });
    const wit = await daemon.spoor('fetch', 'wit', '--output', 'json');
    expect(wit).toMatchObject({ code: 0, stdout: expect.stringContaining('spiffe://example.org/me') });
  });

  it('sets the modes of its files so that others reach the agent socket and nothing else', async () => {
    await using daemon = await RunningDaemon.start({ entries: ENTRIES });
    const modeOf = async (path: string): Promise<string> => ((await stat(path)).mode & 0o777).toString(8);
    expect(await modeOf(daemon.socket)).toBe('666');
    expect(await modeOf(daemon.adminSocket)).toBe('600');
    expect(await modeOf(daemon.file('state'))).toBe('700');
    expect(await modeOf(daemon.file('state/record.jsonl'))).toBe('600');
  });

  it('brings an edited entry file to an open stream', async () => {
    await using daemon = await RunningDaemon.start({ entries: ENTRIES });
    await using source = await X509Source.open({ endpoint: daemon.endpoint });
    const before = performance.now();
    await daemon.writeEntries('me.yaml', ownUidEntry('renamed'));
    await source.snapshot.replaced;
    expect(source.current.id.toString()).toBe('spiffe://example.org/renamed');
    expect(performance.now() - before).toBeLessThan(1_000);
  });

  it('keeps serving by the last good entries when an edit is bad, and says so', async () => {
    await using daemon = await RunningDaemon.start({ entries: ENTRIES });
    await daemon.writeEntries('me.yaml', 'entries:\n  - {id: me, spiffe_id: nonsense, colour: blue}\n');
    await expect.poll(() => daemon.log).toContain('me.yaml');
    expect(await daemon.spoor('fetch', 'x509')).toMatchObject({ code: 0 });
    const check = await daemon.spoor('status', '--output', 'json');
    expect(check.stdout).toContain('me.yaml');
  });

  it('has the same authorities, node and record after a restart', async () => {
    await using daemon = await RunningDaemon.start({ entries: ENTRIES });
    const before = await daemon.spoor('authority', 'show', '--output', 'json');
    await daemon.stop('SIGKILL');
    await daemon.startAgain();
    const after = await daemon.spoor('authority', 'show', '--output', 'json');
    expect(idsIn(after.stdout)).toEqual(idsIn(before.stdout));
    expect(idsIn(after.stdout)).toHaveLength(3);
  });

  it('keeps the digests of executables for the next start', async () => {
    await using daemon = await RunningDaemon.start({ entries: ENTRIES });
    expect(await daemon.spoor('fetch', 'x509')).toMatchObject({ code: 0 });
    await daemon.stop();
    expect(await readFile(daemon.file('state/digests.json'), 'utf8')).toMatch(/":"[0-9a-f]{64}"/);
  });

  it('lets a source live through a restart', async () => {
    await using daemon = await RunningDaemon.start({ entries: ENTRIES });
    await using source = await X509Source.open({ endpoint: daemon.endpoint });
    const { serial } = source.current;
    const snapshot = source.snapshot;
    await daemon.stop();
    expect(source.current.serial).toBe(serial);
    await daemon.startAgain();
    await snapshot.replaced;
    expect(source.current.serial).not.toBe(serial);
  });

  it('ends with code 0 at SIGTERM, takes its sockets away, and cuts no message in two', async () => {
    await using daemon = await RunningDaemon.start({ entries: ENTRIES });
    await using client = WorkloadApiClient.open({ endpoint: daemon.endpoint });
    const stream = client.fetchX509Svid(NEVER)[Symbol.asyncIterator]();
    await stream.next();
    const ended = stream.next().catch((error: unknown) => error);
    expect(await daemon.stop('SIGTERM')).toBe(0);
    expect(await ended).toMatchObject({ code: 'DAEMON_UNREACHABLE' });
    await expect(stat(daemon.socket)).rejects.toThrow('ENOENT');
    await expect(stat(daemon.adminSocket)).rejects.toThrow('ENOENT');
  });

  it('takes over the socket that a killed daemon left', async () => {
    await using daemon = await RunningDaemon.start({ entries: ENTRIES });
    await daemon.stop('SIGKILL');
    expect((await stat(daemon.socket)).isSocket()).toBe(true);
    await daemon.startAgain();
    expect(await daemon.spoor('fetch', 'x509')).toMatchObject({ code: 0 });
  });

  it('refuses the state of another trust domain, and touches nothing', async () => {
    await using daemon = await RunningDaemon.start({ entries: ENTRIES });
    await daemon.stop();
    const before = await readFile(daemon.file('state/node.json'), 'utf8');
    await writeFile(daemon.file('spoor.yaml'), '');
    await using other = await RunningDaemon.start({ trustDomain: 'other.test' });
    await other.stop();
    const outcome = await RunningDaemon.start({
      flags: ['--trust-domain', 'third.test', '--state', daemon.file('state')],
    }).catch((error: unknown) => String(error));
    expect(outcome).toContain('STATE_FOREIGN');
    expect(await readFile(daemon.file('state/node.json'), 'utf8')).toBe(before);
  });

  it('lets no second daemon into its state or onto its socket', async () => {
    await using daemon = await RunningDaemon.start({ entries: ENTRIES });
    const sameState = RunningDaemon.start({ flags: ['--state', daemon.file('state')] });
    await expect(sameState).rejects.toThrow(/STATE_UNUSABLE/);
    const sameSocket = RunningDaemon.start({ flags: ['--socket', daemon.socket] });
    await expect(sameSocket).rejects.toThrow(/SOCKET_IN_USE/);
    expect(await daemon.spoor('fetch', 'x509')).toMatchObject({ code: 0 });
  });

  it('says what is wrong with its settings, with exit code 3', async () => {
    const failed = RunningDaemon.start({ settings: 'lifetimes: {jwt_svid: soon}\n' });
    await expect(failed).rejects.toThrow(/spoor.yaml:1 lifetimes.jwt_svid: found soon;/);
  });
});

function idsIn(json: string): readonly string[] {
  return [...json.matchAll(/"id": "([^"]+)"/g)].map(([, id = '']) => id).toSorted();
}
