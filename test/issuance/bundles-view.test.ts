import { describe, expect, it } from 'vitest';
import type { BundlesView } from '../../src/issuance/views.js';
import { Bundle, BundleSet } from '../../src/spiffe/bundle.js';
import { TRUST_DOMAIN } from '../fakes/authority-room.js';
import { anEntry, follow, IssuanceRoom } from '../fakes/issuance-room.js';
import { TestAuthority } from '../fakes/test-authority.js';

describe('the bundles of an instance', () => {
  it('are the own one and those that its entries federate with', async () => {
    await using room = await IssuanceRoom.open([
      anEntry('web', { federatesWith: ['two.org', 'absent.org'] }),
    ]);
    const [two, three] = [await TestAuthority.open('two.org'), await TestAuthority.open('three.org')];
    room.foreign.set({ bundles: BundleSet.of([two.bundle, three.bundle]), own: Bundle.of(TRUST_DOMAIN) });
    const { value } = room.views.bundles(room.instance());
    expect(value).toEqual({
      entitled: true,
      own: room.authorities.set.current.value.bundle,
      federated: [two.bundle],
    });
    expect(room.views.bundles(room.instance('unix:uid:1')).value).toMatchObject({
      entitled: false,
      federated: [],
    });
  });

  it('follow the authorities, the entries and what comes from outside, and nothing else', async () => {
    await using room = await IssuanceRoom.open([anEntry('web')]);
    const two = await TestAuthority.open('two.org');
    const instance = room.instance();
    room.hold(instance, 'bundles');
    room.start();
    const seen: BundlesView[] = follow(() => room.views.bundles(instance));
    const foreign = (bundles: readonly Bundle[]) =>
      room.foreign.set({ bundles: BundleSet.of(bundles), own: Bundle.of(TRUST_DOMAIN) });

    foreign([two.bundle]);
    room.setEntries(anEntry('web', { hint: 'new' }));
    await room.settle();
    expect(seen).toHaveLength(1);
    room.setEntries(anEntry('web', { federatesWith: ['two.org'] }));
    await room.settle();
    expect(seen.at(-1)?.federated).toEqual([two.bundle]);
    foreign([Bundle.of(two.trustDomain, { x509Authorities: [two.root.der] })]);
    await room.settle();
    expect(seen.at(-1)?.federated[0]?.jwtAuthorities.size).toBe(0);
    const rotated = room.authorities.rotate('jwt');
    await room.outer.clock.nextWake(2);
    await room.settle();
    expect(seen.at(-1)?.own.jwtAuthorities.size).toBe(2);
    await room.pass(1_000);
    await rotated;
    room.setEntries();
    await room.settle();
    expect(seen.at(-1)?.entitled).toBe(false);
    expect(seen).toHaveLength(5);
  });

  it('hold the keys that bundles.d adds to the own trust domain, but never in place of ours', async () => {
    await using room = await IssuanceRoom.open();
    const more = await TestAuthority.open('example.org');
    const { jwt, bundle } = room.authorities.set.current.value;
    const [key] = more.bundle.jwtAuthorities.values();
    const jwtAuthorities = new Map([...more.bundle.jwtAuthorities, [jwt.kid, key ?? never()]]);
    room.foreign.set({ bundles: BundleSet.of([]), own: Bundle.of(TRUST_DOMAIN, { jwtAuthorities }) });
    const { own } = room.views.bundles(room.instance()).value;
    expect([...own.jwtAuthorities.keys()].toSorted()).toEqual([jwt.kid, more.jwtKid].toSorted());
    expect(own.jwtAuthorities.get(jwt.kid)).toBe(bundle.jwtAuthorities.get(jwt.kid));
    expect(own.sequenceNumber).toBeUndefined();
  });
});

function never(): never {
  throw new Error('the test authority has no key');
}
