import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { X509View } from '../../src/issuance/views.js';
import { DEFAULT_LIFETIMES } from '../../src/authority/settings.js';
import { Bundle, BundleSet } from '../../src/spiffe/bundle.js';
import { TrustDomain } from '../../src/spiffe/trust-domain.js';
import { validateX509Svid, splitCertificates } from '../../src/spiffe/x509-svid.js';
import { clause } from '../conformance/prove.js';
import { TRUST_DOMAIN } from '../fakes/authority-room.js';
import { anEntry, follow, IssuanceRoom } from '../fakes/issuance-room.js';
import { TestAuthority } from '../fakes/test-authority.js';

const MINUTE = 60_000;
const CALL = { call: 7 };

describe('X509-SVIDs of an instance', () => {
  it('are issued at the first call, recorded before they are seen, and then the same', async () => {
    await using room = await IssuanceRoom.open([
      anEntry('web', { hint: 'internal', x509SvidTtlSeconds: 600 }),
    ]);
    const instance = room.instance();
    const gate = Promise.withResolvers<void>();
    room.outer.recorder.stalled = gate.promise;
    let seen: X509View | undefined;
    const reading = Promise.resolve(room.views.x509(instance, CALL)).then(({ value }) => (seen = value));
    await room.settle();
    expect(seen).toBeUndefined();
    gate.resolve();
    const view = await reading;

    const [svid] = view.svids;
    const leaf = new X509Certificate(svid?.chain ?? Buffer.of());
    expect(leaf.subjectAltName).toBe('URI:spiffe://example.org/web');
    expect(svid).toMatchObject({
      hint: 'internal',
      entryId: 'web',
      notAfter: new Date('2030-01-01T00:10:00Z'),
    });
    expect(room.outer.recorder.issued).toEqual([
      {
        event: 'issued',
        call: 7,
        instance: instance.id,
        pid: 1,
        uid: 1000,
        path: '/usr/bin/node',
        entry: 'web',
        spiffe_id: 'spiffe://example.org/web',
        document: { kind: 'x509', serial: svid?.serial, fingerprint: svid?.fingerprint },
        expires: '2030-01-01T00:10:00.000Z',
      },
    ]);
    expect(room.views.x509(instance, CALL)).toMatchObject({ value: view });
  });

  it('are each instance’s own: key, serial and fingerprint', async () => {
    await using room = await IssuanceRoom.open();
    const views = await Promise.all([1, 2, 3].map(async () => room.views.x509(room.instance(), CALL)));
    const svids = views.flatMap(({ value }) => value.svids);
    for (const part of ['serial', 'fingerprint'] as const)
      expect(new Set(svids.map((svid) => svid[part])).size).toBe(3);
    expect(new Set(svids.map(({ key }) => key.toString('hex'))).size).toBe(3);
  });

  it('stand in the order of entry ids at every rotation', async () => {
    await using room = await IssuanceRoom.open([
      anEntry('b'),
      anEntry('a'),
      anEntry('c', { x509SvidTtlSeconds: 300 }),
    ]);
    const instance = room.instance();
    room.views.hold(instance, 'x509');
    room.start();
    await room.views.x509(instance, CALL);
    const seen = follow(() => room.views.x509(instance, CALL));
    await room.pass(30 * MINUTE, MINUTE);
    expect(seen.length).toBeGreaterThan(5);
    clause('WAPI-8a', () => {
      for (const { svids } of seen) expect(svids.map(({ entryId }) => entryId)).toEqual(['a', 'b', 'c']);
    });
  });

  it('share one flight when many streams of one instance ask at once', async () => {
    await using room = await IssuanceRoom.open();
    const instance = room.instance();
    const views = await Promise.all(Array.from({ length: 20 }, async () => room.views.x509(instance, CALL)));
    expect(new Set(views.map(({ value }) => value)).size).toBe(1);
    expect(room.outer.recorder.issued).toHaveLength(1);
  });

  it('are none when no entry matches, and none is recorded', async () => {
    await using room = await IssuanceRoom.open();
    const { value } = await room.views.x509(room.instance('unix:uid:1001'), CALL);
    expect(value.svids).toEqual([]);
    expect(room.outer.recorder.issued).toEqual([]);
  });

  it('come with the bundles of the trust domains that their entries federate with, and no others', async () => {
    await using room = await IssuanceRoom.open([
      anEntry('web', { federatesWith: ['two.org', 'unknown.org'] }),
      anEntry('api', { federatesWith: ['two.org', 'jwt.org'] }),
    ]);
    const [two, three] = [await TestAuthority.open('two.org'), await TestAuthority.open('three.org')];
    const jwtOnly = Bundle.of(TrustDomain.parse('jwt.org'), { jwtAuthorities: two.bundle.jwtAuthorities });
    room.foreign.set({
      bundles: BundleSet.of([two.bundle, three.bundle, jwtOnly]),
      own: Bundle.of(TRUST_DOMAIN),
    });
    const { value } = await room.views.x509(room.instance(), CALL);
    clause('WAPI-5.2.1e', () => expect([...value.federated.keys()]).toEqual(['spiffe://two.org']));
    expect(value.federated.get('spiffe://two.org')).toEqual(two.bundle.x509Authorities);
    expect(value.svids.map(({ federatesWith }) => federatesWith)).toEqual([
      ['two.org', 'jwt.org'],
      ['two.org', 'unknown.org'],
    ]);
  });

  it('are published with the keys that bundles.d adds to the own trust domain, which never sign', async () => {
    await using room = await IssuanceRoom.open();
    const more = await TestAuthority.open('example.org');
    room.foreign.set({ bundles: BundleSet.of([]), own: more.bundle });
    const { value } = await room.views.x509(room.instance(), CALL);
    const { x509 } = room.authorities.set.current.value;
    expect(value.bundle).toEqual([x509.certificate, more.root.der]);
    expect(
      new X509Certificate(value.svids[0]?.chain ?? Buffer.of()).verify(
        new X509Certificate(x509.certificate).publicKey,
      ),
    ).toBe(true);
  });

  it('never outlive what signed them', async () => {
    const lifetimes = { ...DEFAULT_LIFETIMES, authoritySeconds: 3_600, x509SvidSeconds: 7_200 };
    await using room = await IssuanceRoom.open([anEntry('web')], { lifetimes });
    const { value } = await room.views.x509(room.instance(), CALL);
    expect(value.svids[0]?.notAfter).toEqual(room.authorities.set.current.value.x509.notAfter);
  });
});

