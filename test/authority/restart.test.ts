import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Authorities } from '../../src/authority/authorities.js';
import type { AuthoritySet, Profile } from '../../src/authority/authority-set.js';
import { DISK, type Disk } from '../../src/keys/disk.js';
import { AuthorityRoom, idsOf } from '../fakes/authority-room.js';
import { BundleFollower } from '../fakes/bundle-follower.js';
import { FakeClock } from '../fakes/fake-clock.js';
import { temporaryFolder } from '../fakes/temporary-folder.js';

const HOUR = 3_600_000;
const PROFILES: readonly Profile[] = ['x509', 'jwt', 'wit'];

/** A state folder as a kill would have left it. */
interface Wreck {
  readonly path: string;
  readonly at: Date;
  /** What verifiers may have to verify, and with what they could. */
  readonly before: AuthoritySet | undefined;
}

/** Writes as the real disk does, and keeps a copy of the folder from before and after each change. */
class WreckingDisk implements Disk {
  readonly wrecks: Wreck[] = [];
  authorities: Authorities | undefined;
  readonly #room: AuthorityRoom;
  readonly #copies: string;

  constructor(room: AuthorityRoom, copies: string) {
    this.#room = room;
    this.#copies = copies;
  }

  async write(path: string, text: string): Promise<void> {
    // Killed between the two names of an atomic write, half of it is left beside the old file.
    const half = `${path}.0123456789ab.tmp`;
    await writeFile(half, text.slice(0, text.length / 2));
    await this.#copy();
    await rm(half);
    await DISK.write(path, text);
    await this.#copy();
  }

  async remove(path: string): Promise<void> {
    await this.#copy();
    await DISK.remove(path);
    await this.#copy();
  }

