import { describe, expect, it } from 'vitest';
import { SpiffeId } from '../../src/spiffe/spiffe-id.js';
import { validateWitSvid } from '../../src/spiffe/wit-svid.js';
import { clause } from '../conformance/prove.js';
import { anEntry, follow, IssuanceRoom } from '../fakes/issuance-room.js';

const MINUTE = 60_000;
const CALL = { call: 3 };

describe('WIT-SVIDs of an instance', () => {
  it('are bound to the key that goes with them, each instance its own, and recorded', async () => {
    await using room = await IssuanceRoom.open();
    const instances = [room.instance(), room.instance()];
    const views = await Promise.all(instances.map(async (instance) => room.views.wit(instance, CALL)));
    const svids = views.flatMap(({ value }) => value.svids);
    const { bundle } = room.authorities.set.current.value;
    for (const { token, key, spiffeId } of svids) {
      const svid = validateWitSvid(token, bundle, room.outer.clock.now());
      expect(svid.id.toString()).toBe(spiffeId);
      clause('WAPI-7.2.1b', () => {
        const { d: _d, alg: _alg, ...half } = JSON.parse(key) as Record<string, string>;
        expect(svid.key.export({ format: 'jwk' })).toEqual(half);
      });
    }
    expect(new Set(svids.map(({ key }) => key)).size).toBe(2);
    expect(instances.map((instance) => room.views.wit(instance, CALL))).toEqual(views);
    expect(room.outer.recorder.issued.map(({ document }) => document)).toEqual(
      svids.map(({ jti }) => ({ kind: 'wit', jti })),
    );
  });

  it('are all, or the one that is asked for, or none and nothing kept of the question', async () => {
    await using room = await IssuanceRoom.open([anEntry('a'), anEntry('b')]);
    const instance = room.instance();
    const idsOf = async (id?: string) => {
      const { value } = await room.views.wit(
        instance,
        CALL,
        id === undefined ? undefined : SpiffeId.parse(id),
      );
      return value.svids.map(({ entryId }) => entryId);
    };
    expect(await idsOf()).toEqual(['a', 'b']);
    expect(await idsOf('spiffe://example.org/b')).toEqual(['b']);
    expect(await idsOf('spiffe://example.org/c')).toEqual([]);
  });

  it('are renewed at half of their life while a stream holds them, with a new key', async () => {
    await using room = await IssuanceRoom.open();
    const instance = room.instance();
    room.hold(instance, 'wit');
    room.start();
    const only = SpiffeId.parse('spiffe://example.org/web');
    await room.views.wit(instance, CALL, only);
    const seen = follow(() => room.views.wit(instance, CALL, only));
    await room.pass(7.5 * MINUTE);
    expect(seen.map(({ svids }) => svids.length)).toEqual([1, 1]);
    expect(seen[1]?.svids[0]?.key).not.toBe(seen[0]?.svids[0]?.key);
    room.setEntries();
    await room.settle();
    expect(seen.at(-1)?.svids).toEqual([]);
  });
});
