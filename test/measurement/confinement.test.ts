import { describe, expect, it } from 'vitest';
import { moreConfined, readConfinement, type Confinement } from '../../src/measurement/confinement.js';
import { startChild } from '../fakes/child-process.js';

const OWN = readConfinement('/proc/self');

describe('the confinement of a process', () => {
  it('is that of its parent, unless something was done about it', async () => {
    await using child = await startChild('cat');
    expect(readConfinement(`/proc/${child.pid}`)).toEqual(OWN);
    expect(moreConfined(readConfinement(`/proc/${child.pid}`), OWN)).toBeUndefined();
  });

  it('shows that no privileges can be gained', async () => {
    await using child = await startChild('setpriv', ['--no-new-privs', 'cat']);
    child.tell('executed');
    await child.line();
    expect(readConfinement(`/proc/${child.pid}`)).toMatchObject({ noNewPrivileges: true });
    expect(moreConfined(readConfinement(`/proc/${child.pid}`), { ...OWN, noNewPrivileges: false })).toBe(
      'it may gain no new privileges (no_new_privs), and the daemon may',
    );
  });
});

describe('more confined', () => {
  const free: Confinement = {
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

  it.each(['user', 'mnt', 'pid', 'net', 'cgroup'] as const)('is who is in another %s namespace', (name) => {
    const other = { ...free, namespaces: { ...free.namespaces, [name]: `${name}:[2]` } };
    expect(moreConfined(other, free)).toBe(`it is in another ${name} namespace than the daemon`);
    expect(
      moreConfined({ ...free, namespaces: { ...free.namespaces, [name]: undefined } }, free),
    ).toBeDefined();
  });

  it.each<readonly [string, Partial<Confinement>]>([
    ['its root folder is not that of the daemon', { root: '/srv/jail' }],
    ['its root folder is not that of the daemon', { root: undefined }],
    ['it is in a seccomp sandbox, and the daemon is not', { seccompMode: 2, seccompFilters: 1 }],
  ])('%s', (why, change) => {
    expect(moreConfined({ ...free, ...change }, free)).toBe(why);
  });

  it('is who has more seccomp filters than the daemon, and not who has as many', () => {
    const daemon = { ...free, seccompMode: 2, seccompFilters: 1 };
    expect(moreConfined({ ...daemon, seccompFilters: 2 }, daemon)).toBe(
      'it has 2 seccomp filters, and the daemon has 1',
    );
    expect(moreConfined(daemon, daemon)).toBeUndefined();
    expect(moreConfined(free, { ...daemon, noNewPrivileges: true })).toBeUndefined();
  });
});
