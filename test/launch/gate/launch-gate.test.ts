import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LaunchedProcesses } from '../../../src/instances/launched-processes.js';
import type { LaunchDefinition } from '../../../src/launch/definitions/definition.js';
import { LaunchGate, type Identity } from '../../../src/launch/gate/launch-gate.js';
import { Accounts } from '../../../src/measurement/accounts.js';
import { readConfinement } from '../../../src/measurement/confinement.js';
import { readStatus } from '../../../src/measurement/status.js';
import { aDefinition } from '../../fakes/a-definition.js';
import { openAttestationRoom } from '../../fakes/attestation-room.js';
import { startChild } from '../../fakes/child-process.js';
import { temporaryFolder } from '../../fakes/temporary-folder.js';

const ME = process.getuid!();
const AGENT = 'spiffe://example.org/agent';

/** A gate before which a real process stands, on a machine with users of the test's own. */
async function bench(mode: 'root' | 'user', uid = ME) {
  const cleanup = new AsyncDisposableStack();
  const { path } = cleanup.use(await temporaryFolder());
  writeFileSync(
    join(path, 'passwd'),
    'worker:x:54010:54010::/home/worker:/bin/bash\nroot:x:0:0::/root:/bin/sh\n',
  );
  writeFileSync(join(path, 'group'), 'extra:x:54011:worker\n');
  const room = cleanup.use(openAttestationRoom());
  const launched = new LaunchedProcesses(-1);
  const child = cleanup.use(await startChild('cat'));
  const caller = room.processes.acquirePid(child.pid);
  const asked: number[] = [];
  const gate = new LaunchGate({
    host: { uid, mode, confinement: readConfinement('/proc/self') },
    launched,
    accounts: new Accounts(path),
    identify: async ({ pid }): Promise<Identity> => {
      asked.push(pid);
      return { instance: 'i'.repeat(32), spiffeIds: [AGENT] };
    },
  });
  return {
    ...{ launched, caller, asked },
    pass: (wish: Partial<LaunchDefinition>) => gate.pass(aDefinition(wish), caller),
    [Symbol.asyncDispose]: () => cleanup.disposeAsync(),
  };
}

describe('as whom a program runs', () => {
  it('is the user of its definition, with all groups of that user', async () => {
    await using at = await bench('root');
    expect(await at.pass({ runAs: 'worker' })).toEqual({
      account: {
        name: 'worker',
        uid: 54_010,
        gid: 54_010,
        groups: [54_010, 54_011],
        home: '/home/worker',
        shell: '/bin/bash',
      },
      parent: undefined,
    });
  });

  it('is else the caller just as it is, also one that no file knows', async () => {
    await using at = await bench('user');
    const { gid, groups } = readStatus(at.caller.folder);
    expect((await at.pass({})).account).toMatchObject({ uid: ME, gid, groups });
  });

  it.each([
    ['nobody that there is', 'root', 'nowhere', '/etc/passwd has no such user'],
    ['root, in root mode', 'root', 'root', 'would run as root'],
    ['another user, in user mode', 'user', 'worker', 'runs programs as its own user only'],
  ] as const)('is not %s', async (_who, mode, runAs, why) => {
    await using at = await bench(mode);
    await expect(at.pass({ runAs })).rejects.toMatchObject({
      code: 'LAUNCH_FAILED',
      message: expect.stringContaining(why),
    });
  });
});

describe('who launches', () => {
  it('is no other user than its own, for a daemon in user mode', async () => {
    await using at = await bench('user', ME + 1);
    await expect(at.pass({})).rejects.toMatchObject({
      code: 'LAUNCH_REFUSED',
      message: expect.stringContaining(`only for its own uid ${ME + 1}`),
    });
  });

  it('is the parent where the definition names its SPIFFE ID, and is attested only then', async () => {
    await using at = await bench('root');
    const mayLaunch = { users: [], groups: [], spiffeIds: [AGENT] };
    expect((await at.pass({ runAs: 'worker' })).parent).toBeUndefined();
    expect(at.asked).toEqual([]);
    expect((await at.pass({ runAs: 'worker', mayLaunch })).parent).toBe('i'.repeat(32));
    expect(at.asked).toEqual([at.caller.pid]);
  });

  it('is not a launched program that the definition does not name', async () => {
    await using at = await bench('root');
    const { pid, startTicks } = at.caller;
    const facts = {
      instance: 'j'.repeat(32),
      ...{ name: 'agent', launchedBy: ME, executable: '/bin/cat', executableSha256: '' },
      ...{ notes: [], selectors: [] },
    };
    at.launched.set({ facts, pid, startTicks, cgroup: undefined, process: at.caller });
    await expect(at.pass({ runAs: 'worker' })).rejects.toMatchObject({
      code: 'LAUNCH_REFUSED',
      message: `the launched instance ${facts.instance} (agent) may not launch researcher: the definition does not name its SPIFFE ID`,
    });
    at.launched.set({ facts, pid, startTicks, cgroup: undefined, process: undefined });
    await expect(at.pass({ runAs: 'worker' })).rejects.toMatchObject({
      message: expect.stringContaining('a process that comes from the launched instance'),
    });
  });
});
