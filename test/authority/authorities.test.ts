import { X509Certificate } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Profile } from '../../src/authority/authority-set.js';
import { DEFAULT_LIFETIMES } from '../../src/authority/settings.js';
import { parseJws, verifyJws } from '../../src/encoding/jws.js';
import { writeBundleDocument } from '../../src/spiffe/bundle-document.js';
import { clause } from '../conformance/prove.js';
import { AuthorityRoom, idsOf } from '../fakes/authority-room.js';
import { BundleFollower } from '../fakes/bundle-follower.js';

const HOUR = 3_600_000;
const MINUTE = 60_000;
const PROFILES: readonly Profile[] = ['x509', 'jwt', 'wit'];

describe('Authorities at the first start', () => {
  it('has one active authority of each profile, all published and recorded', async () => {
    await using room = await AuthorityRoom.open();
    const authorities = await room.authorities();
    const { x509, jwt, wit, bundle, states } = authorities.set.current.value;
    expect(states.map(({ profile, state }) => `${profile} ${state}`)).toEqual(
      PROFILES.map((one) => `${one} active`),
    );
    expect(bundle.x509Authorities).toEqual([x509.certificate]);
    expect([...bundle.jwtAuthorities.keys()]).toEqual([jwt.kid]);
    expect([...bundle.witAuthorities.keys()]).toEqual([wit.kid]);
    expect(room.recorder.events).toEqual([
      { event: 'authority', profile: 'x509', id: x509.id, state: 'active' },
      { event: 'authority', profile: 'jwt', id: jwt.kid, state: 'active' },
      { event: 'authority', profile: 'wit', id: wit.kid, state: 'active' },
    ]);
  });

  it('has keys that no other daemon has, of this trust domain or another', async () => {
    await using room = await AuthorityRoom.open();
    await using other = await AuthorityRoom.open();
    const sets = [await room.authorities(), await other.authorities()].map(({ set }) => set.current.value);
    const points = sets.flatMap(({ bundle }) => [
      ...bundle.x509Authorities.map((der) => new X509Certificate(der).publicKey),
      ...bundle.jwtAuthorities.values(),
      ...bundle.witAuthorities.values(),
    ]);
    expect(new Set(points.map((key) => key.export({ format: 'jwk' }).x)).size).toBe(6);
  });

  it('keeps its keys to itself', async () => {
    await using room = await AuthorityRoom.open();
    const { x509, jwt } = (await room.authorities()).set.current.value;
    const keys = join(room.path, 'keys');
    expect((await stat(keys)).mode & 0o777).toBe(0o700);
    const files = await readdir(keys);
    expect(files).toContain(`x509-${x509.id}.pem`);
    for (const file of files) expect((await stat(join(keys, file))).mode & 0o777).toBe(0o600);
    expect((await stat(join(room.path, 'authorities.json'))).mode & 0o777).toBe(0o600);
    expect(JSON.stringify({ jwt, x509 })).not.toContain('PRIVATE');
  });

  it.each(['ES256', 'ES384', 'RS256'] as const)('signs JWTs with %s when it is set', async (algorithm) => {
    await using room = await AuthorityRoom.open();
    const { jwt, wit, bundle } = (await room.authorities({ jwt: { algorithm } })).set.current.value;
    const jws = parseJws(jwt.sign({ typ: 'JWT' }, { sub: 'spiffe://example.org/a' }));
    expect(jws.header).toEqual({ alg: algorithm, kid: jwt.kid, typ: 'JWT' });
    const key = bundle.jwtAuthorities.get(jwt.kid);
    expect(key && verifyJws(jws, algorithm, key)).toBe(true);
    expect(wit.algorithm).toBe('ES256');
  });

  it('publishes its keys as the standards want them', async () => {
    await using room = await AuthorityRoom.open();
    const authorities = await room.authorities();
    const { bundle, jwt, wit, x509 } = authorities.set.current.value;
    const document = JSON.parse(writeBundleDocument(bundle)) as { keys: Record<string, unknown>[] };
    const ofUse = (use: string) => document.keys.filter((key) => key['use'] === use);
    clause('JWT-6.1a', () => expect(ofUse('jwt-svid').map(({ kid }) => kid)).toEqual([jwt.kid]));
    clause('WIT-6.1a', () => {
      expect(ofUse('wit-svid').map(({ kid }) => kid)).toEqual([wit.kid]);
      expect(jwt.kid).not.toBe(wit.kid);
    });
    clause(['X509-6.1a', 'X509-6.1b', 'X509-6.1c'], () => {
      const [root, ...more] = ofUse('x509-svid');
      expect(more).toEqual([]);
      expect(root).toMatchObject({ kty: 'EC', crv: 'P-256', x: expect.any(String), y: expect.any(String) });
      expect(root?.['x5c']).toEqual([x509.certificate.toString('base64')]);
      expect(root).not.toHaveProperty('kid');
    });
    clause('TDB-4.1.2a', () => expect(document).toMatchObject({ spiffe_refresh_hint: 300 }));
  });
});

