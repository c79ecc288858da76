import { describe, expect, it } from 'vitest';
import { judgeCaller, type LaunchCaller, type LaunchHost } from '../../../src/launch/gate/judge.js';
import type { Confinement } from '../../../src/measurement/confinement.js';
import { aDefinition } from '../../fakes/a-definition.js';

const FOR_NOBODY = aDefinition({ mayLaunch: { users: [], groups: [], spiffeIds: [] } });

const FREE: Confinement = {
  namespaces: {
    user: 'user:[1]',
    mnt: 'mnt:[1]',
    pid: 'pid:[1]',
    net: 'net:[1]',
    cgroup: 'cgroup:[1]',
    ipc: 'ipc:[1]',
  },
  root: '/',
  noNewPrivileges: false,
  seccompMode: 0,
  seccompFilters: 0,
};
const HOST: LaunchHost = { uid: 0, mode: 'root', confinement: FREE };
const ALICE: LaunchCaller = {
  uid: 1000,
  userName: 'alice',
  gids: [1000, 2000],
  groupNames: ['alice', 'agents'],
  confinement: FREE,
  launchedAs: undefined,
  spiffeIds: [],
};
const FOR_ALICE = aDefinition({ mayLaunch: { users: ['alice'], groups: [], spiffeIds: [] } });

function verdict(definition = FOR_ALICE, caller = ALICE, host = HOST): string {
  try {
    judgeCaller(definition, caller, host);
    return 'let through';
  } catch (error) {
    const { code, message } = error as { code: string; message: string };
    return `${code}: ${message}`;
  }
}

describe('who may launch', () => {
  it.each([
    ['a user that is named', { users: ['alice'], groups: [], spiffeIds: [] }],
    ['a group that is named', { users: [], groups: ['agents'], spiffeIds: [] }],
  ])('is %s', (_, mayLaunch) => {
    expect(verdict(aDefinition({ mayLaunch }))).toBe('let through');
  });

  it('is root, and the user of the daemon, whoever is named', () => {
    expect(verdict(FOR_NOBODY, { ...ALICE, uid: 0 })).toBe('let through');
    expect(verdict(FOR_NOBODY, ALICE, { ...HOST, uid: 1000, mode: 'user' })).toBe('let through');
  });

  it('is an instance whose SPIFFE ID is named', () => {
    const id = 'spiffe://example.org/planner';
    const definition = aDefinition({ mayLaunch: { users: [], groups: [], spiffeIds: [id] } });
    const planner = { ...ALICE, launchedAs: 'the launched instance 7 (planner)', spiffeIds: [id] };
    expect(verdict(definition, planner)).toBe('let through');
    expect(verdict(definition, { ...planner, spiffeIds: ['spiffe://example.org/other'] })).toMatch(
      /LAUNCH_REFUSED/,
    );
  });
});

describe('who may not launch', () => {
  it('is a user that the definition does not name', () => {
    expect(verdict(FOR_NOBODY)).toBe(
      'LAUNCH_REFUSED: uid 1000 may not launch researcher: the definition names neither this user nor a group of it',
    );
  });

  it('is a launched instance and what comes from it, also of a user that is named', () => {
    const shell = { ...ALICE, launchedAs: 'a process that comes from the launched instance 7 (planner)' };
    expect(verdict(FOR_ALICE, shell)).toBe(
      'LAUNCH_REFUSED: a process that comes from the launched instance 7 (planner) may not launch researcher: the definition does not name its SPIFFE ID',
    );
    expect(verdict(FOR_ALICE, { ...shell, uid: 0 })).toMatch(/^LAUNCH_REFUSED/);
  });

  it.each<readonly [string, Partial<Confinement>]>([
    [
      'it is in another net namespace than the daemon',
      { namespaces: { ...FREE.namespaces, net: 'net:[2]' } },
    ],
    ['it may gain no new privileges (no_new_privs), and the daemon may', { noNewPrivileges: true }],
    ['it is in a seccomp sandbox, and the daemon is not', { seccompMode: 2, seccompFilters: 1 }],
  ])('is who is in a sandbox: %s', (why, change) => {
    const confined = { ...ALICE, confinement: { ...FREE, ...change } };
    expect(verdict(FOR_ALICE, confined)).toBe(
      `LAUNCH_REFUSED: launching must not lead out of a sandbox: ${why}`,
    );
    expect(verdict(FOR_ALICE, { ...confined, uid: 0 })).toMatch(/^LAUNCH_REFUSED/);
  });

  it('is everybody else in user mode', () => {
    expect(verdict(FOR_ALICE, ALICE, { ...HOST, uid: 7, mode: 'user' })).toBe(
      'LAUNCH_REFUSED: a daemon in user mode launches only for its own uid 7, and this is uid 1000',
    );
  });
});
