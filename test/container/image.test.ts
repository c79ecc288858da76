import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cloneProject } from './clone.js';
import { must, run, type Outcome } from './command.js';
import { readDocumentedRun } from './documented-run.js';
import { ImageStore } from './image-store.js';
import { RunningContainer } from './running-container.js';

const BASE = 'localhost/spoor-test-base';
const IMAGE = 'localhost/spoor';
/** No user of this host. */
const [UID, GID] = [54_321, 54_322];
const TOOL = { name: 'tool', command: ['/bin/true'], may_launch: { users: ['workload'] } };

let store: ImageStore;
let container: RunningContainer;

beforeAll(async () => {
  store = await ImageStore.open();
  await store.makeBase(BASE);
  await cloneProject(store.file('clone'));
}, 120_000);

afterAll(async () => {
  await container?.[Symbol.asyncDispose]();
  await store?.[Symbol.asyncDispose]();
}, 60_000);

describe('the container image', () => {
  it('is built by deploy/Dockerfile, of what runs it and nothing of what builds it', async () => {
    await store.build(store.file('clone'), BASE, IMAGE);
    const root = await imageRoot();
    const has = (path: string): boolean => existsSync(`${root}/opt/spoor/${path}`);
    expect(['dist/cli/spoord.js', 'LICENSE', 'node_modules/koffi'].map(has)).toEqual([true, true, true]);
    expect(['src', 'node_modules/typescript', 'node_modules/node'].map(has)).toEqual([false, false, false]);
  }, 240_000);

  it('serves with two capabilities when it is run as its first lines say', async () => {
    const { prepare, flags } = readDocumentedRun(store.file('host'));
    await must('sh', ['-e', '-c', prepare]);
    await writeFile(store.file('host/etc/passwd'), `workload:x:${UID}:${GID}::/:/bin/sh\n`);
    await writeFile(store.file('host/etc/group'), `workloads:x:${GID}:\n`);

    await mkdir(store.file('host/etc/spoor/launch.d'));
    await writeFile(store.file('host/etc/spoor/launch.d/tool.yaml'), JSON.stringify({ launch: [TOOL] }));

    container = await RunningContainer.start(store, IMAGE, flags);
    const status = await readFile(`/proc/${await container.daemonPid()}/status`, 'utf8');
    // CAP_DAC_READ_SEARCH is 2, CAP_SYS_PTRACE is 19: capability.h.
    for (const set of ['CapPrm', 'CapEff', 'CapBnd']) expect(status).toContain(`${set}:\t0000000000080004\n`);
  }, 60_000);

  it('attests a process of the host by its user, group, program and number', async () => {
    const program = await installClient();
    await writeFile(store.file('host/etc/spoor/entries.d/workload.yaml'), await entryFor(program));

    const fetched = await asWorkload(program, 'fetch', 'x509', '--wait', '10s', '--output', 'json');
    expect(fetched).toMatchObject({ code: 0, errors: '' });
    const [pid, ...answer] = fetched.out.split('\n');
    const { svids } = JSON.parse(answer.join('\n')) as { svids: { spiffe_id: string; serial: string }[] };
    expect(svids.map(({ spiffe_id }) => spiffe_id)).toEqual(['spiffe://example.org/host/workload']);
    expect(await container.run('spoor', 'who', svids[0]?.serial ?? '')).toContain(`pid ${pid}, uid ${UID}`);
  }, 60_000);

  it('refuses the same user in another program', async () => {
    const other = store.file('client/other');
    await copyFile(store.file('client/node'), other);
    const refused = await asWorkload(other, 'fetch', 'x509');
    expect(refused).toMatchObject({ code: 4, errors: expect.stringMatching(/IDENTITY_NOT_ISSUED/) });
  });

  it('launches nothing for a process of the host, whose mount namespace is another', async () => {
    const refused = await asWorkload(store.file('client/node'), 'launch', 'tool');
    expect(refused).toMatchObject({ code: 125, errors: expect.stringMatching(/in another mnt namespace/) });
  });

  it('is healthy by its own health check', async () => {
    const { Healthcheck } = await store.config(IMAGE);
    const [kind, ...command] = Healthcheck.Test;
    expect(kind).toBe('CMD');
    expect(await container.run(...command)).toMatch(/^spoord \S+ for example\.org: root mode/);
  });

  it('ends well when it is told to stop', async () => {
    expect(await container.stop()).toBe(0);
    expect(existsSync(store.file('host/run/spoor/agent.sock'))).toBe(false);
  });
});

async function imageRoot(): Promise<string> {
  return store.buildah('mount', await store.buildah('from', IMAGE));
}

/** Copies the client out of the image to where an ordinary user can run it, and gives its Node.js. */
async function installClient(): Promise<string> {
  const root = await imageRoot();
  await mkdir(store.file('client'));
  await cp(`${root}/opt/spoor`, store.file('client/spoor'), { recursive: true });
  await copyFile(`${root}/usr/bin/node`, store.file('client/node'));
  return store.file('client/node');
}

async function entryFor(program: string): Promise<string> {
  const sha256 = createHash('sha256')
    .update(await readFile(program))
    .digest('hex');
  const selectors = ['unix:user:workload', 'unix:group:workloads', `unix:path:${program}`];
  const entry = {
    id: 'workload',
    spiffe_id: 'spiffe://example.org/host/{unix.user}',
    selectors: [...selectors, `unix:sha256:${sha256}`],
  };
  return JSON.stringify({ entries: [entry] });
}

/** Runs `spoor` on the host as an ordinary user; the first line is the process's number. */
function asWorkload(program: string, ...argv: readonly string[]): Promise<Outcome> {
  const user = `setpriv --reuid ${UID} --regid ${GID} --clear-groups`;
  const script = `echo $$; exec ${user} "$0" "$@"`;
  const endpoint = `unix://${store.file('host/run/spoor/agent.sock')}`;
  const launchSocket = store.file('host/run/spoor/launch.sock');
  const client = [program, store.file('client/spoor/dist/cli/spoor.js'), ...argv];
  return run('sh', ['-c', script, ...client], {
    env: { ...process.env, SPIFFE_ENDPOINT_SOCKET: endpoint, SPOOR_LAUNCH_SOCKET: launchSocket },
  });
}
