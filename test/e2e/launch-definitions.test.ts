import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { RunningDaemon } from './running-daemon.js';

describe('launch definitions of the built daemon', () => {
  it('come from files, which it follows, and from commands, and outlive it', async () => {
    await using daemon = await RunningDaemon.start();
    const folder = daemon.file('launch.d');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'web.yaml'), 'launch:\n  - name: web\n    command: [/bin/true]\n');
    await expect.poll(() => namesOf(daemon)).toEqual(['web']);
    const added = await daemon.spoor(
      'launch-def',
      'add',
      'db',
      '--limit',
      'nofile=64',
      '--',
      '/bin/true',
      '-x',
    );
    expect(added).toMatchObject({ code: 0, stdout: expect.stringContaining('command     /bin/true -x') });
    expect(await namesOf(daemon)).toEqual(['db', 'web']);
    await daemon.stop('SIGKILL');
    await daemon.startAgain();
    expect(await namesOf(daemon)).toEqual(['db', 'web']);
    expect(await daemon.spoor('launch-def', 'delete', 'db')).toMatchObject({ code: 0 });
    expect(await daemon.spoor('launch-def', 'delete', 'web')).toMatchObject({ code: 2 });
    expect(await namesOf(daemon)).toEqual(['web']);
  });

  it('stay in force when an edit is bad, over a restart too, and status says so', async () => {
    await using daemon = await RunningDaemon.start();
    const folder = daemon.file('launch.d');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'web.yaml'), 'launch:\n  - name: web\n    command: [/bin/true]\n');
    await expect.poll(() => namesOf(daemon)).toEqual(['web']);
    await writeFile(join(folder, 'web.yaml'), 'launch:\n  - name: web\n    command: [true]\n');
    await expect.poll(() => daemon.log).toContain('launch definition files have problems');
    await daemon.stop();
    await daemon.startAgain();
    expect(await namesOf(daemon)).toEqual(['web']);
    const status = await daemon.spoor('status', '--output', 'json');
    expect((JSON.parse(status.stdout) as { problems: object[] }).problems).toMatchObject([
      {
        subject: 'launch definitions',
        file: join(folder, 'web.yaml'),
        line: 3,
        path: 'launch[0].command[0]',
      },
    ]);
  });
});

describe('a launched program that ends at once', () => {
  it('is nothing that the daemon complains of', async () => {
    await using daemon = await RunningDaemon.start({
      launch: { 'true.yaml': 'launch:\n  - {name: "true", command: [/bin/true]}\n' },
      flags: ['--mode', 'user'],
    });
    await expect.poll(() => namesOf(daemon)).toEqual(['true']);
    for (let count = 0; count < 5; count++) {
      expect(await daemon.spoor('launch', 'true')).toMatchObject({ code: 0 });
    }
    expect(daemon.log).not.toContain('could not be attested');
  });
});

async function namesOf(daemon: RunningDaemon): Promise<readonly string[]> {
  const { stdout } = await daemon.spoor('launch-def', 'list', '--output', 'json');
  const { definitions } = JSON.parse(stdout) as {
    readonly definitions: readonly { readonly name: string }[];
  };
  return definitions.map(({ name }) => name);
}
