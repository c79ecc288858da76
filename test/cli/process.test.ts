import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { TestAuthority } from '../fakes/test-authority.js';
import { TestWorkloadApi, x509Message } from '../fakes/test-workload-api.js';

const HERE = new URL('../../', import.meta.url).pathname;
const SPOOR = ['--import', `${HERE}test/fakes/typescript-imports.ts`, `${HERE}src/cli/spoor.ts`];
const OLD_NODE = `data:text/javascript,${encodeURIComponent(
  "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.20.2' } });",
)}`;

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function spoor(argv: readonly string[], before: readonly string[] = [], env = {}): Promise<Ended> {
  const options = { env: { ...process.env, ...env } };
  try {
    return {
      code: 0,
      ...(await promisify(execFile)(process.execPath, [...before, ...SPOOR, ...argv], options)),
    };
  } catch (error) {
    return error as Ended;
  }
}

describe('the spoor process', () => {
  it('prints its version and ends with 0', async () => {
    expect(await spoor(['--version'])).toMatchObject({ code: 0, stdout: '0.1.0\n', stderr: '' });
  });

  it('ends with the exit code of the error, and says it on standard error', async () => {
    const { code, stdout, stderr } = await spoor(['status', '--admin-socket', '/nowhere/admin.sock']);
    expect([code, stdout]).toEqual([5, '']);
    expect(stderr).toContain('no daemon answers at /nowhere/admin.sock');
  });

  it('fetches from a socket that its environment names, without colours for a pipe', async () => {
    await using api = await TestWorkloadApi.open();
    const authority = await TestAuthority.open('example.org', new Date());
    api.answers.FetchX509SVID.set(x509Message(authority, [await authority.x509()]));
    const { code, stdout } = await spoor(['fetch', 'x509'], [], { SPIFFE_ENDPOINT_SOCKET: api.endpoint });
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^spiffe:\/\/example\.org\/web\n/u)]);
  });

  it('says in one sentence that Node.js is too old', async () => {
    const { code, stderr } = await spoor(['--version'], ['--import', OLD_NODE]);
    expect([code, stderr]).toEqual([3, 'spoor: error: Node.js 20.20.2 is too old: 24 or later is needed\n']);
  });

  it.each([
    ['spoor', 'errors'],
    ['spoord', '--help'],
  ])('ends quietly when nobody reads on: %s %s', async (program, argument) => {
    const argv = [...SPOOR.slice(0, -1), `${HERE}src/cli/${program}.ts`, argument];
    const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.destroy();
    let said = '';
    child.stderr.on('data', (text) => (said += String(text)));
    expect([await once(child, 'close'), said]).toEqual([[0, null], '']);
  });

  it('ends a watch with 0 at SIGTERM', async () => {
    await using api = await TestWorkloadApi.open();
    const authority = await TestAuthority.open('example.org', new Date());
    api.answers.FetchX509SVID.set(x509Message(authority, [await authority.x509()]));
    const env = { ...process.env, SPIFFE_ENDPOINT_SOCKET: api.endpoint };
    const child = spawn(process.execPath, [...SPOOR, 'watch'], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });
});
