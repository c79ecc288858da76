import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const ROOT = new URL('../../', import.meta.url).pathname;
const README = readFileSync(`${ROOT}README.md`, 'utf8');
const CI = readFileSync(`${ROOT}.ci/run`, 'utf8') + readFileSync(`${ROOT}.ci/setup`, 'utf8');
const run = promisify(execFile);

/** Blocks marked `sh root` are run under a real systemd, by the container suite. */
const BLOCKS = [...README.matchAll(/```sh\n([^]*?)```/g)].map(([, block = '']) => block);
const [DEMO = '', TEST = '', ...FIRST_STEPS] = BLOCKS;

describe('the shell blocks of the README', () => {
  it('are run by CI as they stand, where they are whole test runs', () => {
    for (const block of [DEMO, TEST]) {
      for (const command of block.trim().split(' && ')) expect(CI).toContain(`\n${command}\n`);
    }
  });

  it('lead a stranger to a first identity', async () => {
    expect(FIRST_STEPS).toHaveLength(4);
    const script = ['set -e', ...FIRST_STEPS].join('\n');
    try {
      const { stdout } = await run('bash', ['-c', script], {
        cwd: ROOT,
        env: withoutSockets(),
        timeout: 60_000,
      });
      expect(stdout).toMatch(/spiffe:\/\/example.org\/me\n {2}serial/);
      expect(stdout).toMatch(/audience +https:\/\/api.example.org/);
      expect(stdout).toContain('it is spiffe://example.org/me');
      expect(stdout).toContain('for example.org');
      expect(stdout).toMatch(/spiffe:\/\/example.org\/fetcher\n {2}serial/);
    } finally {
      await rm('/tmp/spoor-first', { recursive: true, force: true });
    }
  }, 90_000);
});

function withoutSockets(): NodeJS.ProcessEnv {
  const { SPIFFE_ENDPOINT_SOCKET: _, SPOOR_ADMIN_SOCKET: __, SPOOR_LAUNCH_SOCKET: ___, ...env } = process.env;
  return env;
}
