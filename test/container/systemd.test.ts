import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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
`;
const FETCH = 'spoor fetch x509 --wait 5s --output json';
const LOG = 'journalctl --unit spoord --output cat --no-pager';
/** Everything on the machine's disk but what the blocks leave in the clone, npm in its cache, and systemd in its logs. */
const FILES = `find / -xdev \\( -path /root -o -path /var/log \\) -prune -o -print | sort`;
/** How exposed systemd may call the service, from 0 to 10. It is a program of root's that reads other processes. */
const MOST_EXPOSURE = 3;

let machine: Machine;
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

  it('runs with two capabilities, no new privileges and a seccomp filter', async () => {
    const status = await machine.must('cat /proc/$(systemctl show --property MainPID --value spoord)/status');
    // CAP_DAC_READ_SEARCH is 2, CAP_SYS_PTRACE is 19: capability.h.
    for (const set of ['CapPrm', 'CapEff', 'CapBnd']) expect(status).toContain(`${set}:\t0000000000080004\n`);
    for (const set of ['CapInh', 'CapAmb']) expect(status).toContain(`${set}:\t0000000000000000\n`);
    expect(status).toMatch(/^NoNewPrivs:\t1$/m);
    expect(status).toMatch(/^Seccomp:\t2$/m);
  });

  it('has a unit without fault, of little exposure', async () => {
    const unit = '/etc/systemd/system/spoord.service';
    expect(await machine.run(`systemd-analyze verify ${unit}`)).toEqual({ code: 0, out: '', errors: '' });
    const report = await machine.must(`systemd-analyze security --offline=true --no-pager ${unit}`);
    const [, exposure] = /exposure level for spoord\.service: (\d+\.\d+)/.exec(report) ?? [];
    expect(Number(exposure)).toBeLessThanOrEqual(MOST_EXPOSURE);
  });

  it('is started again after a crash, with the same authorities', async () => {
    const before = await authorities();
    await machine.must('systemctl kill --kill-whom=main --signal=KILL spoord');
    await untilRestarted(1);
    expect(await authorities()).toBe(before);
  }, 60_000);

  it('is started again by the watchdog when it hangs, with the same authorities', async () => {
    const before = await authorities();
    await machine.must('systemctl kill --kill-whom=main --signal=STOP spoord');
    await untilRestarted(2);
    expect(await machine.must(LOG)).toMatch(/Watchdog timeout/);
    expect(await authorities()).toBe(before);
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
  }, 120_000);

  it('is not active with faulty settings, and says why', async () => {
    await machine.must('cp /etc/spoor/spoor.yaml /root; echo "trust_domain: UPPER" > /etc/spoor/spoor.yaml');
    expect(await machine.run('systemctl restart spoord')).toMatchObject({ code: 1 });
    expect((await machine.run('systemctl is-active spoord')).out).not.toBe('active\n');
    expect(await machine.must(LOG)).toMatch(/CONFIG_INVALID/);
    await machine.must(
      'mv /root/spoor.yaml /etc/spoor; systemctl reset-failed spoord; systemctl restart spoord',
    );
  });

  it('leaves nothing behind when it is uninstalled', async () => {
    await machine.must(UNINSTALL);
    const left = (await machine.must(FILES)).split('\n').filter((file) => !filesBefore.includes(file));
    expect(left).toEqual([]);
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
