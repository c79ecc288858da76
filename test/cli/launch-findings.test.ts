import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Finding } from '../../src/cli/checks/finding.js';
import { launchFindings } from '../../src/cli/checks/launch-findings.js';
import type { LaunchDefinition } from '../../src/launch/definitions/definition.js';
import { Accounts } from '../../src/measurement/accounts.js';
import { aDefinition } from '../fakes/a-definition.js';
import { temporaryFolder } from '../fakes/temporary-folder.js';

const NOBODY = { users: [], groups: [], spiffeIds: [] };

async function bench() {
  const folder = await temporaryFolder();
  const file = (name: string): string => join(folder.path, name);
  await writeFile(file('passwd'), 'root:x:0:0::/root:/bin/sh\nalice:x:1000:1000::/home/alice:/bin/sh\n');
  await writeFile(file('group'), 'agents:x:50:\n');
  await writeFile(file('program'), '#!/bin/sh\n', { mode: 0o755 });
  const found = async (
    wish: Partial<LaunchDefinition>,
    mode: 'root' | 'user' = 'user',
  ): Promise<readonly Finding[]> =>
    launchFindings([aDefinition({ command: [file('program')], ...wish })], mode, new Accounts(folder.path));
  return { file, found, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

function brief(findings: readonly Finding[]): readonly string[] {
  return findings.map(({ severity, message }) => `${severity} ${message}`);
}

describe('launchFindings', () => {
  it('has nothing to say of a definition whose program, users, secrets and folder are there', async () => {
    await using at = await bench();
    const found = await at.found({
      mayLaunch: { users: ['alice', '4242'], groups: ['agents', '4242'], spiffeIds: [] },
      runAs: '1000',
      secrets: [
        { name: 'token', file: at.file('passwd') },
        { name: 'key', credential: 'key' },
      ],
      cwd: '/',
    });
    expect(found).toEqual([]);
    expect(await at.found({ command: ['npx', 'server@1.2.3'], cwd: 'caller' }, 'root')).toEqual([]);
  });

  it('finds each thing that would fail, with the place of the definition', async () => {
    await using at = await bench();
    const found = await at.found({
      command: [at.file('none')],
      mayLaunch: { users: ['alice', 'eve'], groups: ['staff'], spiffeIds: [] },
      runAs: 'bob',
      secrets: [
        { name: 'token', file: at.file('passwd/none') },
        { name: 'other', file: '/' },
      ],
      cwd: at.file('passwd'),
      source: { kind: 'file', file: '/etc/spoor/launch.d/x.yaml', line: 7 },
    });
    expect(brief(found)).toEqual([
      `error researcher: command: there is no ${at.file('none')}`,
      'error researcher: run_as: there is no user bob in /etc/passwd',
      'error researcher: may_launch: there is no user eve in /etc/passwd',
      'error researcher: may_launch: there is no group staff in /etc/group',
      `error researcher: secrets: token: there is no ${at.file('passwd/none')}`,
      'error researcher: secrets: other: / is not a file',
      `error researcher: cwd: ${at.file('passwd')} is not a folder`,
    ]);
    for (const { file, line, remedy } of found) {
      expect([file, line]).toEqual(['/etc/spoor/launch.d/x.yaml', 7]);
      expect(remedy).toMatch(/\.$/u);
    }
  });

  it('finds a program that is no executable file', async () => {
    await using at = await bench();
    for (const path of [at.file('passwd'), '/']) {
      expect(brief(await at.found({ command: [path] }))).toEqual([
        `error researcher: command: ${path} is not an executable file`,
      ]);
    }
  });

  it('says what it cannot look at, and does not call that a fault', async () => {
    await using at = await bench();
    const [one, other] = [at.file('one'), at.file('other')];
    await symlink(other, one);
    await symlink(one, other);
    expect(brief(await at.found({ command: [one] }))).toEqual([
      `warning researcher: command: ${one} cannot be looked at: ELOOP`,
    ]);
  });

  it.each([
    ['named by name', { runAs: 'root' }, 'run_as: it would run as root'],
    ['named by number', { runAs: '0' }, 'run_as: it would run as root'],
    ['alone', { mayLaunch: NOBODY }, 'may_launch: only root may launch it, so it would run as root'],
  ])('finds in root mode what would run as root: %s', async (_, wish, message) => {
    await using at = await bench();
    const isOfUser = ({ message }: Finding): boolean => !message.includes('command:');
    const inRootMode = (await at.found(wish, 'root')).filter(isOfUser);
    expect(brief(inRootMode)).toEqual([`error researcher: ${message}`]);
    expect(await at.found(wish, 'user')).toEqual([]);
  });

  it('warns in root mode of a program that others could change, behind a link too', async () => {
    await using at = await bench();
    await mkdir(at.file('bin'));
    await symlink(at.file('program'), at.file('bin/link'));
    for (const program of [at.file('program'), at.file('bin/link')]) {
      expect(brief(await at.found({ command: [program] }, 'root'))).toEqual([
        expect.stringMatching(
          /^warning researcher: command: (?:uid \d+ owns|everybody may write to) \/\S+, so it will run from a copy in memory$/u,
        ),
      ]);
      expect(await at.found({ command: [program] }, 'user')).toEqual([]);
    }
    await chmod(at.file('program'), 0o777);
    const [finding] = await at.found({ command: [at.file('program')] }, 'root');
    expect(finding?.message).toContain(at.file('program'));
  });

  it('does not warn of a program that only root can change, wherever a link to it lies', async () => {
    await using at = await bench();
    await symlink('/bin/sh', at.file('link'));
    for (const program of ['/bin/sh', at.file('link')]) {
      expect(await at.found({ command: [program] }, 'root')).toEqual([]);
    }
  });
});
