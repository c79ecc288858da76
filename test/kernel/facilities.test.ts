import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, fstatSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { kernelFeatures } from '../../src/kernel/features.js';
import { openKernel } from '../../src/kernel/kernel.js';
import { trimMemory } from '../../src/kernel/memory.js';
import { ProcFolder } from '../../src/kernel/proc-folder.js';
import { descriptorLimit, isHidden } from '../../src/kernel/process-control.js';
import { notifyServiceManager } from '../../src/kernel/sd-notify.js';
import { SocketPair } from '../../src/kernel/socket-pair.js';
import { unixAddress } from '../../src/kernel/unix-address.js';
import { userNamespaceOf } from '../../src/kernel/user-namespace.js';
import { temporaryFolder } from '../fakes/temporary-folder.js';
import { typescriptArguments } from '../fakes/typescript-process.js';

const kernel = openKernel();

describe('PeerCredentials', () => {
  it('names the process, the effective uid and gid, and gives a pidfd of it', () => {
    using pair = SocketPair.open(kernel);
    expect(kernel.credentials.of(pair.near)).toEqual({
      pid: process.pid,
      uid: process.geteuid?.(),
      gid: process.getegid?.(),
    });
    const pidfd = kernel.credentials.pidfdOf(pair.near);
    // Since Linux 6.5; `undefined` before.
    expect(pidfd !== undefined && kernel.pidfds.hasExited(pidfd)).toBe(false);
    if (pidfd !== undefined) closeSync(pidfd);
    expect(kernel.credentials.of(-1)).toBeUndefined();
  });
});

describe('Pidfds', () => {
  it('tell when a process has exited, before its parent has reaped it', async () => {
    const child = spawn('sleep', ['60']);
    const pidfd = kernel.pidfds.open(child.pid ?? 0) ?? -1;
    expect(kernel.pidfds.hasExited(pidfd)).toBe(false);
    child.kill('SIGKILL');
    await expect.poll(() => kernel.pidfds.hasExited(pidfd)).toBe(true);
    closeSync(pidfd);
    expect(kernel.pidfds.open(2 ** 22 + 1)).toBeUndefined();
  });
});

describe('FileStatus and ProcFolder', () => {
  it('show which file a process runs, as stat does', () => {
    using folder = ProcFolder.open(process.pid);
    const { dev, ino } = statSync(process.execPath);
    const found = kernel.files.identity(folder.descriptor, Buffer.from('exe\0'));
    expect(found?.inode).toBe(ino);
    // stat(2) packs the device into one number; statx(2) gives its two halves.
    const major = ((dev >> 8) & 0xfff) | (Math.floor(dev / 2 ** 32) & 0xfffff000);
    const minor = (dev & 0xff) | ((dev >> 12) & 0xfff00);
    expect(found?.device).toBe(major * 0x100000 + minor);
    expect(kernel.files.identity(folder.descriptor, Buffer.from('nothing\0'))).toBeUndefined();
    expect(folder.readText('comm').length).toBeGreaterThan(1);
    expect(folder.owner()).toEqual({ uid: process.geteuid?.(), gid: process.getegid?.() });
    expect(userNamespaceOf(folder)).toMatch(/^user:\[\d+\]$/);
    expect(folder.list('task').length).toBeGreaterThan(0);
  });

  it('fail once the process is gone, whoever has its number', async () => {
    const child = spawn('sleep', ['60']);
    using folder = ProcFolder.open(child.pid ?? 0);
    expect(folder.readText('cmdline')).toContain('sleep');
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(() => folder.readText('cmdline')).toThrow(/ENOENT|ESRCH/);
    expect(() => folder.readLink('exe')).toThrow(/ENOENT|ESRCH/);
    expect(fstatSync(folder.descriptor).isDirectory()).toBe(true);
  });
});

