import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const SPOOR = new URL('../../dist/cli/spoor.js', import.meta.url).pathname;
const run = promisify(execFile);

it('plays the whole story of the demo, and leaves nothing behind', async () => {
  const { stdout } = await run(process.execPath, [SPOOR, 'demo'], { timeout: 60_000 });
  const serials = [...stdout.matchAll(/serial ([0-9a-f]{32})/g)].map(([, serial]) => serial);
  expect(new Set(serials).size).toBe(4);
  expect(stdout).toContain('the answer: you are spiffe://demo.test/agent');
  expect(stdout).toMatch(/\d+ calls were made meanwhile, none failed/);
  expect(stdout).toMatch(/refused: .*no identity issued/);
  expect(stdout).toMatch(/agent +spiffe:\/\/demo.test\/agent +lacks unix:path:/);
  expect(stdout).toMatch(/issued \d+ s ago to \S*node/);
  expect(readdirSync(tmpdir()).filter((name) => name.startsWith('spoor-demo-'))).toEqual([]);
}, 90_000);
