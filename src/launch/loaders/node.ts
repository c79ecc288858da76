import { GATE_CLOSED, LOADER_FAILURE, NOT_STARTED, type Loaded, type LoaderInput } from './loader.js';

const NO_INSPECTOR = '--disable-sigusr1';
/** Marks the bootstrap among the arguments, so that the loader can take it out of `process.execArgv`. */
const MARK = '--import=data:text/javascript,/*spoor*/';

/**
 * Runs a script with Node, from its descriptor.
 *
 * The bootstrap stands before the definition's own options, so that hooks of theirs wrap those of the loader. Script
 * and loader stay open, close-on-exec as Node makes every inherited descriptor: worker threads read them again, by position.
 *
 * Source: Node's `--import`, `module.registerHooks` and `--disable-sigusr1`.
 */
export function loadWithNode({ argv, scriptAt, scriptPath, descriptors }: LoaderInput): Loaded {
  const [command = '', ...rest] = argv;
  const loader = [
    `const SCRIPT = ${descriptors.script}, GATE = ${descriptors.gate};`,
    `const NAMED = ${JSON.stringify(argv[scriptAt])}, PATH = ${JSON.stringify(scriptPath)};`,
    LOADER,
  ].join('\n');
  const bytes = Buffer.byteLength(loader);
  // By position, and by descriptor rather than by path: so it also works in worker threads and under --permission.
  const bootstrap =
    `${MARK}import{readSync as r}from"node:fs";const b=Buffer.alloc(${bytes});r(${descriptors.loader},b,0,${bytes},0);` +
    `await import("data:text/javascript;base64,"+b.toString("base64"))`;
  const given = rest.slice(0, scriptAt - 1);
  const flags = given.includes(NO_INSPECTOR) ? [] : [NO_INSPECTOR];
  return { argv: [command, ...flags, bootstrap, ...rest], loader };
}

/** A command line of Node's for which SIGUSR1 opens no inspector: any process of its user can send that. */
export function withoutInspector([command = '', ...rest]: readonly string[]): readonly string[] {
  return [command, NO_INSPECTOR, ...rest];
}

const LOADER = String.raw`
import { closeSync, fstatSync, readSync, writeSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { extname, resolve as resolvePath } from 'node:path';
import { env, exit } from 'node:process';
import { pathToFileURL } from 'node:url';
import { compileFunction } from 'node:vm';
import { isMainThread } from 'node:worker_threads';

const URL_OF_SCRIPT = pathToFileURL(PATH).href;

function fail(why) {
  writeSync(2, '${NOT_STARTED} ' + why + '\n');
  exit(${LOADER_FAILURE});
}

function waitAtGate() {
  const byte = Buffer.alloc(1);
  let line = '';
  while (readSync(GATE, byte, 0, 1, null) === 1 && byte[0] !== 10) line += byte.toString('latin1');
  closeSync(GATE);
  if (line !== 'go') fail(${JSON.stringify(GATE_CLOSED)});
}

function readScript() {
  const bytes = Buffer.alloc(fstatSync(SCRIPT).size);
  for (let at = 0; at < bytes.length; ) {
    const read = readSync(SCRIPT, bytes, at, bytes.length - at, at);
    if (read === 0) fail('the script ends before its size');
    at += read;
  }
  return bytes;
}

function hideBootstrap() {
  const at = process.execArgv.findIndex((arg) => arg.startsWith(${JSON.stringify(MARK)}));
  if (at !== -1) process.execArgv.splice(at, 1);
}

// What Node's own detection goes by: errors that only a module does not have, and those that wrapping may resolve.
const OF_MODULES = [
  'Cannot use import statement outside a module',
  "Unexpected token 'export'",
  "Cannot use 'import.meta' outside a module",
];
const PERHAPS_OF_MODULES = [
  ...['module', 'exports', 'require', '__filename', '__dirname'].map((name) => "Identifier '" + name + "' has already been declared"),
  'await is only valid in async functions and the top level bodies of modules',
];
const WRAPPER = ['exports', 'require', 'module', '__filename', '__dirname'];

function compileFault(text, parameters) {
  try {
    compileFunction(text, parameters);
  } catch (error) {
    return String(error.message);
  }
}

function isModule(text) {
  const fault = compileFault(text, WRAPPER);
  if (fault === undefined) return false;
  if (OF_MODULES.some((message) => fault.includes(message))) return true;
  if (!PERHAPS_OF_MODULES.some((message) => fault.includes(message))) return false;
  const wrapped = compileFault('(async function() {' + text.replace(/^#!.*/, '') + '\n})();', []);
  return wrapped === undefined || OF_MODULES.some((message) => wrapped.includes(message));
}

function withoutTypes(text) {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return nodeModule.stripTypeScriptTypes(text);
  } catch {
    return text;
  } finally {
    process.emitWarning = emitWarning;
  }
}

// Where neither extension nor package.json decides, Node looks at the file; here at the measured bytes.
function formatOf(known) {
  if (known === 'addon' || extname(PATH) === '.node') fail('an addon is no script');
  if (typeof known === 'string') return known;
  const text = source.toString('utf8').replace(/^\uFEFF/, '');
  if (extname(PATH) !== '.ts' || !process.features.typescript) return isModule(text) ? 'module' : 'commonjs';
  return isModule(withoutTypes(text)) ? 'module-typescript' : 'commonjs-typescript';
}

function formatByName(context, next) {
  try {
    return next(URL_OF_SCRIPT, context).format;
  } catch {
    // The file is gone by now, or has an extension that only CommonJS knows.
    return undefined;
  }
}

// A require() that finds nothing elsewhere would look into the home folder, where any process of the user can put a module.
function forgetHome() {
  const { HOME } = env;
  if (HOME === undefined) return;
  delete env.HOME;
  nodeModule.Module._initPaths();
  env.HOME = HOME;
}

forgetHome();
if (isMainThread) {
  waitAtGate();
  if (process.argv[1] !== resolvePath(NAMED)) fail('Node takes ' + process.argv[1] + ' for the script, not ' + NAMED);
}
hideBootstrap();
const source = readScript();
let format;
// With --import, Node hands a CommonJS entry to the loader of modules, where it would lack the marks of an entry, its
// require() a cache, and its ticks would come after its promises. So a module stands in, which ends before the entry begins.
const STAND_IN =
  'data:text/javascript,' +
  encodeURIComponent('import{Module}from"node:module";process.nextTick(Module._load,' + JSON.stringify(PATH) + ',null,true)');

let entries = isMainThread ? ['module', 'commonjs'] : [];
nodeModule.registerHooks({
  resolve(specifier, context, next) {
    const kind = context.parentURL === undefined ? entries.shift() : undefined;
    if (kind === undefined) return next(specifier, context);
    // Whatever the path leads to by now, the entry is the file that was measured.
    format ??= formatOf(formatByName(context, next));
    if (format.startsWith('commonjs') && kind === 'module') return { url: STAND_IN, format: 'module', shortCircuit: true };
    entries = [];
    return { url: URL_OF_SCRIPT, format, shortCircuit: true };
  },
  load(url, context, next) {
    if (url.replace(/[?#].*/s, '') !== URL_OF_SCRIPT) return next(url, context);
    format ??= formatOf(context.format);
    return { format, source, shortCircuit: true };
  },
});
`;
