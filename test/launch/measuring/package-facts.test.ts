import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LOCK_FILES, packageFacts } from '../../../src/launch/measuring/package-facts.js';
import { asDaemon } from '../../../src/kernel/file-rights.js';
import { temporaryFolder } from '../../fakes/temporary-folder.js';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** What is found for `script` in a folder with these files. */
async function factsOf(script: string, files: Readonly<Record<string, string>>): Promise<unknown> {
  await using folder = await temporaryFolder();
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder.path, path)), { recursive: true });
    await writeFile(join(folder.path, path), text);
  }
  const facts = await packageFacts(join(folder.path, script), asDaemon);
  return JSON.parse(JSON.stringify(facts).replaceAll(folder.path, 'FOLDER'));
}

const PACKAGE = '{"name": "@acme/agent", "version": "1.2.3"}';

describe('the lock file beside a script', () => {
  it.each(LOCK_FILES)('is %s', async (name) => {
    expect(await factsOf('app/a.js', { [`app/${name}`]: 'locked' })).toEqual({
      lock: { path: `FOLDER/app/${name}`, sha256: sha256('locked') },
      problems: [],
    });
  });

  it('is the first of those that are there, and none of a folder above', async () => {
    const all = Object.fromEntries(LOCK_FILES.map((name) => [name, name]));
    expect(await factsOf('a.py', all)).toMatchObject({ lock: { path: 'FOLDER/package-lock.json' } });
    expect(await factsOf('app/a.py', all)).toEqual({ problems: [] });
  });

  it('is a problem when it is too large or no file, and no other takes its place', async () => {
    await using folder = await temporaryFolder();
    const lock = join(folder.path, 'package-lock.json');
    await writeFile(lock, '');
    await writeFile(join(folder.path, 'uv.lock'), 'other');
    await truncate(lock, 64 * 1024 * 1024 + 1);
    expect(await packageFacts(join(folder.path, 'a.js'), asDaemon)).toEqual({
      lock: undefined,
      package: undefined,
      problems: [`${lock} cannot be read (it has 67108865 bytes, allowed are 67108864)`],
    });
  });

  it('does not wait for the writer of a pipe', async () => {
    await using folder = await temporaryFolder();
    execFileSync('mkfifo', [join(folder.path, 'uv.lock')]);
    expect((await packageFacts(join(folder.path, 'a.js'), asDaemon)).problems).toEqual([
      `${join(folder.path, 'uv.lock')} cannot be read (it is no regular file)`,
    ]);
  });
});

describe('the package of a script', () => {
  it.each([
    ['beside it', 'a.js', { 'package.json': PACKAGE }],
    ['above', 'dist/bin/a.js', { 'package.json': PACKAGE }],
    [
      'above one without a name',
      'dist/cjs/a.js',
      { 'package.json': PACKAGE, 'dist/cjs/package.json': '{"type": "module"}' },
    ],
    ['above one that is broken', 'dist/a.js', { 'package.json': PACKAGE, 'dist/package.json': '{' }],
    [
      'in node_modules',
      'node_modules/@acme/agent/cli.js',
      { 'node_modules/@acme/agent/package.json': PACKAGE },
    ],
  ])('is that of the nearest package.json: %s', async (_, script, files) => {
    expect(await factsOf(script, files as Record<string, string>)).toEqual({
      package: '@acme/agent@1.2.3',
      problems: [],
    });
  });

  it.each([
    ['[project]\nname = "agent"\nversion = "2.0"\n'],
    [
      "[build-system]\nname = 'no'\n[project] # here\n  version='2.0' # now\nname =\t'agent'\n\n[tool.x]\nname = 'no'\n",
    ],
    ['[project]\r\nname = "agent"\r\nversion = "2.0"\r\n[other]\r\n'],
  ])('is that of pyproject.toml: %j', async (text) => {
    expect(await factsOf('src/a.py', { 'pyproject.toml': text })).toMatchObject({ package: 'agent@2.0' });
  });

  it.each([
    ['a name alone', { 'package.json': '{"name": "a"}' }],
    ['a version that is no text', { 'package.json': '{"name": "a", "version": 1}' }],
    ['a name with other characters', { 'package.json': '{"name": "a b", "version": "1"}' }],
    ['a name that would forge a version', { 'package.json': '{"name": "a@2", "version": "1"}' }],
    ['a name with a line end', { 'package.json': '{"name": "a\\n", "version": "1"}' }],
    ['a list', { 'package.json': '[]' }],
    ['null', { 'package.json': 'null' }],
    [
      'a dynamic version',
      { 'pyproject.toml': '[project]\nname = "a"\ndynamic = ["version"]\n[tool]\nversion = "1"' },
    ],
    ['another table', { 'pyproject.toml': '[tool.poetry]\nname = "a"\nversion = "1"' }],
    ['an escape', { 'pyproject.toml': '[project]\nname = "\\u0061"\nversion = "1"' }],
  ])('is not there for %s', async (_, files) => {
    expect(await factsOf('a.js', files as Record<string, string>)).toEqual({ problems: [] });
  });

  it('is not looked for beyond node_modules', async () => {
    const files = { 'package.json': PACKAGE, 'node_modules/other/x': '' };
    expect(await factsOf('node_modules/other/cli.js', files)).toEqual({ problems: [] });
  });

  it('is that of the distribution that lists the command of a virtual environment', async () => {
    const packages = 'venv/lib/python3.12/site-packages';
    const files = {
      [`${packages}/other-1.0.dist-info/RECORD`]: '../../../bin/agent-other,sha256=x,1\n',
      [`${packages}/my_agent-3.1.4.dist-info/RECORD`]: 'my_agent.py,,\n../../../bin/agent,sha256=x,1\n',
    };
    expect(await factsOf('venv/bin/agent', files)).toEqual({ package: 'my-agent@3.1.4', problems: [] });
    expect(await factsOf('venv/bin/nothing', files)).toEqual({ problems: [] });
  });
});
