import { generateKeyPairSync } from 'node:crypto';
import { mkdir, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BundleStore } from '../../src/issuance/bundle-store.js';
import { writePem } from '../../src/encoding/pem.js';
import { readBundleDocument, writeBundleDocument } from '../../src/spiffe/bundle-document.js';
import { Bundle } from '../../src/spiffe/bundle.js';
import { TrustDomain } from '../../src/spiffe/trust-domain.js';
import { clause } from '../conformance/prove.js';
import { ServiceRoom } from '../fakes/service-room.js';
import { MACHINE_CLOCK } from '../../src/core/machine-clock.js';
import { TestCertificate } from '../fakes/test-certificate.js';

const OWN = TrustDomain.parse('example.org');
const PARTNER = TrustDomain.parse('partner.test');
const EMPTY = '{"keys":[]}';

describe('BundleStore', () => {
  it('takes SPIFFE documents and PEM from files, and documents by command, across a restart', async () => {
    const root = await TestCertificate.selfSigned({ ca: true });
    await using room = await openRoom({
      'partner.test.json': documentOf(PARTNER, 'k1', 7n),
      'pem.test.pem': writePem('CERTIFICATE', root.der),
      'README.md': 'not a bundle',
      '.partner.test.json.swp': 'x',
    });
    await room.service.set(
      TrustDomain.parse('third.test'),
      documentOf(TrustDomain.parse('third.test'), 'k3'),
      'spiffe',
    );
    await room.restart();
    expect(room.service.list()).toEqual([
      {
        trustDomain: PARTNER,
        source: 'file',
        file: join(room.folder, 'partner.test.json'),
        sequence: 7n,
        keys: { x509: 0, jwt: 1, wit: 0 },
      },
      {
        trustDomain: TrustDomain.parse('pem.test'),
        source: 'file',
        file: join(room.folder, 'pem.test.pem'),
        keys: { x509: 1, jwt: 0, wit: 0 },
      },
      { trustDomain: TrustDomain.parse('third.test'), source: 'store', keys: { x509: 0, jwt: 1, wit: 0 } },
    ]);
    expect(keysOf(room, PARTNER)).toEqual(['k1']);
    expect(room.service.problems).toEqual([]);
  });

  it('keeps keys of the own trust domain apart: published, never among the foreign ones', async () => {
    await using room = await openRoom({ 'example.org.json': documentOf(OWN, 'old-cluster') });
    const { own, bundles } = room.service.foreign.current.value;
    expect([...own.jwtAuthorities.keys()]).toEqual(['old-cluster']);
    expect(bundles.get(OWN)).toBeUndefined();
    expect(bundles.size).toBe(0);
  });

  it('publishes a changed file, and nothing when it says the same as before', async () => {
    const document = documentOf(PARTNER, 'k1');
    await using room = await openRoom({ 'partner.test.json': document });
    room.run();
    const before = room.service.foreign.current;
    await room.write('partner.test.json', ` ${document}`);
    await room.write('other.test.json', documentOf(TrustDomain.parse('other.test'), 'k9'));
    await expect.poll(() => room.service.foreign.current).not.toBe(before);
    expect(room.service.foreign.current.value.bundles.get(PARTNER)).toBe(before.value.bundles.get(PARTNER));
    await rm(join(room.folder, 'partner.test.json'));
    await expect.poll(() => keysOf(room, PARTNER)).toBeUndefined();
  });

  it('keeps the last good contents of a file that goes bad, says so once, and remembers them across a restart', async () => {
    await using room = await openRoom({ 'partner.test.json': documentOf(PARTNER, 'k1') });
    room.run();
    for (const bad of ['', '{"keys":', '{"keys":5}']) {
      await room.write('partner.test.json', bad);
      await expect.poll(() => room.service.problems.map(({ message }) => message)).toEqual([reasonOf(bad)]);
    }
    expect(room.service.problems).toMatchObject([{ file: join(room.folder, 'partner.test.json') }]);
    expect(keysOf(room, PARTNER)).toEqual(['k1']);
    expect(room.log.lines.filter((line) => !line.startsWith('debug'))).toEqual([
      'warn a bundle file cannot be used; its last good contents stay in force',
    ]);
    await room.restart();
    expect(keysOf(room, PARTNER)).toEqual(['k1']);
    expect(room.service.problems).toHaveLength(1);
    await room.write('partner.test.json', documentOf(PARTNER, 'k2'));
    await room.restart();
    expect(keysOf(room, PARTNER)).toEqual(['k2']);
    expect(room.service.problems).toEqual([]);
  });

  it('empties a trust domain whose document has no keys left, and never keeps the old ones', async () => {
    await using room = await openRoom({ 'partner.test.json': documentOf(PARTNER, 'k1') });
    room.run();
    await room.write('partner.test.json', EMPTY);
    await expect.poll(() => keysOf(room, PARTNER)).toEqual([]);
    const third = TrustDomain.parse('third.test');
    await room.service.set(third, documentOf(third, 'k3'), 'spiffe');
    await room.service.set(third, EMPTY, 'spiffe');
    clause('TDB-4.1.3c', () => {
      expect(keysOf(room, PARTNER)).toEqual([]);
      expect(keysOf(room, third)).toEqual([]);
    });
    expect(room.service.problems).toEqual([]);
  });

  it('tells the later document by its sequence, and takes what comes last where there is none', async () => {
    await using room = await openRoom({ 'partner.test.json': documentOf(PARTNER, 'k5', 5n) });
    await room.write('partner.test.json', documentOf(PARTNER, 'k4', 4n));
    await room.restart();
    expect(keysOf(room, PARTNER)).toEqual(['k5']);
    expect(room.service.problems).toMatchObject([
      { message: 'its sequence 4 is older than 5, which is held' },
    ]);
    await room.write('partner.test.json', documentOf(PARTNER, 'k6', 2n ** 60n));
    await room.restart();
    expect(keysOf(room, PARTNER)).toEqual(['k6']);
    await room.write('partner.test.json', documentOf(PARTNER, 'none'));
    await room.restart();
    expect(keysOf(room, PARTNER)).toEqual(['none']);

    const third = TrustDomain.parse('third.test');
    await room.service.set(third, documentOf(third, 'k5', 5n), 'spiffe');
    await expect(room.service.set(third, documentOf(third, 'k4', 4n), 'spiffe')).rejects.toMatchObject({
      code: 'BUNDLE_INVALID',
    });
    expect(keysOf(room, third)).toEqual(['k5']);
  });

  it('refuses by command what is no bundle, what a file holds, and what is not there', async () => {
    await using room = await openRoom({ 'partner.test.json': documentOf(PARTNER, 'k1') });
    const [third, document] = [TrustDomain.parse('third.test'), documentOf(PARTNER, 'k2')];
    const readOnly = { code: 'BUNDLE_READ_ONLY', message: expect.stringContaining('partner.test.json') };
    await expect(room.service.set(PARTNER, document, 'spiffe')).rejects.toMatchObject(readOnly);
    await expect(room.service.delete(PARTNER)).rejects.toMatchObject(readOnly);
    await expect(room.service.set(third, 'x', 'spiffe')).rejects.toMatchObject({ code: 'BUNDLE_INVALID' });
    await expect(room.service.set(third, document, 'pem')).rejects.toMatchObject({ code: 'BUNDLE_INVALID' });
    await expect(room.service.delete(third)).rejects.toMatchObject({ code: 'BUNDLE_NOT_FOUND' });
    await room.service.set(third, document, 'spiffe');
    await room.service.delete(third);
    await room.restart();
    expect(keysOf(room, third)).toBeUndefined();
  });

  it('finds fault with a name that is no trust domain, with two files for one, and with what cannot be read', async () => {
    await using room = await openRoom({
      'Partner.test.json': documentOf(PARTNER, 'k1'),
      'twice.test.json': documentOf(TrustDomain.parse('twice.test'), 'k2'),
      'twice.test.pem': 'x',
    });
    await mkdir(join(room.folder, 'folder.test.json'));
    await room.restart();
    expect(
      room.service.problems.map(({ file, message }) => `${file.slice(room.folder.length + 1)}: ${message}`),
    ).toEqual([
      expect.stringContaining('Partner.test.json: not a trust domain'),
      'folder.test.json: it is not a regular file',
      'twice.test.pem: twice.test.json is there too: one file for each trust domain',
    ]);
    expect(room.service.list().map(({ trustDomain }) => trustDomain.name)).toEqual(['twice.test']);
  });

  it('starts without a stored bundle that it cannot read any more, and says so', async () => {
    await using room = await openRoom({});
    const third = TrustDomain.parse('third.test');
    await room.service.set(third, documentOf(third, 'k3'), 'spiffe');
    room.database.run("UPDATE bundles SET document = 'x'");
    await room.restart();
    expect(room.service.list()).toEqual([]);
    expect(room.log.lines).toEqual(['error a stored bundle cannot be read; set it again']);
  });

  it('keeps everything while the folder cannot be listed', async () => {
    await using room = await openRoom({ 'partner.test.json': documentOf(PARTNER, 'k1') });
    await rm(room.folder, { recursive: true });
    await symlink('watched.d', room.folder);
    await room.restart();
    expect(keysOf(room, PARTNER)).toEqual(['k1']);
    expect(room.service.problems).toMatchObject([{ message: 'it cannot be read (ELOOP)' }]);
  });
});

function documentOf(trustDomain: TrustDomain, keyId: string, sequenceNumber?: bigint): string {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwtAuthorities = new Map([[keyId, publicKey]]);
  return writeBundleDocument(Bundle.of(trustDomain, { jwtAuthorities, sequenceNumber }));
}

/** What the reader says of this text. */
function reasonOf(text: string): string {
  try {
    readBundleDocument(PARTNER, text);
    return 'nothing';
  } catch (error) {
    return (error as Error).message;
  }
}

function openRoom(files: Readonly<Record<string, string>>): Promise<ServiceRoom<BundleStore>> {
  return ServiceRoom.open(files, (deps) =>
    BundleStore.open({ ...deps, trustDomain: OWN, clock: MACHINE_CLOCK }),
  );
}

/** Ids of the JWT authorities in force. */
function keysOf({ service }: ServiceRoom<BundleStore>, trustDomain: TrustDomain): string[] | undefined {
  const bundle = service.foreign.current.value.bundles.get(trustDomain);
  return bundle && [...bundle.jwtAuthorities.keys()];
}