describe('unixAddress', () => {
  it('ends a path with a NUL, and begins an abstract name with one', () => {
    expect(unixAddress('/run/x').toString('latin1')).toBe('\x01\0/run/x\0');
    expect(unixAddress('@spoor').toString('latin1')).toBe('\x01\0\0spoor');
  });

  it.each(['', 'a\0b', 'x'.repeat(108)])('refuses %j', (path) => {
    expect(() => unixAddress(path)).toThrow(expect.objectContaining({ code: 'SOCKET_UNUSABLE' }));
  });
});

describe('notifyServiceManager', () => {
  it.each([
    { kind: 'a path', socat: (folder: string) => join(folder, 'notify.sock') },
    { kind: 'an abstract name', socat: () => `@spoor-test-${process.pid}` },
  ])('reaches $kind', async ({ socat }) => {
    await using folder = await temporaryFolder();
    const address = socat(folder.path);
    await using listener = await datagramListener(address);
    expect(notifyServiceManager(kernel.libc, address, 'READY=1\nSTATUS=here')).toBeUndefined();
    expect(listener.receive()).toBe('READY=1\nSTATUS=here');
  });

  it('names the error when nobody listens', () => {
    expect(notifyServiceManager(kernel.libc, '/tmp/nobody-listens-here', 'READY=1')).toBe('ENOENT');
  });
});

/** A datagram socket of the Unix family, which Node has none of. */
async function datagramListener(address: string) {
  const fd = kernel.libc.declare<(d: number, t: number, p: number) => number>('int socket(int, int, int)')(
    1,
    2,
    0,
  );
  kernel.sockets.bind(fd, address);
  return {
    receive: () => {
      const received = kernel.receiver.receive(fd);
      return received.kind === 'chunk' ? received.bytes.toString() : received.kind;
    },
    [Symbol.asyncDispose]: async () => {
      closeSync(fd);
    },
  };
}

describe('hideFromOthers', () => {
  it('takes the files of the process away from its own user, and allows no core', async () => {
    const script = `
      const { Libc } = await import(${JSON.stringify(new URL('../../src/kernel/libc.ts', import.meta.url).href)});
      const control = await import(${JSON.stringify(new URL('../../src/kernel/process-control.ts', import.meta.url).href)});
      const { readFileSync, statSync } = await import('node:fs');
      const libc = new Libc();
      const before = control.isHidden(libc);
      control.hideFromOthers(libc);
      const core = readFileSync('/proc/self/limits', 'utf8').split('\\n').find((line) => line.startsWith('Max core'));
      console.log(JSON.stringify([before, control.isHidden(libc), statSync('/proc/self/environ').uid, core.split(/ {2,}/).slice(1, 3)]));
    `;
    const child = spawn(process.execPath, typescriptArguments('--input-type=module', '-e', script), {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const own = readFileSync('/proc/self/limits', 'utf8');
    // 1 bars also the programs of core_pattern; where nothing is left of the limit, it stays so.
    const core = /^Max core file size +\S+ +0 /m.test(own) ? '0' : '1';
    expect(JSON.parse(await text(child.stdout))).toEqual([false, true, 0, [core, core]]);
    expect(isHidden(kernel.libc)).toBe(false);
  });
});

describe('what the kernel has', () => {
  it('is said feature by feature, with what to do about those that are missing', () => {
    const features = kernelFeatures(kernel);
    expect(features.map(({ name }) => name)).toHaveLength(new Set(features.map(({ name }) => name)).size);
    for (const { present, remedy, detail } of features) {
      expect(remedy === '').toBe(present);
      expect(detail).not.toBe('');
    }
    expect(features.filter(({ weight }) => weight === 'required').every(({ present }) => present)).toBe(true);
  });

  it('includes the limit of descriptors that is in force', async () => {
    const child = spawn('sh', ['-c', 'ulimit -n'], { stdio: ['ignore', 'pipe', 'inherit'] });
    expect(descriptorLimit(kernel.libc)).toBeGreaterThanOrEqual(Number(await text(child.stdout)));
  });

  it('takes free memory back', () => {
    expect(typeof trimMemory(kernel.libc)).toBe('boolean');
  });
});
