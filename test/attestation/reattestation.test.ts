import { realpathSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Attestor, Finding } from '../../src/attestation/attestor.js';
import { Reattestation } from '../../src/attestation/reattestation.js';
import type { Instance } from '../../src/instances/instance.js';
import type { MeasuredProcess } from '../../src/measurement/process.js';
import { openAttestationRoom, type AttestationRoomOptions } from '../fakes/attestation-room.js';
import { startChild } from '../fakes/child-process.js';

const SLEEP = realpathSync('/bin/sleep');
const NEVER = new AbortController().signal;

async function bench(options: AttestationRoomOptions = {}) {
  const cleanup = new AsyncDisposableStack();
  const room = cleanup.use(openAttestationRoom(options));
  const watched: Instance[] = [];
  const { attestors, clock, log } = room;
  const stop = new AbortController();
  const running = new Reattestation({ watched: () => watched, attestors, clock, log }).run(stop.signal);
  cleanup.defer(async () => {
    stop.abort();
    await running;
  });
  /** Starts a process and attests it, as a stream does when it opens. */
  const stream = async () => {
    const child = cleanup.use(await startChild(SLEEP, ['600']));
    const instance = room.instance(child.pid);
    await attestors.attest(instance, { call: 1 }, NEVER);
    watched.push(instance);
    return { child, instance };
  };
  return { ...room, watched, stream, [Symbol.asyncDispose]: () => cleanup.disposeAsync() };
}

describe('Reattestation', () => {
  it('takes the attestation away from a watched process that is gone, within 30 seconds', async () => {
    await using at = await bench();
    const [gone, there] = [await at.stream(), await at.stream()];
    await gone.child.kill();
    const { replaced } = gone.instance.attestation.current;

    await at.clock.advance(29_999);
    expect(gone.instance.attestation.current.value).toBeDefined();
    await at.clock.advance(1);
    await replaced;
    expect(gone.instance.attestation.current.value).toBeUndefined();
    expect(there.instance.attestation.current.value).toBeDefined();
    expect(at.log.lines).toEqual(['info a process is not any more what was attested; its streams end']);
  });

  it('replaces the attestation of a process about which something else is true by now', async () => {
    let selectors = ['unix:uid:1'];
    const attestor: Attestor = { name: 'unix', attest: () => ({ selectors }) };
    await using at = await bench({ attestors: [attestor] });
    const { instance } = await at.stream();
    selectors = ['unix:uid:2'];
    await at.clock.nextWake();
    await at.clock.advance(30_000);
    expect(instance.attestation.current.value?.selectors).toEqual(['unix:uid:2']);
    expect(at.recorded.at(-1)).toMatchObject({ event: 'attested', call: 0, selectors: ['unix:uid:2'] });
  });

  it('leaves in force what was known when attestation only fails, and tries again', async () => {
    let answer = (): Finding | Promise<Finding> => ({ selectors: ['unix:uid:1'] });
    await using at = await bench({ attestors: [{ name: 'unix', attest: () => answer() }] });
    const { instance } = await at.stream();
    const known = instance.attestation.current.value;
    answer = () => Promise.reject(new Error('EIO'));
    await at.clock.nextWake();
    await at.clock.advance(30_000);
    await at.clock.nextWake();
    expect(instance.attestation.current.value).toBe(known);
    expect(at.log.lines).toEqual([
      'warn an attestor failed',
      'debug an instance could not be attested again; what was known stays in force',
    ]);
    answer = () => ({ selectors: ['unix:uid:3'] });
    await at.clock.advance(30_000);
    expect(instance.attestation.current.value?.selectors).toEqual(['unix:uid:3']);
  });

  it('holds the event loop for no longer than a slice of 2 ms', async () => {
    let asked = 0;
    // Each attestation takes a millisecond of the clock by which slices are measured.
    const attest = (): Finding => {
      asked += 1;
      void at.clock.advance(1);
      return { selectors: [`unix:uid:${asked}`] };
    };
    await using at = await bench({ attestors: [{ name: 'unix', attest }] });
    const { instance } = await at.stream();
    const others = Array.from({ length: 20 }, () => at.instances.of(anotherOf(instance)));
    at.watched.splice(0, 1, ...others);
    await at.clock.nextWake();

    asked = 0;
    void at.clock.advance(30_000);
    const perTurn: number[] = [];
    for (let before = 0; asked < others.length; before = asked) {
      await nextTurn();
      if (asked > before) perTurn.push(asked - before);
    }
    expect(perTurn.length).toBeGreaterThanOrEqual(others.length / 2);
    expect(Math.max(...perTurn)).toBeLessThanOrEqual(2);
  });
});

/** The same process measured once more, for one more instance. */
function anotherOf({ process }: Instance): MeasuredProcess {
  const { pid, uid, gid, startTicks, foreignUserNamespace, folder } = process;
  return { pid, uid, gid, startTicks, foreignUserNamespace, folder, standing: () => process.standing() };
}
