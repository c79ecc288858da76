import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FakeAdmin } from '../fakes/fake-admin.js';
import { TestAuthority } from '../fakes/test-authority.js';
import { commandLineFor } from './command-line.js';

const ATTESTED = {
  at: '2029-12-31T23:50:00.000Z',
  event: 'attested',
  call: 1,
  instance: 'f00d',
  pid: 4242,
  uid: 1000,
  gid: 1000,
  path: '/usr/bin/node',
  level: 'connected',
  selectors: ['unix:uid:1000', 'unix:gid:1000'],
  serial: '0a3f',
};

function issued(fingerprint = 'ffee', jti?: string): object {
  const document = jti === undefined ? { kind: 'x509', serial: '0a3f', fingerprint } : { kind: 'jwt', jti };
  return {
    at: '2029-12-31T23:50:01.000Z',
    event: 'issued',
    call: 1,
    instance: 'f00d',
    pid: 4242,
    uid: 1000,
    path: '/usr/bin/node',
    entry: 'web',
    spiffe_id: 'spiffe://example.org/web',
    document,
    expires: '2030-01-01T00:05:00.000Z',
  };
}

describe('spoor who', () => {
  it('lets no process write on the terminal by the name of its program', async () => {
    await using admin = await FakeAdmin.open();
    await using line = await commandLineFor(admin);
    admin.record = [ATTESTED, { ...issued(), path: '/tmp/\u001B]0;root\u0007\nissued now to /usr/bin/node' }];
    const [first] = (await line.run(['who', '0A:3F'])).out.split('\n');
    expect(first).toBe(
      String.raw`issued 10 min ago to /tmp/\u{1b}]0;root\u{7}\u{a}issued now to /usr/bin/node`,
    );
  });

  it('names the process that a serial was issued to, and shows the lines of the record', async () => {
    await using admin = await FakeAdmin.open();
    await using line = await commandLineFor(admin);
    admin.record = [ATTESTED, issued()];
    expect((await line.run(['who', '0A:3F'])).out).toBe(
      [
        'issued 10 min ago to /usr/bin/node',
        '  pid 4242, uid 1000, instance f00d',
        '  spiffe://example.org/web by entry web',
        '  expires in 5 min',
        '',
        'WHEN        EVENT     PID   WHAT',
        '10 min ago  attested  4242  connected, 2 selectors',
        '10 min ago  issued    4242  x509 0a3f spiffe://example.org/web',
        '',
      ].join('\n'),
    );
    expect(await line.json('who', '0a3f')).toEqual({
      needle: '0a3f',
      lines: [ATTESTED, issued()],
      cut: false,
    });
  });

  it('names the instance below which the process was', async () => {
    await using admin = await FakeAdmin.open();
    await using line = await commandLineFor(admin);
    admin.record = [{ ...issued(), parent: 'beef' }];
    expect((await line.run(['who', '0A:3F'])).out).toContain(
      '  pid 4242, uid 1000, instance f00d\n  child of instance beef\n  spiffe://example.org/web by entry web\n',
    );
  });

  it('takes a certificate file by its fingerprint, and a token file by its jti', async () => {
    await using admin = await FakeAdmin.open();
    await using line = await commandLineFor(admin);
    const authority = await TestAuthority.open();
    const { svid } = await authority.x509();
    admin.record = [issued(svid.fingerprint), issued('', 'token-7')];
    const pem = join(line.folder, 'svid.0.pem');
    await writeFile(pem, svid.chain.map((one) => one.toString()).join(''));
    expect(await line.json('who', pem)).toMatchObject({ needle: svid.fingerprint });
    const token = join(line.folder, 'token.txt');
    await writeFile(token, `${authority.jwt({ claims: { jti: 'token-7' } })}\n`);
    expect(await line.json('who', token)).toMatchObject({ needle: 'token-7' });
  });

  it.each([
    ['feed', 'the record has nothing by that name'],
    ['./nowhere.pem', 'cannot read ./nowhere.pem'],
    ['/proc/self/status', 'holds neither a PEM certificate nor a token'],
  ])('ends with 2 for %s', async (needle, words) => {
    await using admin = await FakeAdmin.open();
    await using line = await commandLineFor(admin);
    const { exit, err } = await line.run(['who', needle]);
    expect([exit, err]).toEqual([2, expect.stringContaining(words)]);
  });

  it('does not say again a token that stands on the command line', async () => {
    await using admin = await FakeAdmin.open();
    await using line = await commandLineFor(admin);
    const token = (await TestAuthority.open()).jwt({ claims: { jti: 'token-7' } });
    const { exit, out, err } = await line.run(['who', token]);
    expect([exit, out, err]).toEqual([2, '', expect.stringContaining('that is a token itself')]);
    expect(err).not.toContain(token);
  });
});
