import { createPrivateKey, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { connect, createServer } from 'node:tls';
import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { MACHINE_CLOCK } from '../../src/core/machine-clock.js';
import { TestAuthority } from '../fakes/test-authority.js';
import { x509Message } from '../fakes/test-workload-api.js';
import { served } from './workload-api.js';

async function modesIn(folder: string): Promise<Record<string, string>> {
  const names = (await readdir(folder)).toSorted();
  const modes = names.map(async (name) => [
    name,
    ((await stat(join(folder, name))).mode & 0o777).toString(8),
  ]);
  return Object.fromEntries(await Promise.all(modes)) as Record<string, string>;
}

describe('spoor fetch x509', () => {
  it('shows each identity with serial, fingerprint, end and renewal, and whom it trusts', async () => {
    await using it = await served();
    const { out } = await it.line.run(['fetch', 'x509']);
    expect(
      out
        .replaceAll(/[0-9a-f]{64}/gu, 'FINGERPRINT')
        .replaceAll(/serial {7}[0-9a-f]+/gu, 'serial       SERIAL'),
    ).toBe(
      [
        'spiffe://example.org/web',
        '  serial       SERIAL',
        '  fingerprint  FINGERPRINT',
        '  expires      in 60 min, renews in about 30 min',
        '  hint         main',
        'spiffe://example.org/batch',
        '  serial       SERIAL',
        '  fingerprint  FINGERPRINT',
        '  expires      in 60 min, renews in about 30 min',
        'trusts example.org (1 authority), partner.example (1 authority)',
        '',
      ].join('\n'),
    );
  });

  it('prints JSON of a fixed shape, without keys', async () => {
    await using it = await served();
    const shown = (await it.line.json('fetch', 'x509')) as { svids: { fingerprint: string }[] };
    expect(shown).toEqual({
      svids: ['web', 'batch'].map((name) => ({
        spiffe_id: `spiffe://example.org/${name}`,
        hint: name === 'web' ? 'main' : '',
        serial: expect.stringMatching(/^[0-9a-f]+$/u),
        fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/u),
        not_before: '2029-12-31T23:59:00.000Z',
        not_after: '2030-01-01T01:00:00.000Z',
        certificates: expect.stringMatching(/^-----BEGIN CERTIFICATE-----\n/u),
      })),
      bundles: ['partner.example', 'example.org'].map((name) => ({
        trust_domain: name,
        certificates: expect.stringMatching(/^-----BEGIN CERTIFICATE-----\n/u),
      })),
      files: [],
    });
    expect(JSON.stringify(shown)).not.toContain('PRIVATE KEY');
  });

  it('writes chains, keys that only the owner can read, and bundles by trust domain', async () => {
    await using it = await served();
    const folder = join(it.line.folder, 'new', 'svid');
    const { files } = (await it.line.json('fetch', 'x509', '--write', folder)) as { files: string[] };
    expect(await modesIn(folder)).toEqual({
      'bundle.partner.example.pem': '644',
      'bundle.pem': '644',
      'svid.0.key': '600',
      'svid.0.pem': '644',
      'svid.1.key': '600',
      'svid.1.pem': '644',
    });
    expect(files.map((file) => file.slice(folder.length + 1)).toSorted()).toEqual(
      Object.keys(await modesIn(folder)),
    );
    const certificate = new X509Certificate(await readFile(join(folder, 'svid.0.pem')));
    expect(certificate.checkPrivateKey(createPrivateKey(await readFile(join(folder, 'svid.0.key'))))).toBe(
      true,
    );
    const root = new X509Certificate(await readFile(join(folder, 'bundle.pem')));
    expect(certificate.verify(root.publicKey)).toBe(true);
  });

  it('deletes the files of an identity that is no more, and nothing else', async () => {
    await using it = await served();
    const folder = join(it.line.folder, 'svid');
    await it.line.run(['fetch', 'x509', '--write', folder]);
    await writeFile(join(folder, 'svid.notes.pem'), 'mine');
    it.api.answers.FetchX509SVID.set(x509Message(it.authority, [await it.authority.x509()]));
    await it.line.run(['fetch', 'x509', '--write', folder]);
    expect(Object.keys(await modesIn(folder))).toEqual(
      'bundle.partner.example.pem bundle.pem svid.0.key svid.0.pem svid.notes.pem'.split(' '),
    );
  });

  it('packs a keystore with which a TLS server proves the identity', async () => {
    await using it = await served();
    const authority = await TestAuthority.open('example.org', new Date());
    it.api.answers.FetchX509SVID.set(x509Message(authority, [await authority.x509()]));
    const [file, password] = [join(it.line.folder, 'svid.p12'), join(it.line.folder, 'password.txt')];
    await writeFile(password, 'pass wörd\n');
    const { exit, err } = await it.line.run(['fetch', 'x509', '--pkcs12', file, '--password-file', password]);
    expect([exit, err]).toEqual([0, '']);
    expect(((await stat(file)).mode & 0o777).toString(8)).toBe('600');

    const server = createServer({ pfx: await readFile(file), passphrase: 'pass wörd' }).listen(
      0,
      '127.0.0.1',
    );
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const ca = new X509Certificate(authority.root.der).toString();
    const socket = connect({ port, host: '127.0.0.1', ca, checkServerIdentity: () => undefined });
    await once(socket, 'secureConnect');
    expect(socket.getPeerX509Certificate()?.subjectAltName).toBe('URI:spiffe://example.org/web');
    socket.destroy();
    server.close();
    await once(server, 'close');
  });

  it.each([
    [['--pkcs12', 'x.p12'], '--pkcs12 and --password-file go together'],
    [['--password-file', 'x'], '--pkcs12 and --password-file go together'],
    [['--pkcs12', 'x.p12', '--password-file', '/dev/null'], 'the password file is empty'],
    [['--pkcs12', 'x.p12', '--password-file', '/nowhere'], 'cannot read /nowhere'],
    [['--write', '/dev/null/svid'], 'cannot write /dev/null/svid'],
    [['--wait', '30'], 'not a duration'],
  ])('refuses %j with exit code 2', async (options, words) => {
    await using it = await served();
    const { exit, err } = await it.line.run(['fetch', 'x509', ...options]);
    expect([exit, err]).toEqual([2, expect.stringContaining(words)]);
  });

  it('waits with --wait until an entry matches', async () => {
    await using it = await served();
    it.line.clock = MACHINE_CLOCK;
    const good = it.api.answers.FetchX509SVID.current.value;
    it.api.answers.FetchX509SVID.set({ status: status.PERMISSION_DENIED, details: 'no identity issued' });
    const running = it.line.run(['fetch', 'x509', '--wait', '30s']);
    while (it.api.callsOf('FetchX509SVID').length < 2)
      await MACHINE_CLOCK.sleep(10, new AbortController().signal);
    it.api.answers.FetchX509SVID.set(good);
    expect((await running).exit).toBe(0);
  });

  it('gives up when --wait is over, with the last reason', async () => {
    await using it = await served();
    it.line.clock = MACHINE_CLOCK;
    await it.api.stop();
    const { exit, err } = await it.line.run(['fetch', 'x509', '--wait', '1s']);
    expect([exit, err]).toEqual([5, expect.stringContaining('no daemon answers at')]);
  });

  it('does not wait for what no time can mend', async () => {
    await using it = await served();
    it.line.clock = MACHINE_CLOCK;
    it.api.answers.FetchX509SVID.set({ status: status.INVALID_ARGUMENT, details: 'security header missing' });
    expect((await it.line.run(['fetch', 'x509', '--wait', '1h'])).exit).toBe(2);
    expect(it.api.callsOf('FetchX509SVID')).toHaveLength(1);
  });
});
