import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { Libc, perArchitecture } from '../../src/kernel/libc.js';
import { ALICE, LaunchStage } from '../fakes/launch-stage.js';

const KEYRING = fileURLToPath(new URL('../fixtures/launch/keyring.py', import.meta.url));
const KEYCTL_JOIN_SESSION_KEYRING = 1;
const KEY_SPEC_SESSION_KEYRING = -3;
const MAY = 'may_launch: {users: ["54001"]}';
const DEFINITIONS = `
  - {name: keys, command: [/usr/bin/python3, ${KEYRING}], ${MAY}}
  - {name: oom, command: [/bin/cat, /proc/self/oom_score_adj], ${MAY}}
  - {name: sched, command: [/usr/bin/chrt, -p, "0"], ${MAY}}
`;

/** Puts a key into a new session keyring of this thread, from which the daemon is started. Returns: false without keys. */
function keepKey(secret: string): boolean {
  const libc = new Libc();
  const join = libc.declare<(n: number, command: number, name: null) => number>(
    'long syscall(long, int, void*)',
  );
  const add = libc.declare<
    (n: number, type: Buffer, description: Buffer, value: Buffer, length: number, keyring: number) => number
  >('long syscall(long, void*, void*, void*, size_t, int)');
  if (join(perArchitecture(250, 219, process.arch), KEYCTL_JOIN_SESSION_KEYRING, null) < 0) return false;
  const [type, name, value] = [Buffer.from('user\0'), Buffer.from('spoor-test\0'), Buffer.from(secret)];
  const number = perArchitecture(248, 217, process.arch);
  return add(number, type, name, value, value.length, KEY_SPEC_SESSION_KEYRING) > 0;
}

describe('a launched program does not inherit', () => {
  it('the keys of whoever started the daemon', async ({ skip }) => {
    if (!keepKey('s3cret')) skip('this kernel keeps no keys');
    await using stage = await LaunchStage.open(DEFINITIONS);
    expect((await stage.run(['/usr/bin/python3', KEYRING])).stdout).toBe('s3cret\n');
    expect(await stage.spoor(['launch', 'keys'], ALICE)).toMatchObject({ code: 0, stdout: 'nothing\n' });
  });

  it('that the kernel spares the daemon when memory runs out', async ({ skip }) => {
    await using stage = await LaunchStage.open(DEFINITIONS);
    try {
      writeFileSync(`/proc/${stage.daemon.pid}/oom_score_adj`, '-900');
    } catch {
      skip('this root may spare nobody: it lacks CAP_SYS_RESOURCE');
    }
    expect((await stage.spoor(['launch', 'oom'], ALICE)).stdout).toBe('0\n');
  });

  it('that the daemon never waits for its turn', async () => {
    await using stage = await LaunchStage.open(DEFINITIONS);
    await stage.run(['chrt', '--all-tasks', '--rr', '--pid', '1', String(stage.daemon.pid)]);
    expect((await stage.spoor(['launch', 'sched'], ALICE)).stdout).toMatch(/policy: SCHED_OTHER\n/);
  });
});
