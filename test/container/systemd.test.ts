import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Machine, type Outcome } from './machine.js';

const README = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
/** The README's blocks for root, in their order: install, upgrade, uninstall. */
const [INSTALL = '', UPGRADE = '', UNINSTALL = ''] = [...README.matchAll(/```sh root\n([^]*?)```/g)].map(
  ([, block = '']) => block,
);

const ENTRY = `entries:
  - {id: agents, spiffe_id: "spiffe://example.org/agent/{unix.user}", selectors: [unix:group:agents]}
`;

let machine: Machine;

beforeAll(async () => {
  machine = await Machine.boot();
}, 300_000);

afterAll(async () => {
  await machine[Symbol.asyncDispose]();
});

describe('Spoor under systemd, as the README installs it', () => {
  it('installs, and is active only when it serves', () => {
    expect(machine.run(INSTALL)).toSatisfy(succeeded);
    expect(machine.run('systemctl is-active spoord').out.trim()).toBe('active');
    expect(machine.run('stat -c %a /run/spoor/agent.sock /run/spoor/admin.sock /var/lib/spoor').out.split('\n')).toEqual([
      '666',
      '600',
      '700',
      '',
    ]);
  }, 300_000);

  it('serves an ordinary user by the entry of its group, and nobody else', () => {
    machine.run(`groupadd agents; useradd -m -G agents ada; useradd -m bob`);
    machine.run(`cat > /etc/spoor/entries.d/agents.yaml <<'YAML'\n${ENTRY}YAML`);
    const fetched = machine.run('spoor fetch x509 --wait 5s --output json', 'ada');
    expect(fetched).toSatisfy(succeeded);
    expect(fetched.out).toContain('spiffe://example.org/agent/ada');
    expect(machine.run('spoor fetch x509', 'bob')).toMatchObject({ code: 4, out: expect.stringMatching(/no identity issued/) });
    expect(machine.run('spoor status', 'bob').code).not.toBe(0);
  });

  it('runs with two capabilities, no new privileges and a seccomp filter', () => {
    const status = machine.run('cat /proc/$(systemctl show -p MainPID --value spoord)/status').out;
    expect(status).toMatch(/^CapEff:\t0000000000080004$/m);
    expect(status).toMatch(/^NoNewPrivs:\t1$/m);
    expect(status).toMatch(/^Seccomp:\t2$/m);
  });

  it('is started again after a crash, with the same authorities', () => {
    const before = authorities();
    machine.run('kill -9 $(systemctl show -p MainPID --value spoord)');
    expect(machine.run('sleep 3; systemctl is-active spoord').out.trim()).toBe('active');
    expect(authorities()).toBe(before);
  });

  it('keeps its authorities over an upgrade', () => {
    const before = authorities();
    expect(machine.run(UPGRADE)).toSatisfy(succeeded);
    expect(authorities()).toBe(before);
  }, 120_000);

  it('leaves nothing behind when it is uninstalled', () => {
    expect(machine.run(UNINSTALL)).toSatisfy(succeeded);
    expect(machine.run('ls -d /run/spoor /var/lib/spoor /etc/spoor /usr/bin/spoord 2>/dev/null || true').out).toBe('');
  });
});

function authorities(): string {
  return machine.run(`spoor authority show --output json | grep '"id"' | sort`).out;
}

function succeeded(outcome: Outcome): boolean {
  if (outcome.code !== 0) throw new Error(outcome.out);
  return true;
}
