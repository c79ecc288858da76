import { describe, expect, it } from 'vitest';
import { report } from '../../src/cli/report.js';
import { EXIT_CODES } from '../../src/cli/exit-code.js';
import type { CliIo } from '../../src/cli/io.js';
import { ERRORS, SpoorError } from '../../src/core/errors.js';
import { FakeClock } from '../fakes/fake-clock.js';
import { CommandLine } from './command-line.js';

function ioThatHears(heard: string[]): CliIo {
  const sink = { isTerminal: false, write: (text: string) => void heard.push(text) };
  return {
    out: sink,
    err: sink,
    clock: new FakeClock('2030-01-01T00:00:00Z'),
    facts: { uid: 0, home: '/', temporary: '/tmp', env: {} },
    readInput: async () => '',
    interrupted: () => new AbortController().signal,
  };
}

describe('exit codes', () => {
  it('are one for each kind', () => {
    expect(EXIT_CODES).toEqual({ bug: 1, caller: 2, operator: 3, workload: 4, wait: 5 });
  });
});

describe('spoor errors', () => {
  it('lists every code of the table, with its exit code', async () => {
    await using line = await CommandLine.open();
    const { errors } = (await line.json('errors')) as { errors: { code: string; exit_code: number }[] };
    expect(errors.map(({ code }) => code)).toEqual(Object.keys(ERRORS));
    expect(errors.find(({ code }) => code === 'IDENTITY_NOT_ISSUED')).toEqual({
      code: 'IDENTITY_NOT_ISSUED',
      kind: 'workload',
      exit_code: 4,
      remedy: ERRORS.IDENTITY_NOT_ISSUED.remedy,
    });
  });

  it('shows one of them, however it is written', async () => {
    await using line = await CommandLine.open();
    const { out } = await line.run(['errors', 'stopping']);
    expect(out).toBe(
      'CODE      KIND  EXIT  REMEDY\nSTOPPING  wait  5     Reconnect; the daemon is stopping.\n',
    );
  });

  it('knows when there is none', async () => {
    await using line = await CommandLine.open();
    const { exit, err } = await line.run(['errors', 'NONSENSE']);
    expect([exit, err]).toEqual([2, expect.stringContaining('no error has that code')]);
  });
});

describe('report', () => {
  it('puts quotes around facts that would fall apart', () => {
    const heard: string[] = [];
    const error = new SpoorError('IDENTITY_NOT_ISSUED', 'no identity issued', {
      facts: { pid: 4242, selectors: 'unix:uid:1 unix:gid:1', empty: '' },
    });
    expect(report(error, 'text', ioThatHears(heard))).toBe(4);
    expect(heard.join('')).toContain('spoor: facts: pid=4242 selectors="unix:uid:1 unix:gid:1" empty=""\n');
  });

  it('shows the stack of a fault of our own, and of nothing else', () => {
    const heard: string[] = [];
    expect(report(new TypeError('x is not a function'), 'text', ioThatHears(heard))).toBe(1);
    expect(heard.join('')).toMatch(
      /^spoor: error: unexpected failure: TypeError: x is not a function\n[\s\S]*INVARIANT_BROKEN\nTypeError/u,
    );
    const quiet: string[] = [];
    report(new SpoorError('STOPPING', 'stopping', { cause: new Error('why') }), 'text', ioThatHears(quiet));
    expect(quiet.join('')).not.toContain('    at ');
  });
});