describe('Authorities as time passes', () => {
  it('succeed each other so that a verifier that follows the bundle never meets an unknown key', async () => {
    await using room = await AuthorityRoom.open();
    const authorities = await room.authorities();
    const follower = new BundleFollower(authorities, room.clock);
    const stop = new AbortController();
    const running = authorities.run(stop.signal);
    const seen: bigint[] = [];
    for (let hour = 0; hour < 80; hour += 1) {
      await room.pass(HOUR, 10 * MINUTE);
      seen.push(authorities.set.current.value.bundle.sequenceNumber ?? 0n);
      for (const profile of PROFILES) expect(idsOf(authorities, profile, 'active')).toHaveLength(1);
    }
    stop.abort();
    await running;

    expect(follower.surprises).toEqual([]);
    expect(new Set(follower.met).size).toBe(21);
    clause('TDB-4.1.1a', () => expect(seen).toEqual(seen.toSorted((one, other) => Number(one - other))));
    expect(room.log.lines).toEqual([]);
  });

  it('hands over in order: published at half of a life, signing near its end, gone when nothing can be valid', async () => {
    await using room = await AuthorityRoom.open();
    const authorities = await room.authorities();
    const stop = new AbortController();
    const running = authorities.run(stop.signal);
    const [first] = idsOf(authorities, 'wit', 'active');

    await room.pass(11 * HOUR, HOUR);
    expect(idsOf(authorities, 'wit', 'published')).toEqual([]);
    await room.pass(1.5 * HOUR, HOUR / 2);
    const [second] = idsOf(authorities, 'wit', 'published');
    expect(idsOf(authorities, 'wit', 'active')).toEqual([first]);
    await room.pass(8 * HOUR, HOUR);
    expect(idsOf(authorities, 'wit', 'active')).toEqual([second]);
    expect(idsOf(authorities, 'wit', 'old')).toEqual([first]);
    expect(authorities.set.current.value.replaced).toEqual(new Set());
    expect(await readdir(join(room.path, 'keys'))).not.toContain(`wit-${first}.pem`);
    await room.pass(5 * HOUR, HOUR);
    expect(idsOf(authorities, 'wit', 'old')).toEqual([first]);
    await room.pass(HOUR, HOUR);
    expect(idsOf(authorities, 'wit', 'old')).toEqual([]);
    expect(authorities.set.current.value.bundle.witAuthorities.has(first ?? '')).toBe(false);
    stop.abort();
    await running;
    const story = room.recorder.events.filter((event) => event.event === 'authority' && event.id === first);
    expect(story.map((event) => event.event === 'authority' && event.state)).toEqual([
      'active',
      'old',
      'removed',
    ]);
  });

  it('makes new ones when the clock is set back to before they began', async () => {
    await using room = await AuthorityRoom.open();
    const authorities = await room.authorities();
    const [first] = idsOf(authorities, 'x509', 'active');
    const stop = new AbortController();
    const running = authorities.run(stop.signal);
    await room.clock.nextWake();
    room.clock.jump(-365 * 24 * HOUR);
    await room.pass(3 * MINUTE, MINUTE / 4);
    const [second] = idsOf(authorities, 'x509', 'active');
    expect(second).not.toBe(first);
    expect(authorities.set.current.value.x509.notBefore.getTime()).toBeLessThan(room.clock.now().getTime());
    stop.abort();
    await running;
  });

  it('goes on with what it has while the record is full, says so once, and makes up for it', async () => {
    await using room = await AuthorityRoom.open();
    const authorities = await room.authorities();
    const stop = new AbortController();
    const running = authorities.run(stop.signal);
    const before = authorities.set.current.value;
    room.recorder.full = true;
    await room.pass(13 * HOUR, HOUR / 2);
    expect(authorities.set.current.value).toBe(before);
    expect(authorities.problems).toHaveLength(1);
    expect(room.log.lines).toEqual(['warn the authorities could not be changed; those that are there go on']);
    room.recorder.full = false;
    await room.pass(MINUTE, 5_000);
    expect(idsOf(authorities, 'x509', 'published')).toHaveLength(1);
    expect(authorities.problems).toEqual([]);
    stop.abort();
    await running;
  });
});

