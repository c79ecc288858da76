import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ALICE, LaunchStage } from '../fakes/launch-stage.js';

const SPOOR = fileURLToPath(new URL('../../dist/cli/spoor.js', import.meta.url));
const ESCAPE = fileURLToPath(new URL('../fixtures/launch/escape.py', import.meta.url));
const FETCH = `${process.execPath} ${SPOOR} fetch x509 --output json`;
const WAYS = ['sibling', 'deep', 'dying', 'subreaper', 'cgroup'];
const SPACES = ['user-namespace', 'pid-namespace', 'cgroup-namespace'];

let stage: LaunchStage;
beforeAll(async () => {
  stage = await LaunchStage.open(
    `
  - {name: agent, command: [/bin/sh, -c], caller_args: append, may_launch: {users: ["54001"]}}
`,
    `
  - {id: agent, spiffe_id: "spiffe://example.org/agent", selectors: ["launch:name:agent"]}
  - {id: user, spiffe_id: "spiffe://example.org/user", selectors: ["unix:uid:54001"]}
`,
  );
});
afterAll(() => stage[Symbol.asyncDispose]());

/** What a client says that was started below an agent in that way; all of it, also what comes after the agent has ended. */
async function escaped(way: string): Promise<string> {
  const out = await stage.file(`${way}.out`, '');
  await stage.run(['chmod', '666', out]);
  const command = `python3 ${ESCAPE} ${way} ${FETCH} >>${out} 2>&1; sleep 1`;
  await stage.spoor(['launch', 'agent', '--', command], ALICE);
  const said = async (): Promise<string> => (await stage.run(['cat', out])).stdout;
  await expect.poll(said, { timeout: 15_000 }).toMatch(/"code"|spiffe_id/);
  return said();
}

describe('a process below an agent is found out', () => {
  it.each([...WAYS, ...SPACES, 'hidden'])('by way of: %s', { timeout: 40_000 }, async (way) => {
    const said = await escaped(way);
    expect(said).not.toMatch(/spiffe:|moved/);
    expect(said).toContain('IDENTITY_NOT_ISSUED');
  });
});