describe('a held view', () => {
  it('is renewed at half of its life, under the number of the call that holds it', async () => {
    await using room = await IssuanceRoom.open();
    const instance = room.instance();
    room.hold(instance, 'x509');
    room.start();
    await room.views.x509(instance, CALL);
    const seen = follow(() => room.views.x509(instance, CALL));
    expect(room.views.statistics().nextRotation).toEqual(new Date('2030-01-01T00:07:30Z'));
    await room.pass(7.4 * MINUTE);
    expect(seen).toHaveLength(1);
    await room.pass(0.1 * MINUTE);
    expect(seen).toHaveLength(2);
    expect(room.outer.recorder.issued.map(({ call }) => call)).toEqual([7, 7]);
  });

  it('is left alone when nobody holds it any more', async () => {
    await using room = await IssuanceRoom.open();
    const instance = room.instance();
    const hold = room.views.hold(instance, 'x509');
    room.start();
    await room.views.x509(instance, CALL);
    hold[Symbol.dispose]();
    hold[Symbol.dispose]();
    await room.pass(60 * MINUTE, MINUTE);
    expect(room.outer.recorder.issued).toHaveLength(1);
    expect(room.views.statistics()).toMatchObject({ instances: 1, held: 0 });
  });

  it('is renewed when the clock was set back to before it was issued', async () => {
    await using room = await IssuanceRoom.open();
    const instance = room.instance();
    room.hold(instance, 'x509');
    room.start();
    await room.views.x509(instance, CALL);
    const seen = follow(() => room.views.x509(instance, CALL));
    await room.outer.clock.nextWake();
    room.outer.clock.jump(-5 * MINUTE);
    await room.pass(MINUTE, MINUTE / 2);
    expect(seen).toHaveLength(2);
    expect(seen[1]?.svids[0]?.notBefore.getTime()).toBeLessThan(room.outer.clock.now().getTime());
  });

  it('sees a change of the entries without time passing, and no change where nothing changed for it', async () => {
    await using room = await IssuanceRoom.open([
      anEntry('web'),
      anEntry('other', { selectors: ['unix:uid:2000'] }),
    ]);
    const instance = room.instance();
    room.hold(instance, 'x509');
    room.start();
    await room.views.x509(instance, CALL);
    const seen = follow(() => room.views.x509(instance, CALL));

    room.setEntries(anEntry('web'), anEntry('other', { selectors: ['unix:uid:3000'] }));
    await room.settle();
    expect(seen).toHaveLength(1);
    room.setEntries(anEntry('web'), anEntry('api'));
    await room.settle();
    expect(seen.at(-1)?.svids.map(({ entryId }) => entryId)).toEqual(['api', 'web']);
    expect(seen.at(-1)?.svids[1]).toEqual(seen[0]?.svids[0]);
    room.setEntries(anEntry('web', { hint: 'new' }));
    await room.settle();
    expect(seen.at(-1)?.svids).toEqual([{ ...seen[0]?.svids[0], hint: 'new' }]);
    room.setEntries(anEntry('web', { hint: 'new', dnsNames: ['web.example.org'] }));
    await room.settle();
    expect(seen.at(-1)?.svids[0]?.serial).not.toBe(seen[0]?.svids[0]?.serial);
    room.setEntries();
    await room.settle();
    expect(seen.at(-1)?.svids).toEqual([]);
    expect(seen).toHaveLength(5);
  });

  it('ends when its entry does', async () => {
    const expiresAt = new Date('2030-01-01T00:01:00Z');
    await using room = await IssuanceRoom.open([anEntry('web', { expiresAt })]);
    const instance = room.instance();
    room.hold(instance, 'x509');
    room.start();
    await room.views.x509(instance, CALL);
    const seen = follow(() => room.views.x509(instance, CALL));
    await room.pass(MINUTE);
    expect(seen.map(({ svids }) => svids.length)).toEqual([1, 0]);
  });

  it('follows its instance: other selectors, then lost', async () => {
    await using room = await IssuanceRoom.open([
      anEntry('web'),
      anEntry('api', { selectors: ['unix:uid:2000'] }),
    ]);
    const instance = room.instance();
    room.hold(instance, 'x509');
    room.start();
    await room.views.x509(instance, CALL);
    const seen = follow(() => room.views.x509(instance, CALL));
    const before = instance.attestation.current.value;
    instance.attestation.set(before && { ...before, selectors: ['unix:uid:2000'] });
    await room.settle();
    instance.attestation.set(undefined);
    await room.settle();
    expect(seen.map(({ svids }) => svids.map(({ entryId }) => entryId))).toEqual([['web'], ['api'], []]);
  });

  it('is replaced at once when its authority is rotated by command, and always verifies', async () => {
    await using room = await IssuanceRoom.open();
    const instances = [room.instance(), room.instance()];
    const holds = instances.map((instance) => room.views.hold(instance, 'x509'));
    room.start();
    for (const instance of instances) await room.views.x509(instance, CALL);
    // Each instance verifies the other with the bundle of its own latest view.
    const [one, other] = instances.map((instance) => follow(() => room.views.x509(instance, CALL)));
    const check = (): void => {
      for (const [holder, peer] of [
        [one, other],
        [other, one],
      ]) {
        const trusted = Bundle.of(TRUST_DOMAIN, { x509Authorities: holder?.at(-1)?.bundle ?? [] });
        const chain = splitCertificates(peer?.at(-1)?.svids[0]?.chain ?? Buffer.of());
        expect(validateX509Svid(chain, trusted, room.outer.clock.now()).toString()).toBe(
          'spiffe://example.org/web',
        );
      }
    };
    check();
    const rotated = room.authorities.rotate('x509');
    await room.outer.clock.nextWake(2);
    for (let quarter = 0; quarter < 4; quarter += 1) {
      await room.settle();
      check();
      await room.pass(250);
    }
    await rotated;
    await room.settle();
    check();
    const serials = [one, other].map((seen) => seen?.map(({ svids }) => svids[0]?.serial));
    for (const [first, published, replaced, ...more] of serials.filter((one) => one !== undefined)) {
      expect(published).toBe(first);
      expect(replaced).toMatch(/^[0-9a-f]{32}$/);
      expect(replaced).not.toBe(first);
      expect(more).toEqual([]);
    }
    for (const hold of holds) hold[Symbol.dispose]();
  });

  it('verifies through every rotation of the authorities by the clock, all levels rotating', async () => {
    const lifetimes = {
      authoritySeconds: 3_600,
      x509SvidSeconds: 300,
      jwtSvidSeconds: 60,
      witSvidSeconds: 300,
    };
    await using room = await IssuanceRoom.open([anEntry('web')], { lifetimes });
    const [holder, peer] = [room.instance(), room.instance()];
    room.hold(holder, 'x509');
    room.hold(peer, 'x509');
    room.start({ authorities: true });
    const signers = new Set<string>();
    let late = await room.views.x509(holder, CALL);
    for (let minute = 0; minute < 150; minute += 1) {
      await room.pass(MINUTE, 10_000);
      const current = await room.views.x509(peer, CALL);
      // A verifier whose bundle is a minute old.
      const trusted = Bundle.of(TRUST_DOMAIN, { x509Authorities: late.value.bundle });
      const chain = splitCertificates(current.value.svids[0]?.chain ?? Buffer.of());
      expect(validateX509Svid(chain, trusted, room.outer.clock.now()).toString()).toBe(
        'spiffe://example.org/web',
      );
      signers.add(room.authorities.set.current.value.x509.id);
      late = await room.views.x509(holder, CALL);
    }
    expect(signers.size).toBeGreaterThan(4);
  });
});