describe('rotate', () => {
  it('publishes first, signs a moment later, and has all be replaced that the elder signed', async () => {
    await using room = await AuthorityRoom.open();
    const authorities = await room.authorities();
    const follower = new BundleFollower(authorities, room.clock);
    const before = authorities.set.current.value;
    const rotated = authorities.rotate();
    await room.clock.nextWake();
    const between = authorities.set.current.value;
    expect(between.jwt).toBe(before.jwt);
    expect(between.bundle.jwtAuthorities.size).toBe(2);
    await room.clock.advance(1_000);
    await rotated;

    const after = authorities.set.current.value;
    expect(follower.surprises).toEqual([]);
    expect([...after.replaced].toSorted()).toEqual(
      [before.x509.id, before.jwt.kid, before.wit.kid].toSorted(),
    );
    expect(after.bundle.x509Authorities).toContainEqual(before.x509.certificate);
    expect(after.tainted.size).toBe(0);
  });

  it('rotates one profile alone, and again', async () => {
    await using room = await AuthorityRoom.open();
    const authorities = await room.authorities();
    const { jwt, x509 } = authorities.set.current.value;
    for (let round = 0; round < 2; round += 1) {
      const rotated = authorities.rotate('jwt');
      await room.clock.nextWake();
      await room.clock.advance(1_000);
      await rotated;
    }
    const after = authorities.set.current.value;
    expect(after.x509).toBe(x509);
    expect(after.bundle.jwtAuthorities.size).toBe(3);
    expect(after.bundle.jwtAuthorities.has(jwt.kid)).toBe(true);
  });

  it('signs at once with a successor that has long been published', async () => {
    await using room = await AuthorityRoom.open();
    const authorities = await room.authorities();
    const stop = new AbortController();
    const running = authorities.run(stop.signal);
    await room.pass(13 * HOUR, HOUR);
    stop.abort();
    await running;
    const published = idsOf(authorities, 'x509', 'published');
    await authorities.rotate('x509');
    expect(idsOf(authorities, 'x509', 'active')).toEqual(published);
  });
});

