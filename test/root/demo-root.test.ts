import { readdirSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { leftOf, playDemo, type Played } from '../e2e/demo-run.js';

let played: Played;
beforeAll(async () => {
  played = await playDemo(['--root']);
}, 90_000);

/** Names of the cgroups that the demo shows. */
function cgroupsIn(stdout: string): readonly string[] {
  return [...stdout.matchAll(/cgroup +\S*\/(spoor-[0-9a-f]{32})/g)].map(([, name = '']) => name);
}

/** Those of them that are there, in whichever hierarchy. */
function cgroupsOf({ stdout }: Played): readonly string[] {
  const there = readdirSync('/sys/fs/cgroup', { recursive: true, encoding: 'utf8' });
  return cgroupsIn(stdout).filter((name) => there.some((path) => path.endsWith(name)));
}

describe('the demo in root mode', () => {
  it('plays to its end', () => {
    expect(played).toMatchObject({ code: 0, stderr: '' });
    expect(played.stdout).toContain('Root mode: ');
  });

  it('launches two scripts as two users, without capabilities, each in a cgroup of its own', () => {
    const uids = [...played.stdout.matchAll(/user +[\w-]+ \(uid (\d+)\), without capabilities/g)].map(
      ([, uid]) => Number(uid),
    );
    expect(uids).toHaveLength(2);
    expect(new Set([...uids, 0]).size).toBe(3);
    expect(new Set(cgroupsIn(played.stdout)).size).toBe(2);
  });

  it('finds the shell below an agent by its cgroup, and refuses it', () => {
    expect(played.stdout.replaceAll(/\s+/g, ' ')).toMatch(
      /descendant of the launched instance [0-9a-f]{32} \(researcher, pid \d+\), found by its cgroup: it gets nothing/,
    );
  });

  it('refuses the same script of the same user, started by hand', () => {
    const uid = /user +[\w-]+ \(uid (\d+)\)/.exec(played.stdout)?.[1];
    const [, shown = ''] = played.stdout.split('started by hand by the same user');
    expect(shown).toMatch(/^[^]*?is refused: no identity issued/);
    expect(shown).toMatch(new RegExp(`^[^]*?pid \\d+: uid ${uid}, `));
    expect(shown).toMatch(/researcher +spiffe:\/\/demo.test\/researcher +lacks launch:name:researcher/);
  });

  it('runs what was measured of a script that is swapped', () => {
    expect(played.stdout).toMatch(
      /spoor launch held .*\n {4}is spiffe:\/\/demo.test\/reviewer and says “I review/,
    );
  });

  it('leaves no process, no cgroup and no folder behind', () => {
    expect([...leftOf(played), ...cgroupsOf(played)]).toEqual([]);
  });

  it.each(['A shell below an agent', 'hold.mjs stops Node'])(
    'leaves nothing behind either when it is interrupted at “%s”',
    async (words) => {
      const interrupted = await playDemo(['--root'], { at: words, by: 'Ctrl-C' });
      expect(interrupted).toMatchObject({ code: 130, stderr: '' });
      expect(cgroupsIn(interrupted.stdout).length).toBe(2);
      expect([...leftOf(interrupted), ...cgroupsOf(interrupted)]).toEqual([]);
    },
    60_000,
  );
});
