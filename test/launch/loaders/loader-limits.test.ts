import { spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LOADER_LIMITS } from '../../../src/launch/loaders/limits.js';
import { LOADER_FAILURE, type Loaded, type LoaderInput } from '../../../src/launch/loaders/loader.js';
import { loadWithNode } from '../../../src/launch/loaders/node.js';
import { loadWithPython } from '../../../src/launch/loaders/python.js';
import { loadWithBash, loadWithShell } from '../../../src/launch/loaders/shell.js';
import { loadedRun, plainRun, type RunOptions, type RunOutcome } from '../../fakes/loaded-script.js';
import { temporaryFolder } from '../../fakes/temporary-folder.js';

const NODE = process.execPath;
const answer = (command: string, ...args: readonly string[]): string =>
  (spawnSync(command, args, { encoding: 'utf8' }).stdout ?? '').trim();
const PYTHON = answer('python3', '-c', 'import sys; print(sys.executable)');
const OLD_PYTHON = answer('python3', '-c', 'import sys; print(sys.version_info < (3, 13))') === 'True';
const HAS_BASH = Number(answer('/bin/bash', '-c', 'echo $BASH_VERSINFO')) >= 5;

const pinned = new Set<string>();

/** Says which row the next test pins. */
function pins(of: string, beginning: string): void {
  const found = LOADER_LIMITS.filter((row) => row.of === of && row.limit.startsWith(beginning));
  if (found.length !== 1) throw new Error(`${found.length} limits of ${of} begin with ${beginning}`);
  pinned.add(`${of}: ${found[0]!.limit}`);
}

interface Both {
  readonly plain: RunOutcome;
  readonly loaded: RunOutcome;
  readonly path: string;
}

/** Runs a script from disk, then by its loader while the file holds something else. */
async function both(
  load: (input: LoaderInput) => Loaded,
  command: readonly string[],
  {
    name,
    script,
    onDisk = '',
    files = {},
  }: { name: string; script: string | Buffer; onDisk?: string; files?: Record<string, string> },
  options: RunOptions = {},
): Promise<Both> {
  await using folder = await temporaryFolder();
  const path = join(folder.path, name);
  for (const [file, contents] of Object.entries(files)) await writeFile(join(folder.path, file), contents);
  await writeFile(path, script);
  const argv = [...command.map((part) => part.replace('FOLDER', folder.path)), path];
  const plain = await plainRun(argv, options);
  await writeFile(path, onDisk);
  const input = { argv, scriptAt: argv.length - 1, scriptPath: path };
  return { plain, loaded: await loadedRun(load, input, script, options), path };
}

