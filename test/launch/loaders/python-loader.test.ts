import { spawnSync } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { GATE_CLOSED, LOADER_FAILURE, NOT_STARTED } from '../../../src/launch/loaders/loader.js';
import { loadWithPython } from '../../../src/launch/loaders/python.js';
import { loadedRun, plainRun, type RunOptions, type RunOutcome } from '../../fakes/loaded-script.js';
import { temporaryFolder } from '../../fakes/temporary-folder.js';

const found = spawnSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' });
const PYTHON = (found.stdout ?? '').trim();
const EVIL = 'print("EVIL")\n'.repeat(9);

interface Case {
  readonly name: string;
  readonly script: string | Buffer;
  readonly pythonArgs?: readonly string[];
  readonly files?: Readonly<Record<string, string>>;
}

/** Runs a script as Python does, then with other contents on disk as a launch does. */
async function both(
  { script, pythonArgs = [], files = {} }: Case,
  options: RunOptions = {},
): Promise<{ readonly plain: RunOutcome; readonly loaded: RunOutcome }> {
  await using folder = await temporaryFolder();
  const path = join(folder.path, 'script.py');
  for (const [file, contents] of Object.entries(files)) {
    await mkdir(dirname(join(folder.path, file)), { recursive: true });
    await writeFile(join(folder.path, file), contents);
  }
  await writeFile(path, script);
  const argv = [PYTHON, ...pythonArgs, path, 'an argument', '--flag'];
  const plain = await plainRun(argv, options);
  await writeFile(path, EVIL);
  const input = { argv, scriptAt: argv.indexOf(path), scriptPath: path };
  const loaded = await loadedRun(loadWithPython, input, script, options);
  return { plain, loaded };
}

const GLOBALS = `
print({name: type(value) if name in ('__builtins__', '__loader__') else value for name, value in globals().items()})
import sys
print(sys.argv, sys.path, sys.flags, sys.executable, sys.prefix, getattr(sys, 'orig_argv', None))
print(__loader__.name, __loader__.path, sys.excepthook is sys.__excepthook__, sys.warnoptions, sys._xoptions)
print(sys.modules['__main__'].__dict__ is globals(), __debug__, sys.dont_write_bytecode)
`;

const CASES: readonly Case[] = [
  { name: 'globals, arguments, path', script: GLOBALS },
  ...['-I', '-E', '-u', '-O', '-OO', '-B', '-s', '-S', '-IS', '-Xdev'].map((flag) => ({
    name: `globals with ${flag}`,
    script: GLOBALS,
    pythonArgs: [flag],
  })),
  { name: 'globals with -W and -X', script: GLOBALS, pythonArgs: ['-W', 'error', '-X', 'utf8'] },
  {
    name: 'modules beside it',
    script: 'import lib, package.inner; print(lib.x, package.inner.y, lib.__file__)',
    files: { 'lib.py': 'x = 42', 'package/inner.py': 'y = 7' },
  },
  {
    name: 'its docstring and annotations',
    script: '"""Doc."""\nx: int = 1\nprint(__doc__, __annotations__)',
  },
  { name: 'an uncaught exception', script: 'def f(n):\n    raise ValueError(n)  # here\n\nf(1)' },
  {
    name: 'a chain of exceptions',
    script: 'try:\n    {}["a"]\nexcept KeyError as error:\n    raise RuntimeError("no") from error',
  },
  {
    name: 'a caught exception with its lines',
    script:
      'import traceback\ntry:\n    1 / 0  # this line\nexcept ZeroDivisionError:\n    traceback.print_exc()',
  },
  { name: 'a syntax error', script: 'x = 1\nif x\n    pass' },
  {
    name: 'a warning of the compiler',
    script: 'print("\\d" + "x")\nassert (1, 2)',
    pythonArgs: ['-W', 'always'],
  },
  { name: 'a warning with its line', script: 'import warnings\nwarnings.warn("careful")  # line' },
  { name: 'exit codes', script: 'import sys\nsys.exit(7)' },
  { name: 'an exit with words', script: 'raise SystemExit("words")' },
  { name: 'exit handlers', script: 'import atexit, sys\natexit.register(print, "bye")\n1 / 0' },
  {
    name: 'an interrupt',
    script: 'import os, signal\nos.kill(os.getpid(), signal.SIGINT)\nimport time; time.sleep(5)',
  },
  {
    name: 'termination',
    script: 'import os, signal\nos.kill(os.getpid(), signal.SIGTERM)\nimport time; time.sleep(5)',
  },
  {
    name: 'a hook of its own',
    script:
      'import sys\nsys.excepthook = lambda *a: print("hook", a[1], sys.excepthook.__name__)\nraise ValueError("x")',
  },
  { name: 'standard input', script: 'import sys\nprint(sys.stdin.read(), input)' },
  {
    name: 'an encoding of PEP 263',
    script: Buffer.from('# coding: latin-1\nprint(ascii("\xe9"))\n', 'latin1'),
  },
  { name: 'a byte order mark', script: '\uFEFFprint("\u00e9")' },
  { name: 'a first line with an interpreter', script: '#!/usr/bin/env python3\nprint(1)' },
  {
    name: 'lines that end as on Windows',
    script: 'x = """a\r\nb"""\r\nprint(repr(x))\r\nraise ValueError(x)',
  },
  {
    name: 'future imports',
    script: 'from __future__ import annotations\ndef f(x: y): pass\nprint(f.__annotations__)',
  },
  {
    name: 'pickles of its classes',
    script: 'import pickle\nclass C:\n    x = 1\nprint(pickle.loads(pickle.dumps(C())).x, C.__module__)',
  },
  {
    name: 'sources of its own functions',
    script: 'import inspect\ndef f():\n    return 1  # mine\nprint(inspect.getsource(f), inspect.getfile(f))',
  },
  {
    name: 'forked processes',
    script: `import multiprocessing as mp
def work(queue): queue.put(__name__)
if __name__ == '__main__':
    mp.set_start_method('fork'); queue = mp.Queue()
    child = mp.Process(target=work, args=(queue,)); child.start(); print(queue.get()); child.join(); print(child.exitcode)`,
  },
  {
    name: 'the descriptors that children get',
    script: 'import os\nos.system("ls /proc/self/fd")',
  },
  {
    name: 'asynchronous work',
    script: 'import asyncio\nasync def main(): print(await asyncio.sleep(0, 5))\nasyncio.run(main())',
  },
];

