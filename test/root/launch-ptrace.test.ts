import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { IDLE, launchIdle } from '../fakes/launched-idle.js';
import { ALICE, BOB, LaunchStage, type RunOptions } from '../fakes/launch-stage.js';

const ATTACK = fileURLToPath(new URL('../fixtures/launch/attack.mjs', import.meta.url));
const NODE = process.execPath;
const YAMA = '/proc/sys/kernel/yama/ptrace_scope';

const BESIEGED = `
  import { execFileSync } from 'node:child_process';
  process.stdout.write(execFileSync('/bin/sh', ['-c', '"$@"; true', 'sh', process.execPath, '${ATTACK}', String(process.pid)]));
`;

let stage: LaunchStage;

beforeAll(async () => {
  stage = await LaunchStage.open('');
  const idle = await stage.file('idle.mjs', IDLE);
  const besieged = await stage.file('besieged.mjs', BESIEGED);
  await stage.define(`
  - {name: script, command: [${NODE}, ${idle}], may_launch: {users: ["54001"]}}
  - {name: besieged, command: [${NODE}, ${besieged}], may_launch: {users: ["54001"]}}
  - {name: apart, command: [${NODE}, ${idle}], may_launch: {users: ["54001"]}, run_as: nobody}
`);
});
afterAll(() => stage[Symbol.asyncDispose]());

/** Rules that this kernel can be given; undefined is that of a kernel without yama. Source: Yama.rst of the kernel. */
function rules(): readonly (number | undefined)[] {
  try {
    const now = Number(readFileSync(YAMA, 'utf8'));
    // Above 1 it may be fixed.
    return now <= 1 ? [0, 1] : [now];
  } catch {
    return [undefined];
  }
}

function under(rule: number | undefined): Disposable {
  if (rule === undefined) return { [Symbol.dispose]: () => {} };
  const before = readFileSync(YAMA, 'utf8');
  writeFileSync(YAMA, String(rule));
  return { [Symbol.dispose]: () => writeFileSync(YAMA, before) };
}

const ENTERED = { memory: 'read', ptrace: 'attached' };
const KEPT_OUT = { memory: 'EACCES', ptrace: 'EPERM' };

async function attack(pid: number, options: RunOptions = {}): Promise<unknown> {
  return JSON.parse((await stage.run([NODE, ATTACK, String(pid)], options)).stdout);
}

describe.each(rules())('by ptrace and /proc/PID/mem, yama %s,', (rule) => {
  const bySameUser = (rule ?? 0) >= 1 ? KEPT_OUT : ENTERED;

  it('a process of the same user gets into a launched program unless yama forbids it', async () => {
    using _ = under(rule);
    await using launched = await launchIdle(stage, 'script');
    expect(await attack(launched.pid, ALICE)).toEqual(bySameUser);
  });

  it('so does a shell below it', async () => {
    using _ = under(rule);
    const { code, stdout, stderr } = await stage.spoor(['launch', 'besieged'], ALICE);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toEqual(bySameUser);
  });

  it('nobody else gets into one, nor the caller into one that runs as a user of its own', async () => {
    using _ = under(rule);
    await using hers = await launchIdle(stage, 'script');
    expect(await attack(hers.pid, BOB)).toEqual(KEPT_OUT);
    await using apart = await launchIdle(stage, 'apart');
    expect(await attack(apart.pid, ALICE)).toEqual(KEPT_OUT);
  });

  it('nobody but root gets into the daemon, and no process of its user without CAP_SYS_PTRACE', async () => {
    using _ = under(rule);
    const { pid } = stage.daemon;
    const through = ['setpriv', '--inh-caps=-all', '--bounding-set=-all'];
    for (const options of [ALICE, BOB, { through }]) expect(await attack(pid, options)).toEqual(KEPT_OUT);
    expect(await attack(pid)).toEqual(ENTERED);
  });
});
