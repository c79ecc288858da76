import { X509Certificate } from 'node:crypto';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { UpstreamFiles } from '../../src/authority/settings.js';
import { writePem } from '../../src/encoding/pem.js';
import { AuthorityRoom, idsOf } from '../fakes/authority-room.js';
import { BundleFollower } from '../fakes/bundle-follower.js';
import { TestCertificate, type CertificateWish } from '../fakes/test-certificate.js';

const HOUR = 3_600_000;
const T0 = Date.parse('2030-01-01T00:00:00Z');
const YEAR: CertificateWish = {
  notBefore: new Date(T0 - HOUR),
  notAfter: new Date(T0 + 8_760 * HOUR),
  ca: true,
};
const CA: CertificateWish = { ...YEAR, uris: [] };

const root = (name: string, wish: CertificateWish = {}) =>
  TestCertificate.selfSigned({ ...CA, subject: `O=${name}`, ...wish });
const pem = (...certificates: readonly TestCertificate[]): string =>
  certificates.map(({ der }) => writePem('CERTIFICATE', der)).join('');

/** A PKI of the user's: the files of one intermediate, which can be written anew. */
class UserPki {
  readonly files: UpstreamFiles;

  constructor(path: string) {
    const file = (name: string): string => join(path, '..', name);
    this.files = { certificate: file('ca.pem'), key: file('ca.key'), bundle: file('roots.pem') };
  }

  async write(
    signing: TestCertificate,
    roots: readonly TestCertificate[],
    intermediates: readonly TestCertificate[] = [],
    key = signing,
  ): Promise<void> {
    await writeFile(this.files.certificate, pem(signing, ...intermediates));
    await writeFile(this.files.key, writePem('PRIVATE KEY', key.pkcs8));
    await writeFile(this.files.bundle, pem(...roots));
  }
}