describe('what the loader of Node does not keep', () => {
  pins('Node', '`process.execArgv`');
  it('`process.execArgv` …', async () => {
    const { plain, loaded } = await both(loadWithNode, [NODE], {
      name: 's.cjs',
      script: 'console.log(process.execArgv)',
    });
    expect([plain.out, loaded.out]).toEqual(['[]\n', `[ '--disable-sigusr1' ]\n`]);
  });

  pins('Node', 'descriptors 3 and 4');
  it('descriptors 3 and 4 …', async () => {
    const script = `const { fstatSync } = require('node:fs'); const open = (n) => { try { return fstatSync(n).isFile(); } catch { return false; } };
      console.log([3, 4].map(open))`;
    const { plain, loaded } = await both(loadWithNode, [NODE], { name: 's.cjs', script });
    expect([plain.out, loaded.out]).toEqual(['[ false, false ]\n', '[ true, true ]\n']);
  });

  pins('Node', 'a worker thread');
  it('a worker thread …', async () => {
    const script = `const { Worker } = require('node:worker_threads'); const { fork } = require('node:child_process');
      const started = process.argv[2] === 'started', argv = ['started'];
      if (!started) new Worker(__filename, { execArgv: [], argv }).on('exit', () => fork(__filename, argv));`;
    const { loaded } = await both(loadWithNode, [NODE], {
      name: 's.cjs',
      script,
      onDisk: 'console.log("on disk")',
    });
    expect(loaded.out).toBe('on disk\non disk\n');
  });

  pins('Node', 'modules that the definition names');
  it('modules that the definition names …', async () => {
    const files = { 'first.cjs': 'console.log("first")' };
    const { loaded } = await both(
      loadWithNode,
      [NODE, '--require', 'FOLDER/first.cjs'],
      { name: 's.cjs', script: 'console.log("script")', files },
      { gate: '' },
    );
    expect(loaded).toMatchObject({ code: LOADER_FAILURE, out: 'first\n' });
  });

  pins('Node', '`require` does not look');
  it('`require` does not look …', async () => {
    await using home = await temporaryFolder();
    const module = join(home.path, '.node_modules', 'optional');
    await mkdir(module, { recursive: true });
    await writeFile(join(module, 'index.js'), 'module.exports = "found"');
    const script = `try { console.log(require('optional')) } catch { console.log(process.env.HOME) }`;
    const env = { HOME: home.path };
    const { plain, loaded } = await both(loadWithNode, [NODE], { name: 's.cjs', script }, { env });
    expect([plain.out, loaded.out]).toEqual(['found\n', `${home.path}\n`]);
  });

  pins('Node', 'hooks of');
  it('hooks of …', async () => {
    const files = {
      'hooks.mjs':
        'export const load = async (url, context, next) => ({ ...(await next(url, context)), ...(url.endsWith("s.mjs") && { source: "console.log(2)" }) });',
      'register.mjs': 'import { register } from "node:module"; register("./hooks.mjs", import.meta.url);',
    };
    const { plain, loaded } = await both(
      loadWithNode,
      [NODE, '--no-deprecation', '--import', 'FOLDER/register.mjs'],
      { name: 's.mjs', script: 'console.log(1)', files },
    );
    expect([plain.out, loaded.out]).toEqual(['2\n', '1\n']);
  });
});

describe.skipIf(PYTHON === '')('what the loader of Python does not keep', () => {
  pins('Python', 'processes that multiprocessing');
  it('processes that multiprocessing …', async () => {
    const script = (word: string): string => `import multiprocessing as mp
print("${word}", __name__, flush=True)
def work(): pass
if __name__ == '__main__':
    mp.set_start_method('spawn'); child = mp.Process(target=work); child.start(); child.join()`;
    const { loaded } = await both(loadWithPython, [PYTHON], {
      name: 's.py',
      script: script('measured'),
      onDisk: script('disk'),
    });
    expect(loaded.out).toBe('measured __main__\ndisk __mp_main__\n');
  });

  pins('Python', 'two frames');
  it('two frames …', async () => {
    const script = 'import sys\nf = sys._getframe()\nn = 0\nwhile f := f.f_back: n += 1\nprint(n)';
    const { plain, loaded } = await both(loadWithPython, [PYTHON], { name: 's.py', script });
    expect([plain.out, loaded.out]).toEqual(['0\n', '2\n']);
  });

  pins('Python', '`linecache`');
  it('`linecache` …', async () => {
    const { loaded } = await both(loadWithPython, [PYTHON, '-S'], {
      name: 's.py',
      script: 'import sys; print("linecache" in sys.modules)',
    });
    expect(loaded.out).toBe('True\n');
  });

  pins('Python', 'up to 3.12');
  it.skipIf(!OLD_PYTHON)('up to 3.12 …', async () => {
    const script = 'import threading\nthreading.Thread(target=lambda: 1 / 0).start()';
    const { plain, loaded } = await both(loadWithPython, [PYTHON], {
      name: 's.py',
      script,
      onDisk: '\n# another line\n',
    });
    expect([plain.err, loaded.err]).toEqual([
      expect.stringContaining('lambda: 1 / 0'),
      expect.stringContaining('# another line'),
    ]);
  });

  pins('Python', 'a script that cannot be decoded');
  it('a script that cannot be decoded …', async () => {
    const script = Buffer.from('print("\xe9")\n', 'latin1');
    const { plain, loaded } = await both(loadWithPython, [PYTHON], { name: 's.py', script });
    expect([plain.code, loaded.code]).toEqual([1, 1]);
    expect(loaded.err).toMatch(/^ {2}File .*SyntaxError: /su);
    expect(plain.err).not.toBe(loaded.err);
  });

  pins('Python', 'packages that the user');
  it('packages that the user …', async () => {
    await using home = await temporaryFolder();
    const env = { HOME: home.path, PYTHONUSERBASE: home.path };
    const script =
      'import site, sys; print(bool(site.ENABLE_USER_SITE), "-s" in getattr(sys, "orig_argv", []))';
    const { plain, loaded } = await both(loadWithPython, [PYTHON], { name: 's.py', script }, { env });
    expect([plain.out, loaded.out]).toEqual(['True False\n', 'False False\n']);
  });

  pins('Python', 'zip archives');
  it('zip archives …', async () => {
    const { loaded } = await both(loadWithPython, [PYTHON], { name: 's.pyz', script: 'PK\x05\x06\0' });
    expect(loaded.code).toBe(LOADER_FAILURE);
  });

  pins('Python', '`sitecustomize`');
  it('`sitecustomize` …', async () => {
    await using folder = await temporaryFolder();
    spawnSync(PYTHON, ['-m', 'venv', '--without-pip', folder.path]);
    const python = join(folder.path, 'bin', 'python');
    const site = answer(python, '-c', 'import site; print(site.getsitepackages()[0])');
    await writeFile(join(site, 'first.pth'), 'import os; os.write(1, b"first")\n');
    const { loaded } = await both(
      loadWithPython,
      [python],
      { name: 's.py', script: 'print(1)' },
      { gate: '' },
    );
    expect(loaded).toMatchObject({ code: LOADER_FAILURE, out: expect.stringContaining('first') });
  });
});

