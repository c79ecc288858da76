import { beforeAll, describe, expect, it } from 'vitest';
import { leftOf, pidBefore, playDemo, type Played } from './demo-run.js';

const NOBODYS = 'is refused: no identity issued';

let played: Played;
let tookMs: number;
beforeAll(async () => {
  const started = performance.now();
  played = await playDemo([]);
  tookMs = performance.now() - started;
}, 90_000);

/** The part of the output that belongs to one scene. */
function scene(title: string): string {
  const found = played.stdout.split(/\n(?=\d+\. )/).find((part) => part.split('\n')[0]?.includes(title));
  return found ?? `no scene ${title}`;
}

describe('the demo', () => {
  it('plays to its end, within a minute on a busy machine, and has nothing to complain of', () => {
    expect(played).toMatchObject({ code: 0, stderr: '' });
    expect(tookMs).toBeLessThan(60_000);
  });

  it('shows two keys, mutual TLS, a rotation without a failed call, a refusal and a trace', () => {
    const { stdout } = played;
    const serials = [...stdout.matchAll(/serial ([0-9a-f]{32})/g)].map(([, serial]) => serial);
    expect(new Set(serials).size).toBe(4);
    expect(stdout).toContain('the answer: you are spiffe://demo.test/agent');
    expect(stdout).toMatch(/\d+ calls were made meanwhile, none failed/);
    expect(stdout).toMatch(/refused: .*no identity issued/);
    expect(stdout).toMatch(/agent +spiffe:\/\/demo.test\/agent +lacks unix:path:/);
    expect(stdout).toMatch(/issued \d+ s ago to \S*node/);
  });

  it('launches two scripts of one executable, each with a SPIFFE ID of its own', () => {
    const shown = scene('Two scripts of one interpreter');
    const digests = (of: string): readonly string[] =>
      [...shown.matchAll(new RegExp(`${of} +sha256 ([0-9a-f]{64})`, 'g'))].map(([, digest = '']) => digest);
    expect(shown).toMatch(
      /\$ spoor launch researcher\n {4}pid \d+ is spiffe:\/\/demo.test\/researcher and says “I look things up.”/,
    );
    expect(shown).toMatch(/\$ spoor launch reviewer\n {4}pid \d+ is spiffe:\/\/demo.test\/reviewer and says/);
    expect(digests('script')).toHaveLength(2);
    expect(new Set(digests('script')).size).toBe(2);
    expect(digests('executable')).toHaveLength(2);
    expect(new Set(digests('executable')).size).toBe(1);
    expect(shown).toContain('By their executables they are one program.');
  });

  it('refuses a shell below an agent, and explains it by its descent', () => {
    const shown = scene('A shell below an agent');
    const agent = pidBefore(played.stdout, 'is spiffe://demo.test/researcher');
    expect(shown).toContain(`says “I look things up.” and ${NOBODYS}`);
    expect(shown.replaceAll(/\s+/g, ' ')).toMatch(
      new RegExp(`descendant of the launched instance [0-9a-f]{32} \\(researcher, pid ${agent}\\), found by`),
    );
    expect(shown).toMatch(/researcher +spiffe:\/\/demo.test\/researcher +lacks descendants: derive/);
  });

  it('refuses the same script when it was started by hand', () => {
    const shown = scene('started by hand');
    expect(shown).toContain(`says “I look things up.” and ${NOBODYS}`);
    expect(shown).toMatch(/researcher +spiffe:\/\/demo.test\/researcher +lacks launch:name:researcher/);
  });

  it('runs what was measured, where Node by itself runs what was swapped in, and knows the swapped script', () => {
    const shown = scene('swapped after it was measured');
    expect(shown).toMatch(/\$ node --import hold.mjs reviewer.mjs .*\n {4}says “I was put in its place.”/);
    expect(shown).toMatch(
      /\$ spoor launch held .*\n {4}is spiffe:\/\/demo.test\/reviewer and says “I review what the researcher wrote.”/,
    );
    expect(shown).toMatch(
      /\$ spoor launch reviewer .*\n {4}pid \d+ says “I was put in its place.” and is refused/,
    );
    const measured = /script +sha256 ([0-9a-f]{64})/.exec(
      scene('Two scripts').split('launch reviewer')[1] ?? '',
    )?.[1];
    expect(shown.replaceAll(/\s+/g, ' ')).toContain(
      `reviewer spiffe://demo.test/reviewer lacks script:sha256:${measured}`,
    );
  });

  it('says what user mode does not do, and how to see root mode', () => {
    expect(played.stdout).toContain('User mode: same-uid processes are not kept apart.');
    expect(played.stdout).toContain('sudo npm run demo -- --root');
  });

  it('is no wider than a terminal of 100 columns, unless by the length of a path', () => {
    const wide = played.stdout.split('\n').filter((line) => line.length > 100);
    expect(wide.filter((line) => !/\/\S{40}/.test(line))).toEqual([]);
  });

  it('leaves neither a folder nor a process behind', () => {
    expect(leftOf(played)).toEqual([]);
  });

  it.each([
    ['They call each other', 'Ctrl-C', 130],
    ['spoor launch reviewer', 'Ctrl-C', 130],
    ['hold.mjs stops Node', 'Ctrl-C', 130],
    ['started by hand', 'no longer reading', 141],
  ] as const)(
    'leaves nothing behind either when it is interrupted at “%s” by %s',
    async (at, by, expected) => {
      const interrupted = await playDemo([], { at, by });
      expect(interrupted).toMatchObject({ code: expected, stderr: '' });
      expect(interrupted.stdout).not.toContain('. Next');
      expect(leftOf(interrupted)).toEqual([]);
    },
    60_000,
  );
});
