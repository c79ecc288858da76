import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ALICE, LaunchStage } from '../fakes/launch-stage.js';

const SPOOR = fileURLToPath(new URL('../../dist/cli/spoor.js', import.meta.url));
const FETCH = `${process.execPath} ${SPOOR} fetch x509 --output json`;
const ID = 'spiffe://example.org/agent';

let stage: LaunchStage;
beforeAll(async () => {
  stage = await LaunchStage.open(
    `
  - {name: agent, command: [/bin/sh, -c], caller_args: append, may_launch: {users: ["54001"]}}
  - {name: derives, command: [/bin/sh, -c], caller_args: append, may_launch: {users: ["54001"]}}
  - {name: itself, command: [${process.execPath}, ${SPOOR}, fetch, x509, --output, json], may_launch: {users: ["54001"]}}
  - {name: becomes, command: [/bin/sh, -c], caller_args: append, may_launch: {users: ["54001"]}}
`,
    `
  - {id: agent, spiffe_id: "${ID}", selectors: ["launch:name:agent"]}
  - {id: derives, spiffe_id: "spiffe://example.org/derives", selectors: ["launch:name:derives"], descendants: derive}
  - {id: itself, spiffe_id: "spiffe://example.org/itself", selectors: ["launch:name:itself", "unix:uid:54001"]}
  - {id: becomes, spiffe_id: "spiffe://example.org/becomes", selectors: ["launch:name:becomes"]}
  - {id: user, spiffe_id: "spiffe://example.org/user", selectors: ["unix:uid:54001"], hint: user}
`,
  );
});
afterAll(() => stage[Symbol.asyncDispose]());

describe('who gets the SVID of a launched agent', () => {
  it('is the process that was launched', async () => {
    const { stdout } = await stage.spoor(['launch', 'itself'], ALICE);
    const { svids } = JSON.parse(stdout) as { svids: { spiffe_id: string }[] };
    expect(svids.map(({ spiffe_id }) => spiffe_id)).toEqual([
      'spiffe://example.org/itself',
      'spiffe://example.org/user',
    ]);
  });

  it('is not a process of the same user that came by itself', async () => {
    const { stdout } = await stage.run([process.execPath, SPOOR, 'fetch', 'x509', '--output', 'json'], ALICE);
    const { svids } = JSON.parse(stdout) as { svids: { spiffe_id: string }[] };
    expect(svids.map(({ spiffe_id }) => spiffe_id)).toEqual(['spiffe://example.org/user']);
  });

  it('is not the launched process once it has executed another program', async () => {
    const { stdout, stderr } = await stage.spoor(
      ['launch', 'becomes', '--', `sleep 0.5; exec ${FETCH}`],
      ALICE,
    );
    expect([stdout, stderr]).toEqual(['', expect.stringContaining('IDENTITY_NOT_ISSUED')]);
  });

  it.each([
    ['a child', `${FETCH}; true`],
    ['a grandchild', `sh -c '${FETCH}; true'; true`],
    ['a child in a session of its own', `setsid -w ${FETCH}; true`],
    ['a child that ignores hangups', `nohup ${FETCH}; true`],
    ['an orphan, whose parents have all gone', `(setsid sh -c 'sleep 0.3; ${FETCH}' &); sleep 3`],
    ['a double fork', `sh -c '(${FETCH} &)'; sleep 3`],
    [
      'a child of a subreaper of its own',
      `${process.execPath} -e 0; setsid sh -c '(sh -c "sleep 0.2; ${FETCH}" &); sleep 2'`,
    ],
  ])('is not %s: it gets nothing, not even what its user may have', async (_, command) => {
    const { stdout, stderr } = await stage.spoor(['launch', 'agent', '--', command], ALICE);
    expect([stdout, stderr]).toEqual(['', expect.stringContaining('IDENTITY_NOT_ISSUED')]);
  });

  it('is not what is left of an agent that has ended', async () => {
    const file = stage.daemon.file('after.json');
    await stage.run(['touch', file]);
    await stage.run(['chmod', '666', file]);
    const command = `(setsid sh -c 'sleep 1; ${FETCH}' >${file} 2>&1 &); true`;
    await stage.spoor(['launch', 'agent', '--', command], ALICE);
    await expect
      .poll(async () => (await stage.run(['cat', file])).stdout, { timeout: 10_000 })
      .toContain('IDENTITY_NOT_ISSUED');
  });

  it('gives children a SPIFFE ID of their own where its entry derives one, marked with their parent', async () => {
    const { stdout } = await stage.spoor(['launch', 'derives', '--', `${FETCH}; true`], ALICE);
    const { svids } = JSON.parse(stdout) as { svids: { spiffe_id: string; serial: string }[] };
    expect(svids.map(({ spiffe_id }) => spiffe_id)).toEqual(['spiffe://example.org/derives/child/node']);
    const parent = (await stage.recorded('launched')).findLast(({ name }) => name === 'derives');
    expect((await stage.recorded('issued')).at(-1)).toMatchObject({ parent: parent?.['instance'] });
  });
});

describe('spoor explain', () => {
  it('says of a shell below an agent whose descendant it is, how that was found, and what it lacks', async () => {
    const command = `${process.execPath} ${SPOOR} explain; true`;
    const { stdout } = await stage.spoor(['launch', 'agent', '--', command], ALICE);
    expect(stdout).toMatch(
      /descendant of the launched instance [0-9a-f]{32} \(agent, pid \d+\), found by its (cgroup|ancestors): it gets nothing, since no entry of that instance says descendants: derive/,
    );
  });
});