  async #copy(): Promise<void> {
    const path = join(this.#copies, String(this.wrecks.length));
    await cp(this.#room.path, path, { recursive: true, preserveTimestamps: true });
    this.wrecks.push({ path, at: this.#room.clock.now(), before: this.authorities?.set.current.value });
  }
}

/** Goes through every change that there is. */
async function liveThrough(room: AuthorityRoom, authorities: Authorities): Promise<void> {
  const stop = new AbortController();
  const running = authorities.run(stop.signal);
  await room.pass(21 * HOUR, HOUR);
  const during = async (change: Promise<void>): Promise<void> => {
    const progress = { done: false };
    const changed = change.finally(() => (progress.done = true));
    while (!progress.done) await room.pass(250);
    await changed;
  };
  await during(authorities.rotate());
  await during(authorities.taint(authorities.set.current.value.jwt.kid));
  await during(authorities.revoke(authorities.set.current.value.x509.id));
  await room.pass(6 * HOUR, HOUR);
  stop.abort();
  await running;
}

describe('Authorities killed at any instant', () => {
  it('start again with a signer of each profile, and publish whatever may have signed', async () => {
    await using room = await AuthorityRoom.open();
    await using copies = await temporaryFolder();
    const disk = new WreckingDisk(room, copies.path);
    disk.authorities = await room.authorities({}, { disk });
    await liveThrough(room, disk.authorities);
    expect(disk.wrecks.length).toBeGreaterThan(80);

    for (const { path, at, before } of disk.wrecks) {
      const again = await room.authorities({}, { path, clock: new FakeClock(at.toISOString()) });
      const { x509, jwt, wit, bundle, tainted } = again.set.current.value;
      for (const profile of PROFILES) expect(idsOf(again, profile, 'active')).toHaveLength(1);
      expect(x509.sign(Buffer.from('text')).length).toBeGreaterThan(60);
      expect([jwt, wit].map((signer) => signer.sign({}, {}).split('.').length)).toEqual([3, 3]);
      expect(tainted.has(x509.id) || tainted.has(jwt.kid) || tainted.has(wit.kid)).toBe(false);
      expect(bundle.x509Authorities).toContainEqual(x509.certificate);
      expect(bundle.jwtAuthorities.has(jwt.kid) && bundle.witAuthorities.has(wit.kid)).toBe(true);
      expectPublished(before, again);
      await expectTidy(path, again);
    }
  });

  it('makes everything anew where a first start was killed', async () => {
    await using room = await AuthorityRoom.open();
    await using copies = await temporaryFolder();
    const disk = new WreckingDisk(room, copies.path);
    await room.authorities({}, { disk });
    for (const { path } of disk.wrecks) {
      const again = await room.authorities({}, { path });
      expect(again.set.current.value.states.map(({ state }) => state)).toEqual([
        'active',
        'active',
        'active',
      ]);
    }
    expect(disk.wrecks.length).toBe(12);
  });
});

/** Whatever signed before the kill, and was not revoked, is published after it. */
function expectPublished(before: AuthoritySet | undefined, { set }: Authorities): void {
  const { bundle, states } = set.current.value;
  const revoked = new Set(states.filter(({ state }) => state === 'revoked').map(({ id }) => id));
  const published = new Set<string>([...bundle.jwtAuthorities.keys(), ...bundle.witAuthorities.keys()]);
  if (before !== undefined && bundle.x509Authorities.some((der) => der.equals(before.x509.certificate))) {
    published.add(before.x509.id);
  }
  const signed = before === undefined ? [] : [before.x509.id, before.jwt.kid, before.wit.kid];
  expect(signed.filter((id) => !published.has(id) && !revoked.has(id))).toEqual([]);
}

/** No key lies about that cannot sign any more, and no half of one. */
async function expectTidy(path: string, { set }: Authorities): Promise<void> {
  const signing = set.current.value.states.filter(({ state }) =>
    ['prepared', 'published', 'active'].includes(state),
  );
  const names = signing.map(({ profile, id }) => `${profile}-${id}.pem`);
  expect((await readdir(join(path, 'keys'))).toSorted()).toEqual(names.toSorted());
}

describe('Authorities started again', () => {
  it('are the same as before, to the byte', async () => {
    await using room = await AuthorityRoom.open();
    const before = (await room.authorities()).set.current.value;
    const events = room.recorder.events.length;
    const after = (await room.authorities()).set.current.value;
    expect(after.x509.certificate).toEqual(before.x509.certificate);
    expect(after.bundle.equals(before.bundle)).toBe(true);
    expect(after.states).toEqual(before.states);
    expect(room.recorder.events).toHaveLength(events);
  });

  it.each([
    ['while its successor is published', 14],
    ['after it was succeeded', 21],
  ])('go on %s', async (_when, hours) => {
    await using room = await AuthorityRoom.open();
    const first = await room.authorities();
    const stop = new AbortController();
    const running = first.run(stop.signal);
    await room.pass(hours * HOUR, HOUR);
    stop.abort();
    await running;
    const again = await room.authorities();
    expect(again.set.current.value.states).toEqual(first.set.current.value.states);
    expect(again.set.current.value.bundle.equals(first.set.current.value.bundle)).toBe(true);
  });

  it('let a successor whose time has come sign only when the streams are back', async () => {
    await using room = await AuthorityRoom.open();
    const first = await room.authorities();
    const stop = new AbortController();
    const running = first.run(stop.signal);
    await room.pass(14 * HOUR, HOUR);
    stop.abort();
    await running;
    await room.clock.advance(7 * HOUR);

    const again = await room.authorities();
    const [elder] = idsOf(again, 'jwt', 'active');
    const follower = new BundleFollower(again, room.clock);
    const stopAgain = new AbortController();
    const runningAgain = again.run(stopAgain.signal);
    await room.clock.nextWake();
    expect(again.set.current.value.jwt.kid).toBe(elder);
    await room.pass(1_000);
    expect(again.set.current.value.jwt.kid).not.toBe(elder);
    expect(follower.surprises).toEqual([]);
    stopAgain.abort();
    await runningAgain;
  });

  it('sign with the successor at once when the active one ran out meanwhile', async () => {
    await using room = await AuthorityRoom.open();
    const first = await room.authorities();
    const stop = new AbortController();
    const running = first.run(stop.signal);
    await room.pass(14 * HOUR, HOUR);
    stop.abort();
    await running;
    const published = idsOf(first, 'x509', 'published');
    await room.clock.advance(12 * HOUR);
    expect(idsOf(await room.authorities(), 'x509', 'active')).toEqual(published);
  });

  it('are made anew when all of them ran out meanwhile', async () => {
    await using room = await AuthorityRoom.open();
    const [before] = idsOf(await room.authorities(), 'x509', 'active');
    await room.clock.advance(100 * HOUR);
    const [after] = idsOf(await room.authorities(), 'x509', 'active');
    expect(after).not.toBe(before);
  });

  it.each(['', '{', '{"format":2}', '{"format":1,"sequence":"1","authorities":[{}]}'])(
    'refuse the manifest %j, name it and leave everything as it is',
    async (text) => {
      await using room = await AuthorityRoom.open();
      await room.authorities();
      const file = join(room.path, 'authorities.json');
      const keys = await readdir(join(room.path, 'keys'));
      await writeFile(file, text);
      await expect(room.authorities()).rejects.toMatchObject({
        code: 'STATE_UNUSABLE',
        message: expect.stringContaining(file),
      });
      expect(await readFile(file, 'utf8')).toBe(text);
      expect(await readdir(join(room.path, 'keys'))).toEqual(keys);
    },
  );

  it('refuse a key that is not the one that the manifest means', async () => {
    await using room = await AuthorityRoom.open();
    const { jwt, wit } = (await room.authorities()).set.current.value;
    const keys = join(room.path, 'keys');
    await cp(join(keys, `wit-${wit.kid}.pem`), join(keys, `jwt-${jwt.kid}.pem`));
    await expect(room.authorities()).rejects.toMatchObject({ code: 'KEY_UNREADABLE' });
  });
});
