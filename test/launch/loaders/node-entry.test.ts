import { mkdir, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { GATE_CLOSED, LOADER_FAILURE, NOT_STARTED } from '../../../src/launch/loaders/loader.js';
import { loadWithNode } from '../../../src/launch/loaders/node.js';
import { loadedRun, plainRun, type RunOptions, type RunOutcome } from '../../fakes/loaded-script.js';
import { temporaryFolder } from '../../fakes/temporary-folder.js';

const NODE = process.execPath;
const EVIL = 'console.log("EVIL")';

/** Runs a script whose file has other contents by then. */
async function launched(
  path: string,
  script: string,
  nodeArgs: readonly string[] = [],
  options: RunOptions = {},
): Promise<RunOutcome> {
  await writeFile(path, EVIL);
  return await run(path, path, script, nodeArgs, options);
}

async function run(
  named: string,
  scriptPath: string,
  script: string,
  nodeArgs: readonly string[] = [],
  options: RunOptions = {},
): Promise<RunOutcome> {
  const argv = [NODE, ...nodeArgs, named, 'argument'];
  return await loadedRun(loadWithNode, { argv, scriptAt: argv.indexOf(named), scriptPath }, script, options);
}

describe('the entry of a launched Node', () => {
  it.each(['mjs', 'cjs'])(
    'is the file that was measured, wherever its path leads by then (%s)',
    async (kind) => {
      await using folder = await temporaryFolder();
      const [real, link, evil] = ['real', 'link', 'evil'].map((name) => join(folder.path, `${name}.${kind}`));
      await writeFile(evil!, EVIL);
      await symlink(evil!, link!);
      await symlink(evil!, real!);
      const say = kind === 'mjs' ? 'import.meta.filename' : '__filename';
      const outcome = await run(link!, real!, `console.log(${say}, process.argv[1])`);
      expect(outcome).toEqual({ code: 0, signal: null, out: `${real!} ${link!}\n`, err: '' });
    },
  );

  it.each(['mjs', 'cjs'])('runs although the file, or its folder, is gone (%s)', async (kind) => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'gone', `script.${kind}`);
    expect(await run(path, path, 'console.log(1)')).toMatchObject({ code: 0, out: '1\n', err: '' });
  });

  it('keeps measured bytes when the parent folder is another one by then', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'app', 'script.cjs');
    await mkdir(join(folder.path, 'app'));
    await rename(join(folder.path, 'app'), join(folder.path, 'old'));
    await mkdir(join(folder.path, 'app'));
    expect(await launched(path, 'console.log(__dirname)')).toMatchObject({
      out: `${join(folder.path, 'app')}\n`,
    });
  });

  it('finds the format of the measured bytes, not of those on disk', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'script.js');
    await writeFile(path, 'require("node:fs")');
    expect(await run(path, path, 'import "node:fs"; console.log(import.meta.url)')).toMatchObject({
      code: 0,
    });
    await writeFile(path, 'import "node:fs"');
    expect(await run(path, path, 'require("node:fs"); console.log(1)')).toMatchObject({
      code: 0,
      out: '1\n',
    });
  });

  it('is what worker threads of the same file run, too', async () => {
    await using folder = await temporaryFolder();
    const script = (open: string, here: string): string =>
      `${open}; if (isMainThread) new Worker(${here}).on('message', (said) => console.log('main hears', said));
       else parentPort.postMessage([process.execArgv.length, process.argv.length, typeof require])`;
    const module = script(
      `import { Worker, isMainThread, parentPort } from 'node:worker_threads'`,
      'new URL(import.meta.url)',
    );
    const common = script(
      `const { Worker, isMainThread, parentPort } = require('node:worker_threads')`,
      '__filename',
    );
    expect(await launched(join(folder.path, 'w.mjs'), module)).toMatchObject({
      out: `main hears [ 1, 2, 'undefined' ]\n`,
      err: '',
    });
    expect(await launched(join(folder.path, 'w.cjs'), common)).toMatchObject({
      out: `main hears [ 1, 2, 'function' ]\n`,
      err: '',
    });
  });

  it('lets other worker threads and forked processes start as usual', async () => {
    await using folder = await temporaryFolder();
    await writeFile(
      join(folder.path, 'child.cjs'),
      'console.log(process.execArgv, process.argv.slice(2), require.main === module)',
    );
    const script = `
      import { fork } from 'node:child_process'; import { once } from 'node:events'; import { Worker } from 'node:worker_threads';
      await once(fork(new URL('./child.cjs', import.meta.url), ['forked']), 'exit');
      await once(new Worker(new URL('./child.cjs', import.meta.url), { argv: ['thread'] }), 'exit');`;
    expect(await launched(join(folder.path, 'script.mjs'), script)).toMatchObject({
      out: `[ '--disable-sigusr1' ] [ 'forked' ] true\n[ '--disable-sigusr1' ] [ 'thread' ] true\n`,
      err: '',
    });
  });

  it.each(['inline', 'beside'])('has source maps in its stacks (%s)', async (kind) => {
    await using folder = await temporaryFolder();
    const map = JSON.stringify({ version: 3, sources: ['original.ts'], names: [], mappings: 'AAAA;AAUA' });
    const url =
      kind === 'inline'
        ? `data:application/json;base64,${Buffer.from(map).toString('base64')}`
        : 'script.mjs.map';
    const path = join(folder.path, 'script.mjs');
    await writeFile(`${path}.map`, map);
    const script = `const a = 1;\nconsole.log(new Error('x').stack);\n//# sourceMappingURL=${url}\n`;
    await writeFile(path, script);
    const plain = await plainRun([NODE, '--enable-source-maps', path]);
    expect(plain.out).toContain('original.ts:11');
    expect((await launched(path, script, ['--enable-source-maps'])).out).toBe(plain.out);
  });

  it('passes no descriptor of the launch to the programs that it starts', async () => {
    await using folder = await temporaryFolder();
    const script = `require('node:child_process').execFileSync('/bin/ls', ['/proc/self/fd'], { stdio: 'inherit' })`;
    const path = join(folder.path, 's.cjs');
    await writeFile(path, script);
    const plain = await plainRun([NODE, path]);
    expect(plain.out).toContain('2\n');
    expect((await launched(path, script)).out).toBe(plain.out);
  });

  it('is wrapped by hooks that the definition itself loads', async () => {
    await using folder = await temporaryFolder();
    const hooks = `import { registerHooks } from 'node:module';
      registerHooks({ load: (url, context, next) => {
        const loaded = next(url, context);
        return url.includes('s.mjs') ? { ...loaded, source: 'console.log("hooked");' + loaded.source } : loaded;
      } });`;
    await writeFile(join(folder.path, 'hooks.mjs'), hooks);
    const outcome = await launched(join(folder.path, 's.mjs'), 'console.log(1)', [
      '--import',
      join(folder.path, 'hooks.mjs'),
    ]);
    expect(outcome).toMatchObject({ out: 'hooked\n1\n', err: '' });
  });
});

