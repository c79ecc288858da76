import { describe, expect, it } from 'vitest';
import { entryWarnings } from '../../src/entries/lint.js';
import { anEntry } from '../fakes/an-entry.js';

const DIGEST = `unix:sha256:${'a'.repeat(64)}`;

describe('entryWarnings', () => {
  it.each([
    [['unix:uid:1000']],
    [['unix:path:/bin/node', 'unix:user:web']],
    [['unix:supplementary_group:docker', DIGEST]],
    [['process:cgroup:/system.slice/a.service', 'process:cgroup_writable:false', 'unix:path:/a']],
    [['launch:name:researcher']],
    [['script:sha256:00', 'unix:path:/usr/bin/node']],
    [['script:path:/opt/a']],
  ])('has nothing to say of %j', (selectors) => {
    expect(entryWarnings(anEntry({ selectors }))).toEqual([]);
  });

  it.each([
    [['unix:path:/bin/node'], 'it rests on unix:path, which any user'],
    [['unix:path:/bin/node', DIGEST], 'it rests on unix:path and unix:sha256, which any user'],
    [['process:ancestor_path:/usr/sbin/sshd'], 'it rests on process:ancestor_path'],
    [['unix:path:/a', 'process:cgroup:/a'], 'it rests on unix:path'],
    [['unix:path:/a', 'process:cgroup_writable:false'], 'it rests on unix:path'],
    [['process:cgroup:/a'], 'it rests on a cgroup that its processes may have chosen'],
    [['process:cgroup_writable:false'], 'it names no user, group or cgroup'],
  ])('warns about %j', (selectors, warning) => {
    expect(entryWarnings(anEntry({ selectors }))).toEqual([expect.stringContaining(warning)]);
  });

  it('warns about a template by which a program chooses a SPIFFE ID outside of the agent’s own', () => {
    const warningsOf = (descendants: string): readonly string[] =>
      entryWarnings(
        anEntry({
          selectors: ['launch:name:writer'],
          spiffeId: 'spiffe://example.org/agent/writer',
          descendants,
        }),
      );
    expect(warningsOf('spiffe://example.org/agent/{process.executable}')).toEqual([
      'any program below the agent can call itself what it likes, and so get every SPIFFE ID of the form ' +
        'spiffe://example.org/agent/{process.executable}: begin the template with spiffe://example.org/agent/writer/',
    ]);
    expect(warningsOf('spiffe://example.org/agent/writer-{process.executable}')).toHaveLength(1);
    expect(warningsOf('spiffe://example.org/agent/writer/{process.executable}')).toEqual([]);
    expect(warningsOf('spiffe://example.org/tools/{unix.user}')).toEqual([]);
    expect(warningsOf('derive')).toEqual([]);
  });
});
