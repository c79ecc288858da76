import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isStillRunning, oldestLaunched, SECRET, SET_UP, TAKE_DOWN, type Launched } from './launched.js';
import { Machine } from './machine.js';

const README = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
/** The README's blocks for root, in their order. */
const [INSTALL = '', UPGRADE = '', UNINSTALL = ''] = [...README.matchAll(/```sh root\n([^]*?)```/g)].map(
  ([, block = '']) => block,
);

const ENTRY = `entries:
  - id: agents
    spiffe_id: spiffe://example.org/agent/{unix.user}
    selectors: [unix:group:agents, "process:cgroup_writable:false"]
  - id: watcher
    spiffe_id: spiffe://example.org/watcher
    selectors: [launch:name:watcher]
    hint: launched
`;
const FETCH = 'spoor fetch x509 --wait 5s --output json';
const LOG = 'journalctl --unit spoord --output cat --no-pager';
/** Everything on the machine's disk but what the blocks leave in the clone, npm and users in their caches, and systemd in its logs. */
const FILES = `find / -xdev \\( -path /root -o -path /home -o -path /var/log \\) -prune -o -print | sort`;
/**
 * How exposed systemd may call the service, from 0 to 10. It counts the namespaces and filters that are missing, which
 * launched programs would be caught in, and the capabilities, which are named in the unit one by one.
 */
const MOST_EXPOSURE = 8.1;

let machine: Machine;
/** The one that runs on, whatever happens to the daemon. */
let watcher: Launched;
let filesBefore: readonly string[];

beforeAll(async () => {
  machine = await Machine.boot();
  await machine.must('groupadd agents; useradd -m -g agents ada; useradd -m bob');
  filesBefore = (await machine.must(FILES)).split('\n');
}, 120_000);

afterAll(async () => {
  await machine?.[Symbol.asyncDispose]();
}, 60_000);

