import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadWithNode } from '../../../src/launch/loaders/node.js';
import { loadedRun, plainRun, type RunOptions, type RunOutcome } from '../../fakes/loaded-script.js';
import { temporaryFolder } from '../../fakes/temporary-folder.js';

const NODE = process.execPath;
const EVIL = 'console.log("EVIL")';

interface Case {
  readonly name: string;
  readonly script: string;
  readonly nodeArgs?: readonly string[];
  readonly files?: Readonly<Record<string, string>>;
}

/** Runs a script as Node does, then with other contents on disk as a launch does. */
async function both(
  { name, script, nodeArgs = [], files = {} }: Case,
  options: RunOptions = {},
): Promise<{ readonly plain: RunOutcome; readonly loaded: RunOutcome }> {
  await using folder = await temporaryFolder();
  const path = join(folder.path, name);
  for (const [file, contents] of Object.entries({ ...files, [name]: script })) {
    await mkdir(dirname(join(folder.path, file)), { recursive: true });
    await writeFile(join(folder.path, file), contents);
  }
  const argv = [NODE, '--disable-sigusr1', ...nodeArgs, path, 'an argument', '--flag'];
  const plain = await plainRun(argv, options);
  await writeFile(path, EVIL);
  const input = { argv, scriptAt: argv.indexOf(path), scriptPath: path };
  const loaded = await loadedRun(loadWithNode, input, script, options);
  return { plain, loaded };
}

const LIB = { 'lib.mjs': 'export const x = 42', 'lib.cjs': 'exports.y = 7', 'data.json': '{"z": 1}' };

const PROCESS =
  'process.argv, process.execArgv, process.execPath, process.argv0, process.title, process.exitCode';

const ESM = `
  import { x } from './lib.mjs';
  import { y } from './lib.cjs';
  import data from './data.json' with { type: 'json' };
  import { createRequire } from 'node:module';
  const { url, filename, dirname, main } = import.meta;
  console.log(x, y, data, url, filename, dirname, main, import.meta.resolve('./lib.mjs'), typeof require, ${PROCESS});
  console.log((await import('./lib.mjs')).x, createRequire(import.meta.url)('./data.json'));
  console.log(new Error('here').stack);
  await null;
`;

const CJS = `
  const { y } = require('./lib.cjs');
  console.log(y, require('./data.json'), __filename, __dirname, require.main === module, module.paths, ${PROCESS});
  console.log(module.id, module.parent, module.filename, module.loaded, module.children.map(({ id }) => id), this === exports);
  console.log(Object.keys(require), require.resolve('./lib.cjs'), require.resolve.paths('x'), require.cache[__filename] === module);
  console.log(process.mainModule === module, Object.keys(require.cache), arguments.length, typeof require.extensions['.js']);
  console.log(new Error('here').stack.split('\\n').slice(0, 2));
  import('./lib.mjs').then(({ x }) => console.log(x));
`;

const CASES: readonly Case[] = [
  { name: 'module.mjs', script: ESM, files: LIB },
  { name: 'common.cjs', script: CJS, files: LIB },
  { name: 'module.js', script: ESM, files: { ...LIB, 'package.json': '{"type": "module"}' } },
  { name: 'common.js', script: CJS, files: { ...LIB, 'package.json': '{"type": "commonjs"}' } },
  { name: 'untyped.js', script: CJS, files: LIB },
  { name: 'untyped-module.js', script: ESM, files: LIB },
  { name: 'no-extension', script: `#!/usr/bin/env node\n${CJS}`, files: LIB },
  { name: 'no-extension-module', script: `#!/usr/bin/env node\n${ESM}`, files: LIB },
  { name: 'other.extension', script: CJS, files: LIB },
  { name: 'shebang.mjs', script: `#!/usr/bin/env node\n${ESM}`, files: LIB },
  { name: 'byte-order.cjs', script: `\uFEFFconsole.log(1); ${CJS}`, files: LIB },
  { name: 'await-only.js', script: 'await null; console.log(typeof require, import.meta.filename)' },
  { name: 'await-alone.js', script: '#!/usr/bin/env node\nconst a = await 5; console.log(a, typeof module)' },
  { name: 'declares.js', script: 'const module = await 1; console.log(module)' },
  { name: 'plain.js', script: 'var await = 1; console.log(await, typeof module)' },
  { name: 'typed.ts', script: ESM.replace('const {', 'const t: number = 1; const {'), files: LIB },
  { name: 'typed.mts', script: ESM.replace('const {', 'const t: number = 1; const {'), files: LIB },
  { name: 'typed.cts', script: `const t: number = 1; ${CJS}`, files: LIB },
  { name: 'common.ts', script: `const t: number = 1; ${CJS}`, files: LIB },
  { name: 'throws.mjs', script: '\nfunction f() {\n  throw new TypeError("no");\n}\nf();' },
  { name: 'throws.cjs', script: '\nfunction f() {\n  throw new TypeError("no");\n}\nf();' },
  { name: 'rejects.mjs', script: 'await Promise.reject(new Error("no"))' },
  { name: 'exits.cjs', script: 'process.exitCode = 3; process.on("exit", (code) => console.log(code))' },
  { name: 'kills.cjs', script: 'process.kill(process.pid, "SIGTERM"); setTimeout(() => {}, 5000)' },
  { name: 'stdin.mjs', script: 'for await (const chunk of process.stdin) console.log(String(chunk))' },
  { name: 'empty.js', script: '' },
  {
    name: 'order.cjs',
    script: `const say = (text) => () => console.log(text);
      Promise.resolve().then(say('promise')); process.nextTick(say('tick')); setTimeout(say('timeout')); say('first')();`,
  },
  {
    name: 'order.mjs',
    script: `const say = (text) => () => console.log(text);
      Promise.resolve().then(say('promise')); process.nextTick(say('tick')); setTimeout(say('timeout')); say('first')();`,
  },
  {
    name: 'uncaught.cjs',
    script:
      'process.on("uncaughtException", (error, origin) => console.log(error.message, origin)); throw new Error("no")',
  },
  {
    name: 'preloads.mjs',
    script: 'console.log(globalThis.seen, process.execArgv)',
    nodeArgs: ['--import', 'data:text/javascript,globalThis.seen=1', '--max-old-space-size=200'],
  },
  { name: 'permission.mjs', script: 'console.log(1)', nodeArgs: ['--permission', '--allow-fs-read=/tmp'] },
  {
    name: 'circular.mjs',
    script: 'import "./other.mjs"; export const here = 1; console.log("here")',
    files: { 'other.mjs': 'import * as entry from "./circular.mjs"; console.log(Object.keys(entry))' },
  },
  {
    name: 'circular.cjs',
    script: 'exports.a = 1; require("./other.cjs")',
    files: { 'other.cjs': 'console.log(require("./circular.cjs"), require.main.exports, module.parent.id)' },
  },
];

describe('a script that Node runs from its descriptor', () => {
  it.each(CASES)('is as it would be from disk: $name', async (given) => {
    const { plain, loaded } = await both(given, { input: 'some input' });
    expect(normal(loaded)).toEqual(normal(plain));
  });
});

/** Stacks name the places in Node's own code through which the entry was reached; those may differ. */
function normal({ err, out, ...rest }: RunOutcome): RunOutcome {
  const inner = /^ +at .*node:internal.*\n?/gmu;
  return {
    ...rest,
    out: out.replaceAll(inner, ''),
    err: err.replaceAll(inner, '').replaceAll(/\(node:\d+\)/gu, '(node)'),
  };
}
