import { expect } from 'vitest';
import type { Machine } from './machine.js';

/** What it says of itself is what the tests compare. */
const AGENT = `import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
const { SPOOR_INSTANCE: instance, CREDENTIALS_DIRECTORY: secrets } = process.env;
const { username: user, uid } = userInfo();
for (const folder of [homedir(), '/tmp']) writeFileSync(folder + '/from-agent', user);
const token = secrets + '/token';
const { uid: owner, mode } = statSync(token);
console.log(JSON.stringify({
  user,
  home: process.cwd(),
  instance,
  cgroup: /:(\\/.*spoor-.*)/.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1],
  secrets,
  secret: [readFileSync(token, 'utf8'), owner === uid ? user : owner, (mode & 0o777).toString(8)],
}));
`;

/** In /etc/spoor/token it is root's alone. */
export const SECRET = 'of-the-operator';

const CREDENTIAL_DROP_IN = `[Service]
LoadCredential=token:/etc/spoor/token
`;

const DEFINITIONS = `launch:
  - name: agent
    command: [/usr/bin/node, /opt/agents/agent.mjs]
    secrets: [{name: token, credential: token}]
    may_launch: {groups: [agents]}
  - name: watcher
    command: [/usr/bin/node, /usr/lib/node_modules/spoor/dist/cli/spoor.js, watch]
    may_launch: {groups: [agents]}
  - name: shell
    command: [/bin/sh, -c]
    caller_args: append
    may_launch: {groups: [agents]}
  - name: secretive
    command: [/usr/bin/sleep, infinity]
    secrets: [{name: token, credential: token}]
    may_launch: {groups: [agents]}
`;

/** What an operator does who has an agent to be launched. */
export const SET_UP = `umask 022
mkdir -p /opt/agents /etc/systemd/system/spoord.service.d
cat > /opt/agents/agent.mjs <<'JS'
${AGENT}JS
cat > /etc/spoor/launch.d/agents.yaml <<'YAML'
${DEFINITIONS}YAML
cat > /etc/systemd/system/spoord.service.d/token.conf <<'UNIT'
${CREDENTIAL_DROP_IN}UNIT
(umask 077; printf ${SECRET} > /etc/spoor/token)
systemctl daemon-reload
systemctl restart spoord`;

/** And what of it is not Spoor's to take away. */
export const TAKE_DOWN = 'rm -r /opt/agents /etc/systemd/system/spoord.service.d';

/** A launched program, as `spoor instances` lists it. */
export interface Launched {
  readonly instance: string;
  readonly name: string;
  readonly pid: number;
}

/** The one that has run for the longest time. */
export async function oldestLaunched(machine: Machine): Promise<Launched> {
  const listed = await machine.must('spoor instances --all --output json');
  const [oldest] = (JSON.parse(listed) as { launches: readonly Launched[] }).launches;
  if (oldest === undefined) throw new Error('nothing runs that was launched');
  return oldest;
}

/** The oldest one is that one, as the instance that it was, with the identity that it had. */
export async function isStillRunning(machine: Machine, launched: Launched): Promise<void> {
  expect(await oldestLaunched(machine)).toMatchObject(launched);
  const explained = await machine.must(`spoor explain ${launched.pid} --output json`);
  const spiffeId = `spiffe://example.org/${launched.name}`;
  expect(JSON.parse(explained)).toMatchObject({
    process: { level: 'launched', instance: launched.instance },
    matches: expect.arrayContaining([expect.objectContaining({ spiffe_id: spiffeId })]),
  });
}
