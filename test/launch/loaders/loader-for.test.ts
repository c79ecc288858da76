import { describe, expect, it } from 'vitest';
import { loaderFor } from '../../../src/launch/loaders/loader-for.js';
import { loadWithNode } from '../../../src/launch/loaders/node.js';
import { loadWithPython } from '../../../src/launch/loaders/python.js';
import { loadWithBash, loadWithShell } from '../../../src/launch/loaders/shell.js';

const BASH = 'GNU bash, version 5.2.15(1)-release (x86_64-pc-linux-gnu)\nCopyright (C) 2022';

describe('the loader for an interpreter', () => {
  it.each([
    ['node', 'v22.15.0\n', loadWithNode],
    ['node', 'v23.7.0', loadWithNode],
    ['node', 'v26.10.0', loadWithNode],
    ['python', 'Python 3.8.18\n', loadWithPython],
    ['python', 'Python 3.13.0', loadWithPython],
    ['bash', BASH, loadWithBash],
    ['bash', 'GNU bash, version 4.4.20(1)-release', loadWithShell],
    ['bash', '', loadWithShell],
    ['sh', '', loadWithShell],
  ] as const)('of %s %j is there', (interpreter, version, load) => {
    expect(loaderFor(interpreter, version)).toEqual({ load });
  });

  it.each([
    [
      'node',
      'v20.20.2\n',
      'its scripts run from disk: the loader is for Node 22.15 or later, and this is "v20.20.2"; any process of its user can open its debugger with SIGUSR1',
    ],
    ['node', 'v22.14.0', expect.stringContaining('22.14.0')],
    ['node', 'v23.6.1', expect.stringContaining('23.6.1')],
    ['node', '', expect.stringContaining('""')],
    ['python', 'Python 3.7.16', expect.stringContaining('Python 3.8 or later')],
    ['python', 'Python 2.7.18', expect.stringContaining('2.7.18')],
    ['deno', 'deno 2.1.0', 'there is no loader for deno, so that its scripts run from disk'],
    ['bun', '1.1.0', expect.stringContaining('bun')],
    ['ruby', 'ruby 3.3.0', expect.stringContaining('ruby')],
    ['java', 'openjdk 17.0.15', expect.stringContaining('java')],
  ] as const)('of %s %j is not', (interpreter, version, reason) => {
    expect(loaderFor(interpreter, version)).toEqual({ load: undefined, reason });
  });
});
