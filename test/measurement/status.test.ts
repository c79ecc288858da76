import { describe, expect, it } from 'vitest';
import { parseStatus, readStatus } from '../../src/measurement/status.js';

const status = (name: string, groups = '4 24 1000 '): string =>
  [
    `Name:\t${name}`,
    'Umask:\t0022',
    'State:\tS (sleeping)',
    'Tgid:\t4242',
    'Pid:\t4242',
    'PPid:\t4100',
    'TracerPid:\t0',
    'Uid:\t1000\t1001\t1002\t1003',
    'Gid:\t2000\t2001\t2002\t2003',
    'FDSize:\t64',
    `Groups:\t${groups}`,
    'CapInh:\t0000000000000000',
    'CapPrm:\t000001ffffffffff',
    'CapEff:\t0000000000000000',
    '',
  ].join('\n');

describe('parseStatus', () => {
  it.each([
    ['a plain name', 'node'],
    ['a name with parentheses and blanks', ') S (x y'],
    // The kernel writes the newline of a name as a backslash and an n.
    ['a name with the newline as the kernel writes it', 'x\\nUid:\\t0\\t0\\t0\\t0'],
    ['a name that begins like a line', 'Uid:\t0\t0\t0\t0'],
    ['an empty name', ''],
  ])('reads the effective user, the parent and the groups of a process with %s', (_, name) => {
    expect(parseStatus(status(name))).toEqual({
      parentPid: 4100,
      uid: 1001,
      gid: 2001,
      groups: [4, 24, 1000],
      capabilities: 0x1ffffffffffn,
    });
  });

  it.each([
    ['', []],
    [' ', []],
    ['0 ', [0]],
    ['4294967294', [4_294_967_294]],
  ])('reads the groups "%s"', (text, groups) => {
    expect(parseStatus(status('x', text)).groups).toEqual(groups);
  });

  it.each([
    '',
    'Name:\tx\n',
    status('x').replace('Uid:\t1000\t1001', 'Uid:\t1000\tx'),
    status('x').replace('PPid:', 'PPjd:'),
  ])('refuses a text that is not one of status', (text) => {
    expect(() => parseStatus(text)).toThrow(expect.objectContaining({ code: 'INVARIANT_BROKEN' }));
  });

  it('reads what the kernel says of this process', () => {
    const { uid, gid, parentPid } = readStatus('/proc/self');
    expect({ uid, gid, parentPid }).toEqual({
      uid: process.geteuid?.(),
      gid: process.getegid?.(),
      parentPid: process.ppid,
    });
  });
});
