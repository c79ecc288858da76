import { realpathSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Attestor, Finding } from '../../src/attestation/attestor.js';
import { SpoorError } from '../../src/core/errors.js';
import type { RecordEvent } from '../../src/core/record.js';
import { openAttestationRoom, type AttestationRoomOptions } from '../fakes/attestation-room.js';
import { startChild } from '../fakes/child-process.js';

const SH = realpathSync('/bin/sh');
const SLEEP = realpathSync('/bin/sleep');
const NEVER = new AbortController().signal;
const UID = process.geteuid!();

/** Says what a test lets it say. */
class ScriptedAttestor implements Attestor {
  readonly name: string;
  answer: () => Finding | Promise<Finding>;
  asked = 0;

  constructor(name: string, answer: () => Finding | Promise<Finding>) {
    this.name = name;
    this.answer = answer;
  }

  attest(): Finding | Promise<Finding> {
    this.asked += 1;
    return this.answer();
  }
}

const says = (name: string, ...selectors: string[]): ScriptedAttestor =>
  new ScriptedAttestor(name, () => ({ selectors }));
const fails = (name: string, why: string): ScriptedAttestor =>
  new ScriptedAttestor(name, () => {
    throw new Error(why);
  });

/** A room and one real process in it; `attest(n)` attests it on behalf of call n. */
async function bench(
  options: AttestationRoomOptions = {},
  command: readonly [string, ...string[]] = [SLEEP, '600'],
) {
  const cleanup = new AsyncDisposableStack();
  const room = cleanup.use(openAttestationRoom(options));
  const [program, ...args] = command;
  const child = cleanup.use(await startChild(program, args));
  const instance = room.instance(child.pid);
  const attest = (call = 1, signal = NEVER) => room.attestors.attest(instance, { call }, signal);
  return { ...room, child, instance, attest, [Symbol.asyncDispose]: () => cleanup.disposeAsync() };
}

/** What an attestation throws or rejects with. */
async function failureOf(attest: () => unknown): Promise<unknown> {
  try {
    await attest();
    return undefined;
  } catch (error) {
    return error;
  }
}