describe('Spoor under systemd, as the README installs it', () => {
  it('installs by the block of the README, and answers in its last line', async () => {
    expect(await machine.must(INSTALL)).toMatch(/^spoord \S+ for example\.org: root mode/m);
  }, 180_000);

  it('is active only when its sockets are there', async () => {
    const changed = await machine.must('stat --format %.6Z /run/spoor/agent.sock /run/spoor/admin.sock');
    const shown = await machine.must(
      'systemctl show --timestamp us+utc --property ActiveEnterTimestamp spoord',
    );
    const [, active = ''] = /= ?\w+ (\S+ \S+) UTC/.exec(shown) ?? [];
    for (const bound of changed.trim().split('\n')) {
      expect(Number(bound) * 1_000).toBeLessThan(microsecondTime(active));
    }
  });

  it('opens one socket to everybody, and nothing else', async () => {
    const paths = '/run/spoor /run/spoor/agent.sock /run/spoor/admin.sock /var/lib/spoor /var/lib/spoor/*';
    const modes = (await machine.must(`stat --format '%a %U %n' ${paths}`)).trim().split('\n');
    expect(modes.slice(0, 4)).toEqual([
      '755 root /run/spoor',
      '666 root /run/spoor/agent.sock',
      '600 root /run/spoor/admin.sock',
      '700 root /var/lib/spoor',
    ]);
    expect(modes.slice(4)).not.toHaveLength(0);
    for (const mode of modes.slice(4)) expect(mode).toMatch(/^[67]00 root /);
  });

  it('serves an ordinary user by the entry of its group', async () => {
    await machine.must(`cat > /etc/spoor/entries.d/agents.yaml <<'YAML'\n${ENTRY}YAML`);
    expect(await machine.must(FETCH, 'ada')).toContain('"spiffe://example.org/agent/ada"');
  });

  it('refuses a user without an entry, and the admin socket to both', async () => {
    const refused = await machine.run('spoor fetch x509', 'bob');
    expect(refused).toMatchObject({ code: 4, errors: expect.stringMatching(/IDENTITY_NOT_ISSUED/) });
    for (const user of ['ada', 'bob']) {
      const denied = await machine.run('spoor status', user);
      expect(denied).toMatchObject({ code: 3, errors: expect.stringMatching(/ADMIN_DENIED/) });
    }
  });

  it('runs with seven capabilities, and where whoever calls it runs', async () => {
    const daemon = '/proc/$(systemctl show --property MainPID --value spoord)';
    const status = await machine.must(`cat ${daemon}/status`);
    // CHOWN is 0, DAC_READ_SEARCH 2, KILL 5, SETGID 6, SETUID 7, SETPCAP 8, SYS_PTRACE 19: capability.h.
    for (const set of ['CapPrm', 'CapEff', 'CapBnd']) expect(status).toContain(`${set}:\t00000000000801e5\n`);
    for (const set of ['CapInh', 'CapAmb']) expect(status).toContain(`${set}:\t0000000000000000\n`);
    const confinement = (process: string): string =>
      `readlink ${process}/ns/*; readlink ${process}/root; grep -E "^(NoNewPrivs|Seccomp)" ${process}/status`;
    expect(await machine.must(confinement(daemon))).toBe(await machine.must(confinement('/proc/1')));
  });

  it('has a unit without fault, of little exposure', async () => {
    const unit = '/etc/systemd/system/spoord.service';
    expect(await machine.run(`systemd-analyze verify ${unit}`)).toEqual({ code: 0, out: '', errors: '' });
    const report = await machine.must(`systemd-analyze security --offline=true --no-pager ${unit}`);
    const [, exposure] = /exposure level for spoord\.service: (\d+\.\d+)/.exec(report) ?? [];
    expect(Number(exposure)).toBeLessThanOrEqual(MOST_EXPOSURE);
  });

  it('launches a program for whom its definition names, as that user and in its place', async () => {
    await machine.must(SET_UP);
    expect(await machine.must('spoor check')).toMatch(/^0 errors/m);

    const launched = await machine.run('spoor launch agent', 'ada');
    expect(launched).toMatchObject({ code: 0, errors: '' });
    const said = JSON.parse(launched.out) as { instance: string };
    expect(said).toEqual({
      user: 'ada',
      home: '/home/ada',
      instance: expect.stringMatching(/^[0-9a-f]{32}$/),
      cgroup: `/system.slice/spoord.service/spoor-${said.instance}`,
      secrets: `/run/spoor/credentials/${said.instance}`,
      secret: [SECRET, 'ada', '400'],
    });
    expect(await machine.must('cat /home/ada/from-agent /tmp/from-agent')).toBe('adaada');
    // With the program they have gone.
    expect(await machine.must('ls /run/spoor/credentials')).toBe('');
    expect(await machine.run('spoor launch agent', 'bob')).toMatchObject({
      code: 125,
      errors: expect.stringMatching(/LAUNCH_REFUSED/),
    });
  }, 60_000);

  it('refuses to launch for a caller in a sandbox', async () => {
    const nowhereElse = ['PrivateTmp=yes', 'NoNewPrivileges=yes', 'RestrictRealtime=yes'];
    for (const property of nowhereElse) {
      const inside = `systemd-run --quiet --pipe --wait --collect -p User=ada -p ${property} spoor launch agent`;
      expect(await machine.run(inside)).toMatchObject({
        code: 125,
        errors: expect.stringMatching(/must not lead out of a sandbox/),
      });
    }
  });

  it('gives a launched program an SVID by its name, and a shell below it none', async () => {
    const { out } = await machine.run('spoor launch --detach --output json watcher', 'ada');
    const { instance } = JSON.parse(out) as { instance: string };
    watcher = await oldestLaunched(machine);
    expect(watcher).toMatchObject({ instance, name: 'watcher' });
    await isStillRunning(machine, watcher);
    expect(await machine.run(`spoor launch shell -- '${FETCH}; exit $?'`, 'ada')).toMatchObject({
      code: 4,
      errors: expect.stringMatching(/IDENTITY_NOT_ISSUED/),
    });
  }, 60_000);

  it('passes signals on to a launched program, and lets it end as it likes', async () => {
    const patient = `trap 'echo asked; exit 7' TERM; touch /tmp/patient; while :; do sleep 0.1; done`;
    const stopping = `until [ -e /tmp/patient ]; do sleep 0.1; done; kill -TERM $!; wait $!`;
    const outcome = await machine.run(`spoor launch shell -- "${patient}" & ${stopping}`, 'ada');
    expect(outcome).toMatchObject({ code: 7, out: 'asked\n' });
  });

  it('leaves launched programs running when it is stopped, with their secrets, and knows them again', async () => {
    await machine.run('spoor launch --detach secretive', 'ada');
    const secrets = `find /run/spoor/credentials -type f`;
    const before = await machine.must(secrets);
    expect(before).toMatch(/\/token\n$/);
    await machine.must('systemctl stop spoord');
    expect(await machine.must('systemctl show --property ActiveState,SubState,Result spoord')).toBe(
      'Result=success\nActiveState=inactive\nSubState=dead\n',
    );
    expect(await machine.must(`ls -d /proc/${watcher.pid}; ${secrets}`)).toContain(before);
    await machine.must('systemctl start spoord');
    await isStillRunning(machine, watcher);
    expect(await machine.must('systemctl status --no-pager spoord')).not.toMatch(/left-over|fail|warn/i);
    await machine.must('spoor stop --all secretive');
    expect(await machine.must(secrets)).toBe('');
  }, 60_000);

  it('is started again after a crash, with the same authorities', async () => {
    const before = await authorities();
    await machine.must('systemctl kill --kill-whom=main --signal=KILL spoord');
    await untilRestarted(1);
    expect(await authorities()).toBe(before);
    await isStillRunning(machine, watcher);
  }, 60_000);

  it('is started again by the watchdog when it hangs, with the same authorities', async () => {
    const before = await authorities();
    await machine.must('systemctl kill --kill-whom=main --signal=STOP spoord');
    await untilRestarted(2);
    expect(await machine.must(LOG)).toMatch(/Watchdog timeout/);
    expect(await authorities()).toBe(before);
    await isStillRunning(machine, watcher);
  }, 60_000);

  it('keeps authorities, entries and the record over an upgrade', async () => {
    const before = await authorities();
    const [, serial] = /"serial": "(\w+)"/.exec(await machine.must(FETCH, 'ada')) ?? [];
    await machine.must('rm spoor-*.tgz; npm version 99.0.0 --no-git-tag-version; npm pack');

    await machine.must(UPGRADE);
    expect(await machine.must('spoor status')).toMatch(/^spoord 99\.0\.0 for example\.org/);
    expect(await authorities()).toBe(before);
    expect(await machine.must(FETCH, 'ada')).toContain('"spiffe://example.org/agent/ada"');
    expect(await machine.must(`spoor who ${serial}`)).toContain('spiffe://example.org/agent/ada');
    await isStillRunning(machine, watcher);
  }, 120_000);

  it('is not active with faulty settings, and says why', async () => {
    await machine.must('cp /etc/spoor/spoor.yaml /root; echo "trust_domain: UPPER" > /etc/spoor/spoor.yaml');
    // It was started more often by these tests than it may in a minute.
    await machine.must('systemctl reset-failed spoord');
    expect(await machine.run('systemctl restart spoord')).toMatchObject({ code: 1 });
    expect((await machine.run('systemctl is-active spoord')).out).not.toBe('active\n');
    expect(await machine.must(LOG)).toMatch(/CONFIG_INVALID/);
    await machine.must(
      'mv /root/spoor.yaml /etc/spoor; systemctl reset-failed spoord; systemctl restart spoord',
    );
  });

  it('leaves nothing behind when it is uninstalled, not even what it has launched', async () => {
    await machine.must(`${TAKE_DOWN}\n${UNINSTALL}`);
    const left = (await machine.must(FILES)).split('\n').filter((file) => !filesBefore.includes(file));
    expect(left).toEqual([]);
    expect((await machine.run(`ls /proc/${watcher.pid}`)).code).not.toBe(0);
    expect((await machine.run('ls /run/spoor')).code).not.toBe(0);
    expect(await machine.must('systemctl list-unit-files --no-legend spoord.service || true')).toBe('');
  });
});

function authorities(): Promise<string> {
  return machine.must(`spoor authority show --output json | grep '"id"' | sort`);
}

/** Waits until systemd has started the daemon anew so many times, and it is ready again. */
async function untilRestarted(times: number): Promise<void> {
  await machine.must(`
    for try in $(seq 400); do
      [ "$(systemctl show --property NRestarts --value spoord)" -ge ${times} ] &&
        systemctl --quiet is-active spoord && exit 0
      sleep 0.1
    done
    systemctl status --no-pager spoord; exit 1`);
}

/** Milliseconds of `2030-01-01 00:00:00.123456`, which is in UTC. */
function microsecondTime(text: string): number {
  const [, seconds = '', fraction = ''] = /^(.*)(\.\d+)$/.exec(text.replace(' ', 'T')) ?? [];
  return Date.parse(`${seconds}Z`) + Number(`0${fraction}`) * 1_000;
}
