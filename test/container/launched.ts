/** What it says of itself is what the tests compare. */
export const AGENT = `import { readFileSync, statSync, writeFileSync } from 'node:fs';
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
  cgroup: /:(.*spoor-.*)/.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1],
  secrets,
  secret: [readFileSync(token, 'utf8'), owner === uid ? user : owner, (mode & 0o777).toString(8)],
}));
`;

/** In /etc/spoor/token it is root's alone. */
export const SECRET = 'of-the-operator';

export const CREDENTIAL_DROP_IN = `[Service]
LoadCredential=token:/etc/spoor/token
`;

export const DEFINITIONS = `launch:
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