describe('while issuing fails', () => {
  it('keeps serving the last good SVID until it expires, and warns once', async () => {
    await using room = await IssuanceRoom.open();
    const instance = room.instance();
    room.hold(instance, 'x509');
    room.start();
    const { value: first } = await room.views.x509(instance, CALL);
    room.outer.recorder.full = true;
    await room.pass(14 * MINUTE, 5_000);
    expect((await room.views.x509(instance, CALL)).value).toBe(first);
    expect(room.outer.log.lines.filter((line) => line.startsWith('warn'))).toEqual([
      'warn documents could not be issued; those that are valid are served on',
    ]);
    expect(room.views.statistics().failing).toBe(true);
    await room.pass(MINUTE, 5_000);
    await expect(room.views.x509(instance, CALL)).rejects.toMatchObject({ code: 'RECORD_UNWRITABLE' });

    room.outer.recorder.full = false;
    const { value: last } = await room.views.x509(instance, CALL);
    expect(last.svids).toHaveLength(1);
    expect(last.svids[0]?.serial).not.toBe(first.svids[0]?.serial);
    expect(room.views.statistics().failing).toBe(false);
  });

  it('hands out nothing that could not be recorded', async () => {
    await using room = await IssuanceRoom.open();
    room.outer.recorder.full = true;
    await expect(room.views.x509(room.instance(), CALL)).rejects.toMatchObject({ code: 'RECORD_UNWRITABLE' });
    expect(room.outer.recorder.issued).toEqual([]);
  });

  it('takes away at once what an instance may no longer have', async () => {
    await using room = await IssuanceRoom.open([anEntry('web'), anEntry('api')]);
    const instance = room.instance();
    room.hold(instance, 'x509');
    room.start();
    await room.views.x509(instance, CALL);
    room.outer.recorder.full = true;
    room.setEntries(anEntry('web'), anEntry('new'));
    await room.settle();
    const { value } = await room.views.x509(instance, CALL);
    expect(value.svids.map(({ entryId }) => entryId)).toEqual(['web']);
  });

  it('keeps what it had of an entry whose new document cannot be issued', async () => {
    await using room = await IssuanceRoom.open();
    const instance = room.instance();
    room.hold(instance, 'x509');
    room.start();
    const { value: before } = await room.views.x509(instance, CALL);
    room.outer.recorder.full = true;
    room.setEntries(anEntry('web', { dnsNames: ['web.example.org'] }));
    await room.settle();
    expect((await room.views.x509(instance, CALL)).value).toBe(before);
    room.outer.recorder.full = false;
    await room.pass(5_000);
    const { value: after } = await room.views.x509(instance, CALL);
    const leaf = new X509Certificate(after.svids[0]?.chain ?? Buffer.of());
    expect(leaf.subjectAltName).toBe('URI:spiffe://example.org/web, DNS:web.example.org');
  });

  it('waits for the successor of a tainted authority rather than turning a caller away', async () => {
    await using room = await IssuanceRoom.open();
    const { x509 } = room.authorities.set.current.value;
    const tainted = room.authorities.taint(x509.id);
    await room.outer.clock.nextWake();
    const reading = room.views.x509(room.instance(), CALL);
    await room.settle();
    await room.pass(1_000);
    await tainted;
    const { value } = await reading;
    const signer = new X509Certificate(room.authorities.set.current.value.x509.certificate);
    expect(new X509Certificate(value.svids[0]?.chain ?? Buffer.of()).verify(signer.publicKey)).toBe(true);
  });
});

describe('forget', () => {
  it('keeps nothing of an instance that is gone, not even for a late caller', async () => {
    await using room = await IssuanceRoom.open();
    const instance = room.instance();
    const hold = room.views.hold(instance, 'x509');
    await room.views.x509(instance, CALL);
    room.views.forget(instance);
    expect(room.views.statistics()).toMatchObject({ instances: 0, held: 0 });
    instance.attestation.set(undefined);
    expect((await room.views.x509(instance, CALL)).value.svids).toEqual([]);
    hold[Symbol.dispose]();
    expect(room.views.statistics()).toMatchObject({ instances: 0, held: 0 });
  });
});
