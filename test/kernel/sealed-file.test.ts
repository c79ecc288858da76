import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { Libc } from '../../src/kernel/libc.js';
import { SealedFiles } from '../../src/kernel/sealed-file.js';

const sealed = new SealedFiles(new Libc());

it('keeps the bytes that it was given, for whoever opens it again', () => {
  const descriptor = sealed.seal('test', Buffer.from('measured'));
  expect(readFileSync(`/proc/self/fd/${descriptor}`, 'utf8')).toBe('measured');
  expect(sealed.isSealed(descriptor)).toBe(true);
  closeSync(descriptor);
});

it('lets nobody write, not even through a new descriptor', () => {
  const descriptor = sealed.seal('test', Buffer.from('measured'));
  const again = openSync(`/proc/self/fd/${descriptor}`, 'r+');
  expect(() => writeSync(again, 'changed')).toThrow(/EPERM/);
  expect(() => writeSync(descriptor, 'changed')).toThrow(/EBADF/);
  closeSync(again);
  closeSync(descriptor);
});

it('is a program that can be executed while it is open', () => {
  using file = sealed.open('program');
  const source = readFileSync('/bin/true');
  file.write(source.subarray(0, 100));
  file.write(source.subarray(100));
  const descriptor = file.seal();
  expect(spawnSync(`/proc/self/fd/${descriptor}`).status).toBe(0);
  closeSync(descriptor);
});

it('is not handed on to programs that are executed', () => {
  const descriptor = sealed.seal('test', Buffer.from('secret'));
  const { status } = spawnSync('/bin/sh', ['-c', `[ -e /proc/self/fd/${descriptor} ]`]);
  expect(status).toBe(1);
  closeSync(descriptor);
});