describe('Authorities with an upstream certificate', () => {
  it('sign X509-SVIDs with it, send its chain along and publish the roots alone', async () => {
    await using room = await AuthorityRoom.open();
    const pki = new UserPki(room.path);
    const top = await root('Root');
    const middle = await top.issue({ ...CA, subject: 'O=Middle' });
    const signing = await middle.issue({ ...CA, subject: 'O=Signing', uris: ['spiffe://example.org'] });
    await pki.write(signing, [top], [middle]);
    const { x509, bundle, states } = (await room.authorities({ upstream: pki.files })).set.current.value;
    expect(x509.chain).toEqual([signing.der, middle.der]);
    expect(bundle.x509Authorities).toEqual([top.der]);
    expect(x509.id).toBe(
      new X509Certificate(signing.der).fingerprint256.replaceAll(':', '').slice(0, 32).toLowerCase(),
    );
    expect(states.map(({ profile, state }) => `${profile} ${state}`)).toEqual([
      'x509 active',
      'jwt active',
      'wit active',
    ]);
    expect((await readdir(join(room.path, 'keys'))).some((name) => name.startsWith('x509'))).toBe(false);
  });

  it('send no chain when it is itself in the bundle', async () => {
    await using room = await AuthorityRoom.open();
    const pki = new UserPki(room.path);
    const top = await root('Root');
    await pki.write(top, [top]);
    const { x509, bundle } = (await room.authorities({ upstream: pki.files })).set.current.value;
    expect(x509.chain).toEqual([]);
    expect(bundle.x509Authorities).toEqual([top.der]);
  });

  it('end with the first certificate of the chain that ends', async () => {
    await using room = await AuthorityRoom.open();
    const pki = new UserPki(room.path);
    const top = await root('Root', { notAfter: new Date(T0 + HOUR) });
    await pki.write(await top.issue({ ...CA, subject: 'O=Signing' }), [top]);
    const { x509 } = (await room.authorities({ upstream: pki.files })).set.current.value;
    expect(x509.notAfter).toEqual(new Date(T0 + HOUR));
  });

  it.each<[string, (pki: UserPki) => Promise<void>, RegExp]>([
    [
      'a leaf',
      async (pki) => {
        const top = await root('Root');
        await pki.write(await top.issue({ ...YEAR, ca: false, uris: ['spiffe://example.org/a'] }), [top]);
      },
      /not a CA certificate/,
    ],
    [
      'another key',
      async (pki) => {
        const top = await root('Root');
        await pki.write(await top.issue({ ...CA, subject: 'O=S' }), [top], [], top);
      },
      /ca\.key is not the key/,
    ],
    [
      'another root',
      async (pki) => {
        await pki.write(await (await root('Root')).issue({ ...CA, subject: 'O=S' }), [await root('Other')]);
      },
      /does not chain/,
    ],
    [
      'another trust domain',
      async (pki) => {
        const top = await root('Root');
        await pki.write(await top.issue({ ...CA, subject: 'O=S', uris: ['spiffe://other.org'] }), [top]);
      },
      /spiffe:\/\/other\.org in place of spiffe:\/\/example\.org/,
    ],
    [
      'a SPIFFE ID with a path',
      async (pki) => {
        const top = await root('Root');
        await pki.write(await top.issue({ ...CA, subject: 'O=S', uris: ['spiffe://example.org/ca'] }), [top]);
      },
      /in place of spiffe:\/\/example\.org/,
    ],
    [
      'one that is over',
      async (pki) => {
        const top = await root('Root');
        const over = {
          ...CA,
          subject: 'O=S',
          notBefore: new Date(T0 - 2 * HOUR),
          notAfter: new Date(T0 - HOUR),
        };
        await pki.write(await top.issue(over), [top]);
      },
      /valid until/,
    ],
    [
      'a root that leaves no room below',
      async (pki) => {
        const top = await root('Root', { pathLength: 0 });
        await pki.write(await top.issue({ ...CA, subject: 'O=S' }), [top]);
      },
      /path length/,
    ],
    [
      'no PEM',
      async (pki) => {
        const top = await root('Root');
        await pki.write(top, [top]);
        await writeFile(pki.files.bundle, 'nothing');
      },
      /roots\.pem/,
    ],
  ])('refuse %s and say why', async (_what, write, why) => {
    await using room = await AuthorityRoom.open();
    const pki = new UserPki(room.path);
    await write(pki);
    await expect(room.authorities({ upstream: pki.files })).rejects.toMatchObject({
      code: 'UPSTREAM_INVALID',
      message: expect.stringMatching(why),
    });
  });

  it('follow the files: a new root is published before what it vouches for signs, the old one stays', async () => {
    await using room = await AuthorityRoom.open();
    const pki = new UserPki(room.path);
    const [oldRoot, newRoot] = [await root('Old'), await root('New')];
    await pki.write(await oldRoot.issue({ ...CA, subject: 'O=S1' }), [oldRoot]);
    const authorities = await room.authorities({ upstream: pki.files });
    const follower = new BundleFollower(authorities, room.clock);
    const stop = new AbortController();
    const running = authorities.run(stop.signal);
    await room.pass(2_000, 1_000);

    const next = await newRoot.issue({ ...CA, subject: 'O=S2' });
    await pki.write(next, [newRoot]);
    await room.pass(2_000, 1_000);
    expect(authorities.set.current.value.bundle.x509Authorities).toEqual([oldRoot.der, newRoot.der]);
    expect(authorities.set.current.value.x509.chain).not.toEqual([next.der]);
    await room.pass(2_000, 500);
    expect(authorities.set.current.value.x509.chain).toEqual([next.der]);
    expect(authorities.set.current.value.bundle.x509Authorities).toEqual([oldRoot.der, newRoot.der]);
    expect(follower.surprises).toEqual([]);
    await room.pass(25 * HOUR, HOUR);
    expect(authorities.set.current.value.bundle.x509Authorities).toEqual([newRoot.der]);
    stop.abort();
    await running;
  });

  it('keep the last good files when a reload is bad, say so once, and mend with the next good one', async () => {
    await using room = await AuthorityRoom.open();
    const pki = new UserPki(room.path);
    const top = await root('Root');
    const signing = await top.issue({ ...CA, subject: 'O=S1' });
    await pki.write(signing, [top]);
    const authorities = await room.authorities({ upstream: pki.files });
    const stop = new AbortController();
    const running = authorities.run(stop.signal);
    await room.pass(2_000, 1_000);
    await writeFile(pki.files.certificate, 'half of a certific');
    await room.pass(10_000, 1_000);
    expect(authorities.set.current.value.x509.chain).toEqual([signing.der]);
    expect(authorities.problems).toEqual([expect.stringContaining(pki.files.certificate)]);
    expect(room.log.lines).toEqual([
      'warn the upstream files are not usable; the last good ones stay in force',
    ]);

    await pki.write(await top.issue({ ...CA, subject: 'O=S2' }), [top]);
    await room.pass(4_000, 1_000);
    expect(authorities.problems).toEqual([]);
    expect(authorities.set.current.value.x509.chain).not.toEqual([signing.der]);
    stop.abort();
    await running;
  });

  it('load a change again that could not be recorded', async () => {
    await using room = await AuthorityRoom.open();
    const pki = new UserPki(room.path);
    const top = await root('Root');
    await pki.write(await top.issue({ ...CA, subject: 'O=S1' }), [top]);
    const authorities = await room.authorities({ upstream: pki.files });
    const stop = new AbortController();
    const running = authorities.run(stop.signal);
    await room.pass(2_000, 1_000);
    const next = await top.issue({ ...CA, subject: 'O=S2' });
    room.recorder.full = true;
    await pki.write(next, [top]);
    await room.pass(10_000, 1_000);
    room.recorder.full = false;
    await room.pass(15_000, 1_000);
    expect(authorities.set.current.value.x509.chain).toEqual([next.der]);
    stop.abort();
    await running;
  });

  it('take over from a self-signed root, and give back to one, without a break', async () => {
    await using room = await AuthorityRoom.open();
    const pki = new UserPki(room.path);
    const selfSigned = (await room.authorities()).set.current.value.x509;
    const top = await root('Root');
    await pki.write(await top.issue({ ...CA, subject: 'O=S' }), [top]);
    const authorities = await room.authorities({ upstream: pki.files });
    expect(authorities.set.current.value.x509.id).toBe(selfSigned.id);
    const stop = new AbortController();
    const running = authorities.run(stop.signal);
    await room.pass(3_000, 500);
    stop.abort();
    await running;
    const { x509, bundle } = authorities.set.current.value;
    expect(x509.chain).toHaveLength(1);
    expect(bundle.x509Authorities).toEqual([selfSigned.certificate, top.der]);

    const back = (await room.authorities()).set.current.value;
    expect(back.x509.chain).toEqual([]);
    expect(back.bundle.x509Authorities).toEqual([selfSigned.certificate, top.der, back.x509.certificate]);
  });

  it('do not rotate the user’s certificate, and refuse one that is tainted', async () => {
    await using room = await AuthorityRoom.open();
    const pki = new UserPki(room.path);
    const top = await root('Root');
    await pki.write(await top.issue({ ...CA, subject: 'O=S' }), [top]);
    const authorities = await room.authorities({ upstream: pki.files });
    const { x509 } = authorities.set.current.value;
    await expect(authorities.rotate('x509')).rejects.toMatchObject({ code: 'ARGUMENT_INVALID' });
    await expect(authorities.revoke(x509.id)).rejects.toMatchObject({ code: 'ARGUMENT_INVALID' });
    await authorities.taint(x509.id);
    expect(idsOf(authorities, 'x509', 'tainted')).toEqual([x509.id]);
    expect(() => authorities.set.current.value.x509.sign(Buffer.of(1))).toThrow(
      expect.objectContaining({ code: 'AUTHORITY_NOT_READY' }),
    );
    await expect(room.authorities({ upstream: pki.files })).rejects.toMatchObject({
      code: 'UPSTREAM_INVALID',
    });
  });
});