describe.skipIf(!HAS_BASH)('what the loader of bash does not keep', () => {
  pins('bash', '`BASH_SOURCE`');
  it('`BASH_SOURCE` …', async () => {
    const script = 'echo "${BASH_SOURCE[0]} $0"\nnosuch';
    const { plain, loaded, path } = await both(loadWithBash, ['/bin/bash'], { name: 's.sh', script });
    expect([plain.out, loaded.out]).toEqual([`${path} ${path}\n`, `/proc/self/fd/4 ${path}\n`]);
    expect(loaded.err).toBe('/proc/self/fd/4: line 2: nosuch: command not found\n');
  });

  pins('bash', 'with `-x`');
  it('with `-x` …', async () => {
    const { plain, loaded } = await both(loadWithBash, ['/bin/bash', '-x'], {
      name: 's.sh',
      script: 'echo 1',
    });
    expect([plain.err, loaded.err]).toEqual(['+ echo 1\n', expect.stringContaining('BASH_ARGV0')]);
  });

  pins('bash', 'what stands behind a NUL');
  it('what stands behind a NUL …', async () => {
    const { plain, loaded } = await both(loadWithBash, ['/bin/bash'], {
      name: 's.sh',
      script: 'echo 1\n\necho a\0b\necho 2\n',
    });
    expect([plain.out.endsWith('2\n'), loaded.out]).toEqual([true, '1\na\n']);
  });

  pins('bash', 'before 5.0');
  it('before 5.0 …', async () => {
    const script = 'case $- in *c*) echo c;; esac\nreturn 3 2>/dev/null\necho on';
    const { plain, loaded } = await both(loadWithShell, ['/bin/bash'], { name: 's.sh', script });
    expect([plain.out, loaded.out, loaded.code]).toEqual(['on\n', 'c\n', 3]);
  });
});

describe('what the loader of sh does not keep', () => {
  pins('sh', '`$-`');
  it('`$-` …', async () => {
    const { plain, loaded, path } = await both(loadWithShell, ['/bin/sh'], {
      name: 's.sh',
      script: 'nosuch',
    });
    expect(plain.err.startsWith(path)).toBe(true);
    expect(loaded.err).toMatch(/eval: nosuch|\/proc\/self\/fd\/4: .*nosuch/u);
  });

  pins('sh', 'with `-x`');
  it('with `-x` …', async () => {
    const { plain, loaded } = await both(loadWithShell, ['/bin/sh', '-x'], {
      name: 's.sh',
      script: 'echo 1',
    });
    expect([plain.err, loaded.err]).toEqual(['+ echo 1\n', expect.stringContaining('/proc/self/fd/4')]);
  });
});

it('pins every limit that is told', () => {
  expect(pinned).toEqual(new Set(LOADER_LIMITS.map(({ of, limit }) => `${of}: ${limit}`)));
});
