import type { Interpreter } from '../measuring/interpreters.js';
import type { Loaded, LoaderInput } from './loader.js';
import { loadWithNode } from './node.js';
import { loadWithPython } from './python.js';
import { loadWithBash, loadWithShell } from './shell.js';

/** The way to run a script of some interpreter from its descriptor, or why there is none. */
export type LoaderChoice =
  { readonly load: (input: LoaderInput) => Loaded } | { readonly load: undefined; readonly reason: string };

const DEBUGGER = '; any process of its user can open its debugger with SIGUSR1';

/** Major and minor number of a version. */
type Version = readonly [number, number];

/**
 * Chooses the loader for an interpreter.
 *
 * Takes:   `versionText`: what the interpreter prints for `--version`; it is not asked for `sh`, and may be empty there.
 * Returns: a reason where scripts of this interpreter run from disk, so that `script:*` holds only where nobody but root
 *          can write file and folders.
 * Source:  Node's `module.registerHooks` (22.15 and 23.5) and `--disable-sigusr1` (23.7); bash's BASH_ARGV0 (5.0).
 */
export function loaderFor(interpreter: Interpreter, versionText: string): LoaderChoice {
  const version = versionOf(versionText);
  switch (interpreter) {
    case 'node':
      return nodeLoads(version) ? { load: loadWithNode } : tooOld('Node', '22.15', versionText, DEBUGGER);
    case 'python':
      return isAtLeast(version, [3, 8]) ? { load: loadWithPython } : tooOld('Python', '3.8', versionText);
    case 'bash':
      return { load: isAtLeast(version, [5, 0]) ? loadWithBash : loadWithShell };
    case 'sh':
      return { load: loadWithShell };
    case 'deno':
    case 'bun':
    case 'ruby':
    case 'java':
      break;
  }
  return {
    load: undefined,
    reason: `there is no loader for ${interpreter}, so that its scripts run from disk`,
  };
}

/** Node 23 had its hooks before it could be told to leave SIGUSR1 alone. */
function nodeLoads(version: Version): boolean {
  return version[0] === 23 ? version[1] >= 7 : isAtLeast(version, [22, 15]);
}

/** Returns: 0.0 for a text without a version. */
function versionOf(text: string): Version {
  const [, major = 0, minor = 0] = /(\d+)\.(\d+)/u.exec(text) ?? [];
  return [Number(major), Number(minor)];
}

function isAtLeast([major, minor]: Version, [wantedMajor, wantedMinor]: Version): boolean {
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

function tooOld(name: string, wanted: string, found: string, more = ''): LoaderChoice {
  const version = JSON.stringify(found.trim().slice(0, 40));
  return {
    load: undefined,
    reason: `its scripts run from disk: the loader is for ${name} ${wanted} or later, and this is ${version}${more}`,
  };
}
