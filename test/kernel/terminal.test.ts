import { spawn } from 'node:child_process';
import { closeSync, readSync, writeSync } from 'node:fs';
import { isatty } from 'node:tty';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { openKernel } from '../../src/kernel/kernel.js';
import { ReadinessSet } from '../../src/kernel/readiness.js';
import { rowsAndColumns, Terminals, terminalSize } from '../../src/kernel/terminal.js';

const kernel = openKernel();
const terminals = new Terminals(kernel.libc);

/** A terminal that is closed at the end of the test. */
function opened() {
  const { master, writer, slave, path } = terminals.open();
  return {
    master,
    writer,
    slave,
    path,
    [Symbol.dispose]: () => {
      closeSync(master);
      closeSync(writer);
      closeSync(slave);
    },
  };
}

describe('Terminals', () => {
  it('make one that programs take for a terminal, of the size that is set', async () => {
    using terminal = opened();
    expect([isatty(terminal.master), isatty(terminal.slave)]).toEqual([true, true]);
    terminals.resize(terminal.master, terminalSize(33, 111));
    expect(rowsAndColumns(terminals.size(terminal.slave)!)).toEqual({ rows: 33, columns: 111 });
    const child = spawn('stty', ['size'], { stdio: [terminal.slave, 'pipe', 'inherit'] });
    expect(await text(child.stdout!)).toBe('33 111\n');
  });

  it('passes bytes as they are once it is raw, and as before once its mode is set again', async () => {
    using terminal = opened();
    const before = terminals.mode(terminal.slave)!;
    expect(terminals.setRaw(terminal.slave)).toBe(true);
    writeSync(terminal.slave, 'a\nb');
    expect(await readFrom(terminal.master)).toBe('a\nb');
    expect(terminals.setMode(terminal.slave, before)).toBe(true);
    writeSync(terminal.slave, 'a\nb');
    expect(await readFrom(terminal.master)).toBe('a\r\nb');
  });

  it('can be opened once more, without blocking', () => {
    using terminal = opened();
    const again = terminals.reopen(`/proc/self/fd/${terminal.slave}`, true)!;
    expect(() => readSync(again, Buffer.alloc(1))).toThrow(/EAGAIN/u);
    closeSync(again);
    expect(terminals.reopen('/proc/self/fd/nothing')).toBeUndefined();
  });

  it('know what is none', () => {
    expect([terminals.size(-1), terminals.mode(-1), terminals.setRaw(-1)]).toEqual([
      undefined,
      undefined,
      false,
    ]);
    expect(() => terminals.resize(-1, terminalSize(1, 1))).toThrow(/EBADF/u);
  });
});

describe('ReadinessSet.addWriter', () => {
  it('waits until there is room, and keeps quiet once it is deleted', async () => {
    using terminal = opened();
    using readiness = new ReadinessSet(kernel.libc);
    terminals.setRaw(terminal.slave);
    const fill = (): number => {
      let written = 0;
      expect(() => {
        for (;;) written += writeSync(terminal.writer, Buffer.alloc(4_096));
      }).toThrow(/EAGAIN/u);
      return written;
    };
    // The kernel makes room once more, a little later, when it passes on to the terminal what it has.
    let filled = fill();
    for (let more = -1; more !== 0; filled += more) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      more = fill();
    }
    const room = Promise.withResolvers<void>();
    let calls = 0;
    readiness.addWriter(terminal.writer, () => {
      calls++;
      readiness.delete(terminal.writer);
      setImmediate(room.resolve);
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(calls).toBe(0);
    for (let read = 0; read < filled;) read += readSync(terminal.slave, Buffer.alloc(65_536));
    await room.promise;
    expect(calls).toBe(1);
  });
});

/** What is there to be read, once something is. */
async function readFrom(fd: number): Promise<string> {
  using readiness = new ReadinessSet(kernel.libc);
  return await new Promise((resolve) => {
    readiness.add(fd, () => {
      const bytes = Buffer.alloc(1_024);
      const read = bytes.toString('utf8', 0, readSync(fd, bytes));
      readiness.delete(fd);
      setImmediate(() => resolve(read));
    });
  });
}