describe.skipIf(PYTHON === '')('a script that Python runs from its descriptor', () => {
  it.each(CASES)('is as it would be from disk: $name', async (given) => {
    const { plain, loaded } = await both(given, { input: 'some input' });
    // A limit that is told: `-s`.
    const isShut = (text: string): string => text.replace('no_user_site=0', 'no_user_site=1');
    expect(loaded).toEqual({ ...plain, out: isShut(plain.out) });
  });

  it.each(['spawn', 'forkserver'])('lets processes start by %s, from the file on disk', async (method) => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'script.py');
    const script = (word: string): string => `import multiprocessing as mp
def work(queue): queue.put(("${word}", __name__))
if __name__ == '__main__':
    mp.set_start_method('${method}'); queue = mp.Queue()
    child = mp.Process(target=work, args=(queue,)); child.start(); print(queue.get(timeout=10)); child.join(); print(child.exitcode)`;
    await writeFile(path, script('on disk'));
    const outcome = await loadedRun(
      loadWithPython,
      { argv: [PYTHON, path], scriptAt: 1, scriptPath: path },
      script('measured'),
    );
    expect(outcome).toEqual({ code: 0, signal: null, out: "('on disk', '__mp_main__')\n0\n", err: '' });
  });

  it('belongs to the virtual environment that the command line names', async () => {
    await using folder = await temporaryFolder();
    spawnSync(PYTHON, ['-m', 'venv', '--without-pip', join(folder.path, 'venv')]);
    const python = join(folder.path, 'venv', 'bin', 'python');
    const path = join(folder.path, 'script.py');
    const script = 'import sys; print(sys.prefix, sys.executable, sys.prefix == sys.base_prefix, sys.path)';
    await writeFile(path, script);
    const plain = await plainRun([python, path]);
    expect(plain.out).toContain(join(folder.path, 'venv'));
    await writeFile(path, EVIL);
    const input = { argv: [python, path], scriptAt: 1, scriptPath: path };
    // The launched file is the measured one, behind all symbolic links; only its name tells of the environment.
    expect(await loadedRun(loadWithPython, input, script, { executable: PYTHON })).toEqual(plain);
  });

  it('imports from the folder of the file that its symbolic link leads to, and is called by the link', async () => {
    await using folder = await temporaryFolder();
    const [link, real] = [join(folder.path, 'link.py'), join(folder.path, 'real', 'script.py')];
    await mkdir(dirname(real));
    const script = 'import sys; print(__file__, sys.argv, sys.path[0])';
    await writeFile(real, script);
    await symlink(real, link);
    const plain = await plainRun([PYTHON, link]);
    const input = { argv: [PYTHON, link], scriptAt: 1, scriptPath: real };
    expect(await loadedRun(loadWithPython, input, script)).toEqual(plain);
  });

  it('imports nothing from the working folder before it begins', async () => {
    await using folder = await temporaryFolder();
    for (const name of ['posix', 'sys', 'os', 'linecache', 'tokenize', 're']) {
      await writeFile(join(folder.path, `${name}.py`), EVIL);
    }
    const input = { argv: [PYTHON, '-S', '/x/script.py'], scriptAt: 2, scriptPath: '/x/script.py' };
    const outcome = await loadedRun(loadWithPython, input, 'import re; print(1)', { cwd: folder.path });
    expect(outcome).toEqual({ code: 0, signal: null, out: '1\n', err: '' });
  });
});

describe.skipIf(PYTHON === '')('the loader of Python', () => {
  const input = { argv: [PYTHON, '/x/script.py'], scriptAt: 1, scriptPath: '/x/script.py' };

  it.each([
    ['nothing', ''],
    ['another word', 'stop\n'],
    ['half a word', 'g'],
  ])('runs nothing when the gate says %s', async (_, gate) => {
    const outcome = await loadedRun(loadWithPython, input, 'print(1)', { gate });
    expect(outcome).toEqual({
      code: LOADER_FAILURE,
      signal: null,
      out: '',
      err: `${NOT_STARTED} ${GATE_CLOSED}\n`,
    });
  });

  it('runs no archive and no bytecode', async () => {
    const outcome = await loadedRun(loadWithPython, input, 'PK\x05\x06\0\0');
    expect(outcome).toMatchObject({ code: LOADER_FAILURE, out: '' });
    expect(outcome.err).toBe(`${NOT_STARTED} the script is no text but perhaps a zip archive or bytecode\n`);
  });

  it('shows a short bootstrap in the list of processes', () => {
    const { argv } = loadWithPython({
      ...input,
      argv: [PYTHON, '-u', '/x/script.py', 'argument'],
      scriptAt: 2,
      descriptors: { script: 3, loader: 4, gate: 5 },
    });
    expect(argv).toEqual([PYTHON, '-s', '-u', '/proc/self/fd/4', '/x/script.py', 'argument']);
  });
});
