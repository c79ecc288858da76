import { appendFile, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { IssuedDocument, RecordEvent } from '../../src/core/record.js';
import { RecordFile } from '../../src/ledger/record-file.js';
import { FakeClock } from '../fakes/fake-clock.js';
import { temporaryFolder } from '../fakes/temporary-folder.js';

const clock = new FakeClock('2030-01-01T00:00:00Z');
const AUTHORITY: RecordEvent = { event: 'authority', profile: 'jwt', id: 'k1', state: 'active' };

function attested(instance: string, call = 1): RecordEvent {
  const process = { pid: 42, uid: 1000, gid: 1000, path: '/usr/bin/node', level: 'connected' } as const;
  return { event: 'attested', call, instance, ...process, selectors: ['unix:uid:1000'] };
}

function issued(instance: string, document: IssuedDocument): RecordEvent {
  const process = { pid: 42, uid: 1000, entry: 'web', spiffe_id: 'spiffe://example.org/web' };
  return { event: 'issued', call: 2, instance, ...process, document, expires: '2030-01-01T00:15:00Z' };
}

describe('RecordFile', () => {
  it('keeps one line of JSON for each event, with the time in front, for its owner alone', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'record.jsonl');
    {
      await using record = await RecordFile.open(path, { clock });
      await record.append(AUTHORITY);
      await record.append(attested('i1'));
    }
    await using record = await RecordFile.open(path, { clock });
    await record.append(AUTHORITY);
    const lines = (await readFile(path, 'utf8')).split('\n');
    expect(lines).toHaveLength(4);
    expect(lines[0]).toBe(
      '{"at":"2030-01-01T00:00:00.000Z","event":"authority","profile":"jwt","id":"k1","state":"active"}',
    );
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('writes what is appended in one turn in order, all of it, and has it in the file when it says so', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'record.jsonl');
    await using record = await RecordFile.open(path, { clock });
    const ids = Array.from({ length: 2_000 }, (_, index) => `k${index}`);
    await Promise.all(ids.map((id) => record.append({ ...AUTHORITY, id })));
    const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { id: string }).id)).toEqual(ids);
  });

  it('writes what is pending before it closes', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'record.jsonl');
    const record = await RecordFile.open(path, { clock });
    const pending = record.append(AUTHORITY);
    await record[Symbol.asyncDispose]();
    await pending;
    expect(await readFile(path, 'utf8')).toContain('"k1"');
  });

  it('begins a new line after half of one', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'record.jsonl');
    await writeFile(path, '{"at":"2029-');
    await using record = await RecordFile.open(path, { clock });
    await record.append(AUTHORITY);
    const [half, whole] = (await readFile(path, 'utf8')).split('\n');
    expect(half).toBe('{"at":"2029-');
    expect(JSON.parse(whole ?? '')).toMatchObject({ id: 'k1' });
  });

  it('refuses every append while the disk is full, and tries again with the next', async () => {
    // /dev/full takes nothing, as a full disk does; a link can be turned, as a disk can be freed.
    await using full = await RecordFile.open('/dev/full', { clock });
    const outcomes = await Promise.allSettled([full.append(AUTHORITY), full.append(AUTHORITY)]);
    expect(
      outcomes.map((outcome) => outcome.status === 'rejected' && (outcome.reason as { code: string }).code),
    ).toEqual(['RECORD_UNWRITABLE', 'RECORD_UNWRITABLE']);
    await expect(full.append(AUTHORITY)).rejects.toMatchObject({
      code: 'RECORD_UNWRITABLE',
      message: expect.stringContaining('ENOSPC'),
    });
  });

  it('refuses a path that it cannot open', async () => {
    await expect(RecordFile.open('/nowhere/record.jsonl', { clock })).rejects.toMatchObject({
      code: 'RECORD_UNWRITABLE',
    });
  });
});

describe('RecordFile.find', () => {
  const SERIAL = '4a'.repeat(16);
  const FINGERPRINT = 'ab12'.repeat(16);
  const X509: IssuedDocument = { kind: 'x509', serial: SERIAL, fingerprint: FINGERPRINT };

  async function recordWith(
    events: readonly RecordEvent[],
    folder: { readonly path: string },
  ): Promise<string> {
    const path = join(folder.path, 'record.jsonl');
    await using record = await RecordFile.open(path, { clock });
    for (const event of events) await record.append(event);
    return path;
  }

  const colons = (hex: string): string => hex.toUpperCase().match(/../g)?.join(':') ?? '';

  it.each([
    ['serial', SERIAL],
    ['serial as OpenSSL prints it', SERIAL.toUpperCase()],
    ['serial with colons', colons(SERIAL)],
    ['fingerprint', FINGERPRINT],
    ['fingerprint with colons', colons(FINGERPRINT)],
  ])('finds an X509-SVID by its %s, with the attestation of its instance', async (_what, needle) => {
    await using folder = await temporaryFolder();
    const other = { kind: 'x509', serial: '4b'.repeat(16), fingerprint: 'cd34'.repeat(16) } as const;
    const events = [
      attested('i1', 1),
      attested('i2', 2),
      attested('i1', 3),
      issued('i2', other),
      issued('i1', X509),
      attested('i1', 9),
    ];
    const path = await recordWith(events, folder);
    const found = await Array.fromAsync(RecordFile.find(path, needle));
    expect(found).toEqual([
      { at: '2030-01-01T00:00:00.000Z', ...attested('i1', 3) },
      { at: '2030-01-01T00:00:00.000Z', ...issued('i1', X509) },
    ]);
  });

  it.each(['jwt', 'wit'] as const)('finds a %s by its jti', async (kind) => {
    await using folder = await temporaryFolder();
    const jti = '1b4e28ba-2fa1-4d29-883f-b9a1f2c3d4e5';
    const document: IssuedDocument = kind === 'jwt' ? { kind, jti, audience: ['a'] } : { kind, jti };
    const path = await recordWith([attested('i1'), issued('i1', document)], folder);
    const found = await Array.fromAsync(RecordFile.find(path, jti));
    expect(found.map(({ event }) => event)).toEqual(['attested', 'issued']);
  });

  it('finds all that an instance was issued by its id', async () => {
    await using folder = await temporaryFolder();
    const path = await recordWith([attested('i1'), issued('i1', X509), issued('i2', X509)], folder);
    const found = await Array.fromAsync(RecordFile.find(path, 'i1'));
    expect(found.map(({ event }) => event)).toEqual(['attested', 'issued']);
  });

  it('finds nothing by a part of a name, by another name, or by nothing', async () => {
    await using folder = await temporaryFolder();
    const path = await recordWith([attested('i1'), issued('i1', X509)], folder);
    for (const needle of ['', ':', 'i', SERIAL.slice(0, 20), 'web']) {
      expect(await Array.fromAsync(RecordFile.find(path, needle))).toEqual([]);
    }
  });

  it('passes over half a line', async () => {
    await using folder = await temporaryFolder();
    const path = await recordWith([attested('i1'), issued('i1', X509)], folder);
    await appendFile(path, `{"at":"2030-01-01","event":"issued","document":{"serial":"${SERIAL}`);
    expect(await Array.fromAsync(RecordFile.find(path, SERIAL))).toHaveLength(2);
  });
});
