import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { chown, readFile } from 'node:fs/promises';
import { setPriority } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { endAtLast } from '../fakes/child-process.js';
import { idleProgram } from '../fakes/idle-program.js';
import { IDLE, launchIdle } from '../fakes/launched-idle.js';
import { ALICE, LaunchStage } from '../fakes/launch-stage.js';

const NODE = process.execPath;

/** Runs in every Node that is told to load it, and leaves the user that it ran as, and the program. */
const INJECTED = (file: string) => `
  require('node:fs').appendFileSync('${file}', process.getuid() + ' ' + process.argv[1] + '\\n');
`;

let stage: LaunchStage;
let idle: string;
let injected: string;

beforeAll(async () => {
  stage = await LaunchStage.open('');
  idle = await stage.file('idle.mjs', IDLE);
  injected = await stage.file('injected.cjs', INJECTED(stage.daemon.file('ran')));
  await stage.run(['install', '-m', '666', '/dev/null', stage.daemon.file('ran')]);
  const hers = await stage.file('hers/node', idleProgram());
  await chown(hers, ALICE.uid, ALICE.gid);
  await stage.define(`
  - {name: script, command: [${NODE}, ${idle}], may_launch: {users: ["54001"]}}
  - {name: bare, command: [${NODE}, -e, "${IDLE}"], may_launch: {users: ["54001"]}}
  - name: loose
    command: [${NODE}, ${idle}]
    env: {pass: [NODE_OPTIONS], dangerous: [NODE_OPTIONS]}
    may_launch: {users: ["54001"]}
  - {name: hers, command: [${hers}, ${idle}], may_launch: {users: ["54001"]}}
`);
});
afterAll(() => stage[Symbol.asyncDispose]());

/** Sockets on which a process waits for connections over the network. */
function listening(pid: number): readonly string[] {
  const LISTEN = '0A';
  const table = ['tcp', 'tcp6'].flatMap((name) =>
    readFileSync(`/proc/${pid}/net/${name}`, 'utf8').split('\n'),
  );
  const fields = table.map((line) => line.trim().split(/\s+/));
  const inodes = fields.filter(([, , , state]) => state === LISTEN).map((line) => `socket:[${line[9]}]`);
  return openFiles(pid).filter((link) => inodes.includes(link));
}

/** Files of a process that whatever it executes would have, too. */
function handedOn(pid: number | 'self'): readonly string[] {
  const O_CLOEXEC = 0o2000000;
  return readdirSync(`/proc/${pid}/fdinfo`).flatMap((name) => {
    try {
      const [, flags = '0'] =
        /^flags:\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/fdinfo/${name}`, 'utf8')) ?? [];
      return (Number.parseInt(flags, 8) & O_CLOEXEC) === 0 ? [readlinkSync(`/proc/${pid}/fd/${name}`)] : [];
    } catch {
      return []; // closed meanwhile
    }
  });
}

function openFiles(pid: number): readonly string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((name) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${name}`)];
    } catch {
      return []; // closed meanwhile
    }
  });
}

describe('SIGUSR1, which any process of its user can send,', () => {
  it('opens an inspector in a Node that is not told otherwise', async () => {
    const { stdout } = await stage.run([
      NODE,
      '-e',
      `process.kill(process.pid, 'SIGUSR1'); setTimeout(() => console.log(require('node:inspector').url()), 500)`,
    ]);
    expect(stdout).toMatch(/^ws:/);
  });

  it('opens none in the daemon', async () => {
    const { pid } = stage.daemon;
    process.kill(pid, 'SIGUSR1');
    expect(await stage.spoor(['status'])).toMatchObject({ code: 0 });
    expect(listening(pid)).toEqual([]);
  });

  it.each(['script', 'bare'])('opens none in a Node that was launched: %s', async (name) => {
    await using launched = await launchIdle(stage, name);
    await stage.run(['sh', '-c', `kill -USR1 ${launched.pid}; sleep 0.5`], ALICE);
    expect(listening(launched.pid)).toEqual([]);
    expect(readFileSync(`/proc/${launched.pid}/cmdline`, 'utf8')).toContain('\0--disable-sigusr1\0');
  });
});