describe('taint and revoke', () => {
  it('never signs again with a tainted authority, whose key is destroyed, and publishes it still', async () => {
    await using room = await AuthorityRoom.open();
    const authorities = await room.authorities();
    const follower = new BundleFollower(authorities, room.clock);
    const { jwt } = authorities.set.current.value;
    const tainted = authorities.taint(jwt.kid);
    await room.clock.nextWake();
    expect(authorities.set.current.value.tainted).toEqual(new Set([jwt.kid]));
    expect(() => authorities.set.current.value.jwt.sign({}, {})).toThrow(
      expect.objectContaining({ code: 'AUTHORITY_NOT_READY' }),
    );
    expect(await readdir(join(room.path, 'keys'))).not.toContain(`jwt-${jwt.kid}.pem`);
    await room.clock.advance(1_000);
    await tainted;

    const after = authorities.set.current.value;
    expect(after.jwt.kid).not.toBe(jwt.kid);
    expect(after.bundle.jwtAuthorities.has(jwt.kid)).toBe(true);
    expect(after.replaced.has(jwt.kid)).toBe(true);
    expect(follower.surprises).toEqual([]);
    await authorities.revoke(jwt.kid);
    expect(authorities.set.current.value.bundle.jwtAuthorities.has(jwt.kid)).toBe(false);
    expect(idsOf(authorities, 'jwt', 'revoked')).toEqual([jwt.kid]);
  });

  it('revokes an active authority when another one signs and its documents are replaced', async () => {
    await using room = await AuthorityRoom.open();
    const authorities = await room.authorities();
    const { x509 } = authorities.set.current.value;
    const revoked = authorities.revoke(x509.id);
    await room.clock.nextWake();
    await room.clock.advance(1_000);
    await room.clock.nextWake();
    expect(authorities.set.current.value.bundle.x509Authorities).toHaveLength(2);
    await room.clock.advance(1_000);
    await revoked;
    const after = authorities.set.current.value;
    expect(after.bundle.x509Authorities).toEqual([after.x509.certificate]);
    expect(after.replaced.has(x509.id)).toBe(true);
  });

  it('stays tainted and revoked over a restart', async () => {
    await using room = await AuthorityRoom.open();
    const first = await room.authorities();
    const { wit } = first.set.current.value;
    const revoked = first.revoke(wit.kid);
    for (let moment = 0; moment < 2; moment += 1) {
      await room.clock.nextWake();
      await room.clock.advance(1_000);
    }
    await revoked;
    const again = (await room.authorities()).set.current.value;
    expect(again.tainted.has(wit.kid)).toBe(true);
    expect(again.bundle.witAuthorities.has(wit.kid)).toBe(false);
  });

  it('refuses an id that nobody has', async () => {
    await using room = await AuthorityRoom.open();
    const authorities = await room.authorities();
    await expect(authorities.taint('nobody')).rejects.toMatchObject({ code: 'AUTHORITY_NOT_FOUND' });
    await expect(authorities.revoke('nobody')).rejects.toMatchObject({ code: 'AUTHORITY_NOT_FOUND' });
  });
});

describe('Authorities under a passphrase', () => {
  it('keep every key encrypted, and start with that passphrase alone', async () => {
    await using room = await AuthorityRoom.open();
    const { mkdir, writeFile } = await import('node:fs/promises');
    await mkdir(join(room.path, 'secret'));
    const passphraseFile = join(room.path, 'secret', 'passphrase');
    await writeFile(passphraseFile, 'correct horse\n');
    const { jwt } = (await room.authorities({ passphraseFile })).set.current.value;
    const file = join(room.path, 'keys', `jwt-${jwt.kid}.pem`);
    expect(await readFile(file, 'utf8')).toContain('ENCRYPTED');
    expect((await room.authorities({ passphraseFile })).set.current.value.jwt.kid).toBe(jwt.kid);

    await writeFile(passphraseFile, 'wrong\n');
    await expect(room.authorities({ passphraseFile })).rejects.toMatchObject({ code: 'KEY_UNREADABLE' });
    await expect(room.authorities()).rejects.toMatchObject({ code: 'KEY_UNREADABLE' });
    await writeFile(passphraseFile, 'correct horse\n');
    expect((await room.authorities({ passphraseFile })).set.current.value.jwt.kid).toBe(jwt.kid);
  });

  it('follows another JWT algorithm of the settings without a break', async () => {
    await using room = await AuthorityRoom.open();
    const { jwt } = (await room.authorities()).set.current.value;
    const lifetimes = DEFAULT_LIFETIMES;
    const authorities = await room.authorities({ lifetimes, jwt: { algorithm: 'ES384' } });
    const follower = new BundleFollower(authorities, room.clock);
    expect(authorities.set.current.value.jwt.kid).toBe(jwt.kid);
    const stop = new AbortController();
    const running = authorities.run(stop.signal);
    await room.pass(3_000, 500);
    expect(authorities.set.current.value.jwt.algorithm).toBe('ES384');
    expect(follower.surprises).toEqual([]);
    stop.abort();
    await running;
  });
});
