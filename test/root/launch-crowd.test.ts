import { openSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ALICE, LaunchStage } from '../fakes/launch-stage.js';
import { RawLaunchClient } from '../fakes/raw-launch-client.js';

const DEFINITIONS = `
  - {name: sleeper, command: [/bin/sleep, "600"], run_as: nobody}
  - {name: hello, command: [/bin/echo, hello], may_launch: {users: ["54001"]}}
`;
const CALLERS = 1_000;

type Heard = 'launched' | 'refused' | 'turned away' | undefined;

/** What one caller hears. */
async function launch(stage: LaunchStage, client: RawLaunchClient, nothing: number): Promise<Heard> {
  const challenge = await client.hello('sleeper');
  if (challenge === '') return client.ended ? 'turned away' : 'refused';
  client.order(challenge, [nothing, nothing, nothing]);
  const { launched, error } = await client.answer();
  if (error !== undefined) throw new Error(error.message);
  return launched && 'launched';
}

describe('a thousand callers of one user at once', () => {
  it('get what one user may have at most, and another user is served meanwhile', async () => {
    await using stage = await LaunchStage.open(DEFINITIONS);
    await using cleanup = new AsyncDisposableStack();
    const nothing = openSync('/dev/null', 'r+');
    const clients = Array.from({ length: CALLERS }, () =>
      cleanup.use(new RawLaunchClient(stage.daemon.launchSocket)),
    );
    const all = Promise.all(clients.map((client) => launch(stage, client, nothing)));
    const others = await stage.spoor(['launch', 'hello'], ALICE);
    expect(others).toEqual({ code: 0, stdout: 'hello\n', stderr: '' });
    const heard = await all;
    const launched = heard.filter((one) => one === 'launched').length;
    expect(launched).toBeGreaterThan(0);
    expect(launched).toBeLessThanOrEqual(256);
    expect(heard).not.toContain(undefined);
    const { stdout } = await stage.spoor(['instances', '--all', '--output', 'json']);
    expect(JSON.parse(stdout)).toMatchObject({ total: launched });
    expect(await stage.spoor(['stop', 'sleeper', '--all', '--grace', '1s'])).toMatchObject({ code: 0 });
  }, 180_000);
});
