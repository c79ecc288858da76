import { chmodSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { asDaemon } from '../../../src/kernel/file-rights.js';
import { commandOf } from '../../../src/launch/measuring/command.js';
import type { LaunchDefinition } from '../../../src/launch/definitions/definition.js';
import { aDefinition } from '../../fakes/a-definition.js';
import { temporaryFolder } from '../../fakes/temporary-folder.js';

async function bench() {
  const folder = await temporaryFolder();
  return {
    /** Makes a file that may be executed. */
    file: (name: string, text: string): string => {
      const path = join(folder.path, name);
      writeFileSync(path, text);
      chmodSync(path, 0o755);
      return path;
    },
    commandOf: async (wish: Partial<LaunchDefinition>) =>
      await commandOf(aDefinition(wish), folder.path, asDaemon),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

describe('the command of a definition', () => {
  it('is its command and its arguments', async () => {
    await using at = await bench();
    const found = await at.commandOf({ command: ['/bin/sh', '-e'], args: ['/opt/x', 'y'] });
    expect(found).toEqual({ argv: ['/bin/sh', '-e', '/opt/x', 'y'], pin: undefined });
  });

  it('is the interpreter that the first line of a script names, and then the script', async () => {
    await using at = await bench();
    const script = at.file('agent', '#!/bin/sh -e\n');
    const { argv } = await at.commandOf({ command: [script, 'one'], args: ['two'] });
    expect(argv).toEqual(['/bin/sh', '-e', script, 'one', 'two']);
  });

  it('is what env would execute, in the command and in a first line', async () => {
    await using at = await bench();
    const script = at.file('agent', '#!/usr/bin/env sh\n');
    const { argv } = await at.commandOf({ command: [script] });
    expect([argv.map((part) => realpathSync(part)), argv[1]]).toEqual([
      [realpathSync('/bin/sh'), realpathSync(script)],
      script,
    ]);
    const plain = await at.commandOf({ command: ['/usr/bin/env', 'sh', '-c', 'true'] });
    expect(plain.argv.slice(1)).toEqual(['-c', 'true']);
    expect(realpathSync(plain.argv[0] ?? '')).toBe(realpathSync('/bin/sh'));
  });

  it('is env itself where that has work of its own', async () => {
    await using at = await bench();
    const command = ['/usr/bin/env', 'A=b', 'sh'];
    expect((await at.commandOf({ command })).argv).toEqual(command);
    const absent = ['/usr/bin/env', 'no-such-command'];
    expect((await at.commandOf({ command: absent })).argv).toEqual(absent);
  });

  it.each([
    ['a first line that cannot be followed', '#!sh\n', /names no interpreter by an absolute path/],
    ['an env that finds nothing', '#!/usr/bin/env no-such-command\n', /env finds no "no-such-command"/],
  ])('is none with %s', async (_what, text, why) => {
    await using at = await bench();
    await expect(at.commandOf({ command: [at.file('agent', text)] })).rejects.toMatchObject({
      code: 'LAUNCH_FAILED',
      message: expect.stringMatching(why),
    });
  });

  it('is none where there is no such program', async () => {
    await using at = await bench();
    await expect(at.commandOf({ command: ['/nowhere/agent'] })).rejects.toMatchObject({
      code: 'LAUNCH_FAILED',
      message: 'there is no program /nowhere/agent',
    });
  });
});