describe('Attestors', () => {
  it('looks at a process once for the calls of one turn of the event loop, and again in the next', async () => {
    await using at = await bench({ attestors: [says('unix', 'unix:uid:1')] });
    let looks = 0;
    const { pid, uid, gid, startTicks, folder, foreignUserNamespace } = at.instance.process;
    const standing = (): 'same' => ((looks += 1), 'same');
    const process = { pid, uid, gid, startTicks, folder, foreignUserNamespace, standing };
    const counted = at.instances.of(process);
    const attest = (): unknown => at.attestors.attest(counted, { call: 1 }, NEVER);
    await attest();
    expect(looks).toBe(1);
    for (let call = 0; call < 5; call++) attest();
    expect(looks).toBe(2);
    await new Promise(setImmediate);
    attest();
    expect(looks).toBe(3);
  });

  it('attests a real process with both attestors, sorted and without duplicates', async () => {
    await using at = await bench();
    const attestation = await at.attest();
    expect(attestation.selectors).toEqual([...new Set(attestation.selectors)].toSorted());
    expect(attestation.selectors).toEqual(
      expect.arrayContaining([
        `unix:uid:${UID}`,
        `unix:path:${SLEEP}`,
        `process:ancestor_path:${realpathSync('/proc/self/exe')}`,
      ]),
    );
    expect(attestation.outcomes.map(({ attestor, failure }) => ({ attestor, failure }))).toEqual([
      { attestor: 'unix', failure: undefined },
      { attestor: 'process', failure: undefined },
    ]);
    expect(attestation).toMatchObject({ path: SLEEP, at: at.clock.now() });
    expect(at.instance.attestation.current.value).toBe(attestation);
    expect(at.outcomes).toEqual(['complete']);
  });

  it('answers without a promise within a second, and asks nobody', async () => {
    const unix = says('unix', 'unix:uid:1');
    await using at = await bench({ attestors: [unix] });
    const first = at.attest();
    await at.clock.advance(999);
    expect(at.attest()).toBe(first);
    expect(unix.asked).toBe(1);
    await at.clock.advance(1);
    await at.attest();
    expect(unix.asked).toBe(2);
  });

  it('asks all attestors at the same time, and once for calls at the same time', async () => {
    const gates = [Promise.withResolvers<Finding>(), Promise.withResolvers<Finding>()] as const;
    const [a, b] = [
      new ScriptedAttestor('a', () => gates[0].promise),
      new ScriptedAttestor('b', () => gates[1].promise),
    ];
    await using at = await bench({ attestors: [a, b] });
    const both = [at.attest(1), at.attest(2)];
    expect([a.asked, b.asked]).toEqual([1, 1]);
    gates[1].resolve({ selectors: ['b:x:1'] });
    gates[0].resolve({ selectors: ['a:x:1'] });
    const [first, second] = [await both[0], await both[1]];
    expect(first?.selectors).toEqual(['a:x:1', 'b:x:1']);
    expect(second).toBe(first);
    expect([a.asked, b.asked]).toEqual([1, 1]);
  });

  it('tolerates an attestor that fails, and logs it once until that changes', async () => {
    const process = fails('process', 'no such file');
    await using at = await bench({ attestors: [says('unix', 'unix:uid:1'), process] });
    const attestation = await at.attest(7);
    expect(attestation.selectors).toEqual(['unix:uid:1']);
    expect(attestation.outcomes[1]).toEqual({ attestor: 'process', selectors: [], failure: 'no such file' });
    expect(at.outcomes).toEqual(['partial']);
    await at.clock.advance(1_000);
    await at.attest(8);
    expect(at.log.lines).toEqual(['warn an attestor failed']);
    expect(at.log.fields).toEqual([
      { call: 7, instance: at.instance.id, pid: at.child.pid, uid: UID, failures: 'process: no such file' },
    ]);
  });

  it('keeps what an attestor learned beside what it could not learn', async () => {
    const unix = new ScriptedAttestor('unix', () => ({
      selectors: ['unix:uid:1'],
      failure: 'no digest: too large',
    }));
    await using at = await bench({ attestors: [unix] });
    expect(await at.attest()).toMatchObject({
      selectors: ['unix:uid:1'],
      outcomes: [{ selectors: ['unix:uid:1'], failure: 'no digest: too large' }],
    });
    expect(at.outcomes).toEqual(['partial']);
  });

  it('fails when all attestors fail, and leaves in force what was known', async () => {
    const unix = says('unix', 'unix:uid:1');
    await using at = await bench({ attestors: [unix] });
    const known = await at.attest();
    unix.answer = () => Promise.reject(new Error('EIO'));
    await at.clock.advance(1_000);
    expect(await failureOf(at.attest)).toMatchObject({
      code: 'ATTESTATION_FAILED',
      message: 'workload attestation failed: no attestor could look at the process',
      facts: { failures: 'unix: EIO' },
    });
    expect(at.instance.attestation.current.value).toBe(known);
    expect(at.outcomes).toEqual(['complete', 'failed']);
  });

  it('takes an attestor that stays silent for a failed one', async () => {
    const silent = new ScriptedAttestor('slow', () => new Promise(() => {}));
    await using at = await bench({ attestors: [says('unix', 'unix:uid:1'), silent] });
    const attestation = at.attest();
    expect((await at.clock.nextWake()).getTime() - at.clock.now().getTime()).toBe(10_000);
    await at.clock.advance(10_000);
    expect(await attestation).toMatchObject({
      selectors: ['unix:uid:1'],
      outcomes: [{ attestor: 'unix' }, { attestor: 'slow', failure: 'no answer within 10 s' }],
    });
  });

  it('lets one caller go without disturbing the others', async () => {
    const gate = Promise.withResolvers<Finding>();
    await using at = await bench({ attestors: [new ScriptedAttestor('slow', () => gate.promise)] });
    const hangUp = new AbortController();
    const [leaving, staying] = [at.attest(1, hangUp.signal), at.attest(2)];
    const left = failureOf(() => leaving);
    hangUp.abort();
    expect(await left).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    gate.resolve({ selectors: ['slow:x:1'] });
    expect((await staying).selectors).toEqual(['slow:x:1']);
  });

  it('replaces the attestation of the instance only when the selectors differ', async () => {
    const unix = says('unix', 'unix:uid:1', 'unix:gid:1');
    await using at = await bench({ attestors: [unix] });
    const first = at.attest();
    unix.answer = () => ({ selectors: ['unix:gid:1', 'unix:uid:1'] });
    await at.clock.advance(1_000);
    expect(at.attest()).toBe(first);
    unix.answer = () => ({ selectors: ['unix:uid:1'] });
    await at.clock.advance(1_000);
    const second = at.attest();
    expect(second).toMatchObject({ selectors: ['unix:uid:1'] });
    expect(at.instance.attestation.current.value).toBe(second);
  });

  it('records a process when it is first attested and when its selectors change', async () => {
    const unix = new ScriptedAttestor('unix', () => ({ selectors: ['unix:uid:1'], path: '/bin/agent' }));
    await using at = await bench({ attestors: [unix] });
    await at.attest(1);
    await at.clock.advance(1_000);
    await at.attest(2);
    unix.answer = () => ({ selectors: ['unix:uid:2'] });
    await at.clock.advance(1_000);
    await at.attest(3);
    const { pid, uid, gid } = at.instance.process;
    const base = { event: 'attested', instance: at.instance.id, pid, uid, gid, level: 'connected' } as const;
    expect(at.recorded).toEqual<RecordEvent[]>([
      { ...base, call: 1, path: '/bin/agent', selectors: ['unix:uid:1'] },
      { ...base, call: 3, selectors: ['unix:uid:2'] },
    ]);
  });

  it('replaces the attestation when the descent of a process differs, and records its parent', async () => {
    const descent = {
      instance: 'f00d',
      pid: 7,
      name: 'researcher',
      by: 'cgroup',
      parentSelectors: ['a:b:c'],
    } as const;
    const launch = new ScriptedAttestor('launch', () => ({ selectors: [], descent }));
    await using at = await bench({ attestors: [says('unix', 'unix:uid:1'), launch] });
    const first = at.attest(1);
    expect(first).toMatchObject({ selectors: ['unix:uid:1'], descent });
    await at.clock.advance(1_000);
    expect(at.attest(2)).toBe(first);
    for (const change of [
      { instance: 'beef' },
      { by: 'ancestry' },
      { parentSelectors: ['a:b:d'] },
    ] as const) {
      launch.answer = () => ({ selectors: [], descent: { ...descent, ...change } });
      await at.clock.advance(1_000);
      expect(at.attest(3)).toMatchObject({ descent: change });
    }
    launch.answer = () => ({ selectors: [] });
    await at.clock.advance(1_000);
    expect(at.attest(4)).not.toHaveProperty('descent');
    expect(at.recorded.map((event) => 'parent' in event && event.parent)).toEqual([
      'f00d',
      'beef',
      'f00d',
      'f00d',
      false,
    ]);
  });

  it('fails while a decisive attestor fails, and leaves in force what was known', async () => {
    const launch = Object.assign(says('launch'), { isDecisive: true });
    await using at = await bench({ attestors: [says('unix', 'unix:uid:1'), launch] });
    const known = at.attest();
    launch.answer = () => {
      throw new Error('EMFILE');
    };
    await at.clock.advance(1_000);
    expect(await failureOf(at.attest)).toMatchObject({
      code: 'ATTESTATION_FAILED',
      message: 'workload attestation failed: the attestor launch could not look at the process',
    });
    launch.answer = () => new Promise(() => {});
    const silent = failureOf(at.attest);
    await at.clock.nextWake();
    await at.clock.advance(10_000);
    expect(await silent).toMatchObject({
      code: 'ATTESTATION_FAILED',
      facts: { failures: 'launch: no answer within 10 s' },
    });
    expect(at.instance.attestation.current.value).toBe(known);
    expect(at.outcomes).toEqual(['complete', 'failed', 'failed']);
  });

  it('takes the attestation away when the process is gone, for good', async () => {
    await using at = await bench();
    await at.attest();
    const { replaced } = at.instance.attestation.current;
    await at.child.kill();
    expect(await failureOf(at.attest)).toMatchObject({
      code: 'PEER_UNKNOWN',
      message: 'the process that connected is gone',
    });
    await replaced;
    expect(at.instance.attestation.current.value).toBeUndefined();
    expect(await failureOf(at.attest)).toMatchObject({ code: 'PEER_UNKNOWN' });
  });

  it('looks at every call whether the process executed another program, also within the second', async () => {
    await using at = await bench({}, [SH, '-c', 'read x; exec sleep 600']);
    await at.attest();
    at.child.tell('');
    while (at.instance.process.standing() === 'same') await new Promise(setImmediate);
    expect(await failureOf(at.attest)).toMatchObject({
      code: 'PEER_UNKNOWN',
      message: 'the process that connected has become another program or user',
    });
    expect(at.instance.attestation.current.value).toBeUndefined();
  });

  it('believes nothing that was read while the process became another one', async () => {
    const gate = Promise.withResolvers<Finding>();
    await using at = await bench({ attestors: [new ScriptedAttestor('slow', () => gate.promise)] });
    const attestation = failureOf(() => at.attest());
    await at.child.kill();
    gate.resolve({ selectors: ['slow:x:1'] });
    expect(await attestation).toMatchObject({ code: 'PEER_UNKNOWN' });
    expect(at.instance.attestation.current.value).toBeUndefined();
    expect(at.recorded).toEqual([]);
  });

  it('gives up a process of which an attestor says that it is another one', async () => {
    const unix = new ScriptedAttestor('unix', () => {
      throw new SpoorError('PEER_UNKNOWN', 'the process runs as another user than when it connected');
    });
    await using at = await bench({ attestors: [says('process', 'process:cgroup:/'), unix] });
    expect(await failureOf(at.attest)).toMatchObject({
      code: 'PEER_UNKNOWN',
      message: expect.stringContaining('another user'),
    });
    unix.answer = () => ({ selectors: ['unix:uid:1'] });
    expect(await failureOf(at.attest)).toMatchObject({
      code: 'PEER_UNKNOWN',
      message: expect.stringContaining('another user'),
    });
  });

  it('says in user mode why the process of another user is not attested', async () => {
    const unix = says('unix', 'unix:uid:1');
    await using at = await bench({ attestors: [unix], onlyUid: UID + 1 });
    const sentence = `the process belongs to uid ${UID}, and a daemon in user mode attests only processes of its own uid ${UID + 1}`;
    expect(await failureOf(at.attest)).toMatchObject({
      code: 'ATTESTATION_FAILED',
      message: `workload attestation failed: ${sentence}`,
    });
    expect((await at.attestors.explain(at.instance.process)).outcomes).toEqual([
      { attestor: 'unix', selectors: [], failure: sentence },
    ]);
    expect(unix.asked).toBe(0);
  });
});
