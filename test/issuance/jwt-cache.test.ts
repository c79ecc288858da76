import { describe, expect, it } from 'vitest';
import { parseJws } from '../../src/encoding/jws.js';
import { SpiffeId } from '../../src/spiffe/spiffe-id.js';
import { clause } from '../conformance/prove.js';
import { anEntry, IssuanceRoom } from '../fakes/issuance-room.js';

const MINUTE = 60_000;
const CALL = { call: 9 };

function claimsOf(token: string | undefined): Record<string, unknown> {
  return JSON.parse(parseJws(token ?? '').payload.toString()) as Record<string, unknown>;
}

describe('JWT-SVIDs of an instance', () => {
  it('carry all audiences as they were asked for, and are recorded before they are seen', async () => {
    await using room = await IssuanceRoom.open([anEntry('web', { hint: 'h' })], {
      jwt: { algorithm: 'ES256', issuer: 'https://oidc.example.org' },
    });
    const instance = room.instance();
    const gate = Promise.withResolvers<void>();
    room.outer.recorder.stalled = gate.promise;
    const progress = { seen: false };
    const reading = Promise.resolve(room.views.jwt(instance, CALL, ['b', 'a', 'b'])).finally(
      () => (progress.seen = true),
    );
    await room.settle();
    expect(progress.seen).toBe(false);
    gate.resolve();
    const [svid] = await reading;
    clause('WAPI-6.2.1a', () => expect(claimsOf(svid?.token)['aud']).toEqual(['b', 'a', 'b']));
    expect(claimsOf(svid?.token)).toMatchObject({ iss: 'https://oidc.example.org', jti: svid?.jti });
    expect(svid).toMatchObject({ hint: 'h', entryId: 'web', expiresAt: new Date('2030-01-01T00:05:00Z') });
    expect(room.outer.recorder.issued).toMatchObject([
      {
        call: 9,
        instance: instance.id,
        document: { kind: 'jwt', jti: svid?.jti, audience: ['b', 'a', 'b'] },
      },
    ]);
  });

  it('are kept until half of their life, for the exact list of audiences', async () => {
    await using room = await IssuanceRoom.open();
    const instance = room.instance();
    const read = async (...audience: string[]) => (await room.views.jwt(instance, CALL, audience))[0]?.jti;
    const first = await read('a', 'b');
    expect(await read('a', 'b')).toBe(first);
    expect(room.views.jwt(instance, CALL, ['a', 'b'])).not.toBeInstanceOf(Promise);
    const others = [await read('b', 'a'), await read('a'), await read('a,b'), await read('a', 'b', 'b')];
    expect(new Set([first, ...others]).size).toBe(5);
    await room.pass(2.4 * MINUTE);
    expect(await read('a', 'b')).toBe(first);
    await room.pass(0.1 * MINUTE);
    expect(await read('a', 'b')).not.toBe(first);
  });

  it('are issued anew when the clock was set back to before they were', async () => {
    await using room = await IssuanceRoom.open();
    const instance = room.instance();
    const [first] = await room.views.jwt(instance, CALL, ['a']);
    room.outer.clock.jump(-MINUTE);
    const [second] = await room.views.jwt(instance, CALL, ['a']);
    expect(second?.jti).not.toBe(first?.jti);
  });

  it('are each instance’s own', async () => {
    await using room = await IssuanceRoom.open();
    const tokens = await Promise.all([1, 2].map(async () => room.views.jwt(room.instance(), CALL, ['a'])));
    expect(new Set(tokens.map(([svid]) => svid?.jti)).size).toBe(2);
  });

  it('are for all identities, or for the one that is asked for, or none', async () => {
    await using room = await IssuanceRoom.open([anEntry('b'), anEntry('a')]);
    const instance = room.instance();
    const idsOf = async (id?: string) =>
      (await room.views.jwt(instance, CALL, ['x'], id === undefined ? undefined : SpiffeId.parse(id))).map(
        ({ spiffeId }) => spiffeId,
      );
    expect(await idsOf()).toEqual(['spiffe://example.org/a', 'spiffe://example.org/b']);
    expect(await idsOf('spiffe://example.org/b')).toEqual(['spiffe://example.org/b']);
    expect(await idsOf('spiffe://example.org/c')).toEqual([]);
    expect(await room.views.jwt(room.instance('unix:uid:1'), CALL, ['x'])).toEqual([]);
  });

  it('are dropped when their entry changes, and keep up with its hint', async () => {
    await using room = await IssuanceRoom.open([anEntry('web')]);
    const instance = room.instance();
    const read = async () => (await room.views.jwt(instance, CALL, ['a']))[0];
    const first = await read();
    room.setEntries(anEntry('web', { hint: 'new' }));
    expect(await read()).toMatchObject({ jti: first?.jti, hint: 'new' });
    room.setEntries(anEntry('web', { jwtSvidTtlSeconds: 60 }));
    expect(await read()).toMatchObject({ expiresAt: new Date('2030-01-01T00:01:00Z') });
    room.setEntries(anEntry('web', { spiffeId: 'spiffe://example.org/renamed' }));
    expect(await read()).toMatchObject({ spiffeId: 'spiffe://example.org/renamed' });
    room.setEntries();
    expect(await read()).toBeUndefined();
  });

  it('are dropped when their authority is tainted, and wait for the next one', async () => {
    await using room = await IssuanceRoom.open();
    const instance = room.instance();
    const read = async () => (await room.views.jwt(instance, CALL, ['a']))[0]?.token;
    const first = await read();
    const { jwt } = room.authorities.set.current.value;
    const tainted = room.authorities.taint(jwt.kid);
    await room.outer.clock.nextWake();
    const reading = read();
    await room.settle();
    await room.pass(1_000);
    await tainted;
    const second = await reading;
    expect(parseJws(second ?? '').header['kid']).toBe(room.authorities.set.current.value.jwt.kid);
    expect(second).not.toBe(first);
  });

  it('are served past half of their life while no new one can be recorded, and warned of once', async () => {
    await using room = await IssuanceRoom.open();
    const instance = room.instance();
    const read = async () => (await room.views.jwt(instance, CALL, ['a']))[0]?.jti;
    const first = await read();
    room.outer.recorder.full = true;
    await room.pass(4 * MINUTE);
    expect([await read(), await read()]).toEqual([first, first]);
    expect(room.outer.log.lines.filter((line) => line.startsWith('warn'))).toHaveLength(1);
    await room.pass(MINUTE);
    await expect(read()).rejects.toMatchObject({ code: 'RECORD_UNWRITABLE' });
    room.outer.recorder.full = false;
    expect(await read()).not.toBe(first);
  });

  it('are not kept without bound: the longest unused goes first', async () => {
    await using room = await IssuanceRoom.open();
    const instance = room.instance();
    const read = async (audience: string) => (await room.views.jwt(instance, CALL, [audience]))[0]?.jti;
    const [first, second] = [await read('0'), await read('1')];
    for (let audience = 2; audience < 64; audience += 1) await read(String(audience));
    expect(await read('0')).toBe(first);
    await read('64');
    expect(await read('0')).toBe(first);
    expect(await read('1')).not.toBe(second);
  });
});
