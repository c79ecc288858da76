import { describe, expect, it } from 'vitest';
import { FakeAdmin } from '../fakes/fake-admin.js';
import { commandLineFor } from './command-line.js';

const PROBLEM = {
  severity: 'error',
  subject: 'entries',
  message: 'a selector is malformed',
  remedy: 'Correct the line.',
  file: '/etc/spoor/entries.d/x.yaml',
  line: 3,
  path: 'entries[0].selectors[0]',
  found: 'uid=7',
  allowed: 'attestor:name:value',
};

describe('spoor status', () => {
  it('shows mode, sockets, instances, authorities and problems in one page', async () => {
    await using admin = await FakeAdmin.open();
    await using line = await commandLineFor(admin);
    admin.problems = [PROBLEM];
    expect((await line.run(['status'])).out).toBe(
      [
        'spoord 0.1.0 for example.org: user mode, pid 99, up 3 h 20 min',
        '  any process of this user can read the keys',
        '  agent socket   /run/spoor/agent.sock',
        '  admin socket   /run/spoor/admin.sock',
        '  state          /var/lib/spoor',
        '  entries        0, with bundles of 1 other trust domain',
        '  connections    3 open, 1 at the door',
        '  calls          1 so far, 2 streams open',
        '  next rotation  in 7 min',
        '',
        'PID   UID   LEVEL      STREAMS  ATTESTED  PROGRAM        SPIFFE ID',
        '4242  1000  connected  2        10 s ago  /usr/bin/node  spiffe://example.org/web and 1 more',
        '',
        'PROFILE  STATE   EXPIRES  NEXT CHANGE  ID',
        'x509     active  in 24 h  in 6 h       aa11',
        'jwt      active  in 24 h  in 6 h       bb22',
        '',
        'error entries: a selector is malformed',
        '  at /etc/spoor/entries.d/x.yaml:3 entries[0].selectors[0]',
        '  found uid=7',
        '  allowed: attestor:name:value',
        '  remedy: Correct the line.',
        '',
      ].join('\n'),
    );
  });

  it('prints all of it as JSON', async () => {
    await using admin = await FakeAdmin.open();
    await using line = await commandLineFor(admin);
    admin.problems = [PROBLEM];
    const shown = (await line.json('status')) as object;
    const fields =
      'admin_socket agent_socket authorities calls connections entries federated_bundles instance_count instances ' +
      'mode mode_note next_rotation packages_folder pending_connections pid problems started_at state_folder streams trust_domain version';
    expect(Object.keys(shown).toSorted().join(' ')).toBe(fields);
    expect(shown).toMatchObject({ problems: [PROBLEM], instances: [{ pid: 4242, attested: true }] });
  });
});
