import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { X509Certificate } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { MACHINE_CLOCK } from '../../src/core/machine-clock.js';
import { x509Message } from '../fakes/test-workload-api.js';
import { served } from './workload-api.js';

const NEVER = new AbortController().signal;

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await MACHINE_CLOCK.sleep(5, NEVER);
}

describe('spoor watch', () => {
  it('prints one line of JSON for each change, and ends with 0 when it is interrupted', async () => {
    await using it = await served();
    let heard = '';
    const running = it.line.run(['watch', '--output', 'json'], (text) => (heard += text));
    await until(() => heard.split('\n').length === 2);
    const renewed = await it.authority.x509('/web');
    it.api.answers.FetchX509SVID.set(x509Message(it.authority, [renewed]));
    await until(() => heard.split('\n').length === 3);
    it.line.stop.abort();
    const { exit, out, err } = await running;
    expect([exit, err]).toEqual([0, '']);
    const lines = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { at: string; svids: { serial: string }[] });
    expect(Object.keys(lines[0] ?? {})).toEqual(['at', 'svids', 'bundles', 'files']);
    expect(lines.map(({ svids }) => svids.length)).toEqual([2, 1]);
    expect(lines[1]?.svids[0]?.serial).toBe(renewed.svid.serial);
  });

  it('keeps the files fresh', async () => {
    await using it = await served();
    const folder = join(it.line.folder, 'svid');
    let heard = '';
    const running = it.line.run(['watch', '--write', folder], (text) => (heard += text));
    await until(() => heard.includes('wrote'));
    const renewed = await it.authority.x509('/web');
    it.api.answers.FetchX509SVID.set(x509Message(it.authority, [renewed]));
    await until(() => heard.includes(renewed.svid.fingerprint));
    const written = new X509Certificate(await readFile(join(folder, 'svid.0.pem')));
    expect(written.raw.equals(renewed.svid.chain[0]?.raw ?? Buffer.alloc(0))).toBe(true);
    it.line.stop.abort();
    await running;
  });

  it('says that its identity was withdrawn, and goes on when it is back', async () => {
    await using it = await served();
    it.line.clock = MACHINE_CLOCK;
    const good = it.api.answers.FetchX509SVID.current.value;
    let heard = '';
    const running = it.line.run(['watch'], (text) => (heard += text));
    await until(() => heard.includes('trusts'));
    it.api.answers.FetchX509SVID.set({ status: status.PERMISSION_DENIED, details: 'no identity issued' });
    await until(() => heard.includes('trying again'));
    it.api.answers.FetchX509SVID.set(good);
    await until(() => heard.split('trusts').length === 3);
    it.line.stop.abort();
    const { exit, err } = await running;
    expect([exit, err]).toEqual([
      0,
      expect.stringContaining('spoor: no identity issued; trying again every 1 s (IDENTITY_NOT_ISSUED)\n'),
    ]);
  });
});