describe('the loader of Node', () => {
  it.each([
    ['nothing', ''],
    ['another word', 'stop\n'],
    ['half a word', 'g'],
  ])('runs nothing when the gate says %s', async (_, gate) => {
    await using folder = await temporaryFolder();
    const outcome = await launched(join(folder.path, 's.mjs'), 'console.log(1)', [], { gate });
    expect(outcome).toEqual({
      code: LOADER_FAILURE,
      signal: null,
      out: '',
      err: `${NOT_STARTED} ${GATE_CLOSED}\n`,
    });
  });

  it('runs nothing when Node takes another element for the script', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 's.mjs');
    await writeFile(path, EVIL);
    const argv = [NODE, '--title', path, path];
    const outcome = await loadedRun(
      loadWithNode,
      { argv: [NODE, path, '/x'], scriptAt: 2, scriptPath: '/x' },
      '1',
    );
    expect(outcome).toMatchObject({ code: LOADER_FAILURE, out: '' });
    expect(outcome.err).toBe(`spoor: not started: Node takes ${path} for the script, not /x\n`);
    expect(await loadedRun(loadWithNode, { argv, scriptAt: 3, scriptPath: path }, '1')).toMatchObject({
      code: 0,
    });
  });

  it('loads no addon as a script', async () => {
    await using folder = await temporaryFolder();
    const outcome = await launched(join(folder.path, 's.node'), 'console.log(1)');
    expect(outcome).toMatchObject({
      code: LOADER_FAILURE,
      out: '',
      err: 'spoor: not started: an addon is no script\n',
    });
  });

  it('shows a short bootstrap in the list of processes', () => {
    const { argv } = loadWithNode({
      argv: [NODE, '/s/x.js'],
      scriptAt: 1,
      scriptPath: '/s/x.js',
      descriptors: { script: 3, loader: 4, gate: 5 },
    });
    expect(argv.join(' ').length - NODE.length).toBeLessThan(280);
    expect(argv.slice(-1)).toEqual(['/s/x.js']);
  });
});
