import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ALICE, BOB, LaunchStage } from '../fakes/launch-stage.js';

const SPOOR = fileURLToPath(new URL('../../dist/cli/spoor.js', import.meta.url));
const SECCOMP = fileURLToPath(new URL('../fixtures/launch/seccomp.mjs', import.meta.url));
const NODE = process.execPath;

const DEFINITIONS = `
  - {name: tool, command: [/bin/echo, launched], may_launch: {users: ["54001"]}, run_as: nobody}
  - {name: groups, command: [/bin/echo, launched], may_launch: {groups: ["54077"]}, run_as: nobody}
  - name: by-planner
    command: [/bin/echo, launched]
    may_launch: {spiffe_ids: ["spiffe://example.org/planner", "spiffe://example.org/shells/child/node"]}
    run_as: nobody
  - name: planner
    command: [${NODE}, ${SPOOR}, launch]
    caller_args: append
    env: {pass: [SPOOR_LAUNCH_SOCKET]}
    may_launch: {users: ["54001"]}
  - name: other
    command: [${NODE}, ${SPOOR}, launch]
    caller_args: append
    env: {pass: [SPOOR_LAUNCH_SOCKET]}
    may_launch: {users: ["54001"]}
  - name: shell
    command: [/bin/sh, -c]
    caller_args: append
    env: {pass: [SPOOR_LAUNCH_SOCKET]}
    may_launch: {users: ["54001"]}
  - name: shells
    command: [/bin/sh, -c]
    caller_args: append
    env: {pass: [SPOOR_LAUNCH_SOCKET]}
    may_launch: {users: ["54001"]}
`;
const ENTRIES = `
  - {id: planner, spiffe_id: "spiffe://example.org/planner", selectors: ["launch:name:planner"]}
  - {id: other, spiffe_id: "spiffe://example.org/other", selectors: ["launch:name:other"]}
  - {id: shells, spiffe_id: "spiffe://example.org/shells", selectors: ["launch:name:shells"], descendants: derive}
`;

let stage: LaunchStage;
beforeAll(async () => {
  stage = await LaunchStage.open(DEFINITIONS, ENTRIES);
});
afterAll(() => stage[Symbol.asyncDispose]());

function refused(why: string): object {
  return { code: 125, stdout: '', stderr: expect.stringMatching(new RegExp(`${why}[^]*LAUNCH_REFUSED`)) };
}

describe('whoever a definition names', () => {
  it('may launch by user, by group and as root', async () => {
    const launched = { code: 0, stdout: 'launched\n' };
    expect(await stage.spoor(['launch', 'tool'], ALICE)).toMatchObject(launched);
    expect(await stage.spoor(['launch', 'tool'])).toMatchObject(launched);
    const through = ['setpriv', '--reuid', '54002', '--regid', '54002', '--groups', '54077'];
    expect(await stage.spoor(['launch', 'groups'], { through })).toMatchObject(launched);
  });

  it('may not launch more than that', async () => {
    expect(await stage.spoor(['launch', 'tool'], BOB)).toMatchObject(
      refused('uid 54002 may not launch tool: the definition names neither this user nor a group of it'),
    );
    expect(await stage.spoor(['launch', 'tool', '--', 'more'], ALICE)).toMatchObject(
      refused('an argument was given, and the definition tool takes none'),
    );
  });
});

describe('launching is no way out of a sandbox', () => {
  it.each([
    ['another user namespace', ['unshare', '--user', '--map-root-user']],
    ['another mnt namespace', ['unshare', '--mount']],
    ['another pid namespace', ['unshare', '--pid', '--fork']],
    ['another net namespace', ['unshare', '--net']],
    ['another ipc namespace', ['unshare', '--ipc']],
    ['another cgroup namespace', ['unshare', '--cgroup']],
    ['no_new_privs', ['setpriv', '--no-new-privs']],
    ['a seccomp sandbox', [NODE, SECCOMP]],
  ])('of %s', async (words, through) => {
    expect(await stage.spoor(['launch', 'tool'], { through })).toMatchObject(
      refused(`launching must not lead out of a sandbox: [^]*${words}`),
    );
  });
});

describe('a launched instance', () => {
  it('may launch what names its SPIFFE ID, and is recorded as the parent', async () => {
    expect(await stage.spoor(['launch', 'planner', '--', 'by-planner'], ALICE)).toMatchObject({
      code: 0,
      stdout: 'launched\n',
    });
    const records = await stage.recorded('launched');
    const planner = records.findLast(({ name }) => name === 'planner');
    expect(records.findLast(({ name }) => name === 'by-planner')).toMatchObject({
      parent: planner?.['instance'],
      launched_by: ALICE.uid,
    });
  });

  it('may launch nothing else, not even what its user may', async () => {
    expect(await stage.spoor(['launch', 'planner', '--', 'tool'], ALICE)).toMatchObject(
      refused(
        'the launched instance [0-9a-f]{32} \\(planner\\) may not launch tool: the definition does not name',
      ),
    );
    expect(await stage.spoor(['launch', 'other', '--', 'by-planner'], ALICE)).toMatchObject(
      refused('the launched instance [0-9a-f]{32} \\(other\\) may not launch by-planner'),
    );
  });

  it.each([
    ['a child', (command: string) => command],
    ['a child in a session of its own', (command: string) => `setsid -w ${command}`],
    ['a grandchild whose parent has gone', (command: string) => `(setsid ${command} & ) ; sleep 2`],
    ['a child that ignores hangups', (command: string) => `nohup ${command}`],
  ])('does not hand on what it may: %s', async (_, wrap) => {
    const command = wrap(`${NODE} ${SPOOR} launch tool`);
    const { stdout, stderr } = await stage.spoor(['launch', 'shell', '--', `${command}; true`], ALICE);
    expect(stdout).not.toContain('launched');
    expect(stderr).toMatch(
      /a process that comes from the launched instance [0-9a-f]{32} \(shell\) may not launch tool/,
    );
  });

  it('has descendants that may, where the definition names what they derive', async () => {
    const command = `${NODE} ${SPOOR} launch by-planner; true`;
    expect(await stage.spoor(['launch', 'shells', '--', command], ALICE)).toMatchObject({
      stdout: 'launched\n',
    });
  });
});
