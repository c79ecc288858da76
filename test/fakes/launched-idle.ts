import { expect } from 'vitest';
import { ALICE, type LaunchStage, type RunOptions } from './launch-stage.js';

/** A script for Node that says when it is there, and then waits. */
export const IDLE = `process.stdout.write('here'); setInterval(() => {}, 1_000);`;

/** A launched program, until it is stopped. */
export interface LaunchedIdle extends AsyncDisposable {
  readonly pid: number;
}

/** Launches a definition whose script is `IDLE`, for alice, and waits until it is there. */
export async function launchIdle(
  stage: LaunchStage,
  name: string,
  env: RunOptions['env'] = {},
): Promise<LaunchedIdle> {
  const client = stage.start(['launch', name], { ...ALICE, env });
  let said = '';
  for (const stream of [client.stdout, client.stderr]) {
    stream?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  }
  await expect.poll(() => said).toBe('here');
  const { stdout } = await stage.spoor(['instances', '--all', '--output', 'json']);
  const { launches } = JSON.parse(stdout) as { launches: readonly { name: string; pid: number }[] };
  return {
    pid: launches.find((found) => found.name === name)?.pid ?? 0,
    [Symbol.asyncDispose]: async () => void (await stage.spoor(['stop', '--all', name])),
  };
}