describe('the daemon', () => {
  it('leaves no core file, makes nothing for others, and hands none of its descriptors on', async () => {
    const { pid } = stage.daemon;
    expect(await readFile(`/proc/${pid}/limits`, 'utf8')).toMatch(/^Max core file size\s+1\s+1\s/m);
    expect(await readFile(`/proc/${pid}/status`, 'utf8')).toMatch(/^Umask:\t0077$/m);
    // What the tests themselves were given stays open in all that they start.
    const given = handedOn('self');
    expect(handedOn(pid).filter((file) => !given.includes(file))).toEqual([]);
  });

  it('runs nothing with the environment of a caller but the program itself', async () => {
    const options = { NODE_OPTIONS: `--require ${injected}` };
    await using _ = await launchIdle(stage, 'loose', options);
    const ran = (await readFile(stage.daemon.file('ran'), 'utf8')).trim().split('\n');
    // The client runs in the caller's environment, too: it is the caller's.
    expect(ran.filter((line) => !line.includes('/cli/spoor.js'))).toEqual([`${ALICE.uid} ${idle}`]);
  });
});

/** What a process has that alice's definition `hers` runs: an interpreter of hers. */
function standing(pid: number): object {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const field = (name: string) => new RegExp(`^${name}:\\s+(.*)$`, 'm').exec(status)?.[1]?.trim();
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ');
  return {
    uid: field('Uid')?.replaceAll('\t', ' '),
    bounding: field('CapBnd'),
    noNewPrivileges: field('NoNewPrivs'),
    nice: stat[18],
    descriptors: readdirSync(`/proc/${pid}/fd`),
    cwd: readlinkSync(`/proc/${pid}/cwd`),
  };
}

it('a process that is about to become a program goes back to the usual priority, and behind the others stays where it is', async () => {
  const lib = (name: string): string => new URL(`../../dist/kernel/${name}.js`, import.meta.url).href;
  const script = `import { getPriority } from 'node:os';
      import { Libc } from '${lib('libc')}';
      import { ProcessSetup } from '${lib('process-setup')}';
      new ProcessSetup(new Libc()).resetPriority();
      process.stdout.write(String(getPriority()));`;
  const reset = [NODE, '--input-type=module', '-e', script];
  const asAlice = ['setpriv', '--reuid', '54001', '--regid', '54001', '--clear-groups'];
  for (const [nice, expected] of [
    ['-5', '0'],
    ['5', '5'],
  ]) {
    const through = ['nice', '-n', nice ?? '', ...asAlice];
    expect(await stage.run(reset, { through })).toMatchObject({ stdout: expected, stderr: '' });
  }
});

describe.runIf(process.arch === 'x64')('an interpreter of the user’s own', () => {
  it('gets nothing of the daemon’s, neither when it is asked for its version nor when it is launched', async () => {
    setPriority(stage.daemon.pid, -5);
    const client = stage.start(['launch', 'hers'], { ...ALICE, env: { SECRET: 'of the caller' } });
    await using cleanup = new AsyncDisposableStack();
    cleanup.defer(() => void client.kill('SIGKILL'));
    const nothing = {
      uid: '54001 54001 54001 54001',
      bounding: '0000000000000000',
      noNewPrivileges: '1',
      nice: '0',
      descriptors: ['0', '1', '2'],
      cwd: '/',
    };
    const asked = await childWith('--version');
    cleanup.use(endAtLast(asked));
    expect(standing(asked)).toEqual(nothing);
    expect(readFileSync(`/proc/${asked}/environ`, 'utf8')).toBe('');

    process.kill(asked, 'SIGKILL');
    const launched = await childWith(idle);
    cleanup.use(endAtLast(launched));
    expect(standing(launched)).toEqual(nothing);
    expect(readFileSync(`/proc/${launched}/environ`, 'utf8')).not.toContain('SECRET');
  });
});

/** The child of the daemon that runs alice's interpreter with that argument. */
async function childWith(argument: string): Promise<number> {
  let found = 0;
  const look = (): number => {
    const { pid } = stage.daemon;
    const threads = readdirSync(`/proc/${pid}/task`);
    const children = threads.flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').trim().split(' '),
    );
    found = Number(children.find((child) => commandLine(child).endsWith(`/hers/node\0${argument}\0`)) ?? 0);
    return found;
  };
  await expect.poll(look).not.toBe(0);
  return found;
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return ''; // there is none, or it has ended
  }
}
