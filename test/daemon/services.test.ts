import { chmod, mkdir, stat, writeFile } from 'node:fs/promises';
import { geteuid } from 'node:process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SpoorError } from '../../src/core/errors.js';
import { runServices } from '../../src/core/services.js';
import { Housekeeping } from '../../src/daemon/housekeeping.js';
import { serializeError } from '../../src/daemon/log.js';
import { prepareRuntimeFolder } from '../../src/daemon/runtime-folder.js';
import { SystemdNotifier } from '../../src/daemon/systemd-notifier.js';
import { FakeClock } from '../fakes/fake-clock.js';
import { MemoryLog } from '../fakes/memory-log.js';
import { temporaryFolder } from '../fakes/temporary-folder.js';

const MIB = 1024 * 1024;

describe('runServices', () => {
  it('stops all services when one fails, and reports the first failure', async () => {
    let stopped = false;
    const waiting = {
      name: 'waiting',
      run: (signal: AbortSignal) =>
        new Promise<void>((resolve) =>
          signal.addEventListener('abort', () => {
            stopped = true;
            resolve();
          }),
        ),
    };
    const failing = { name: 'failing', run: () => Promise.reject(new Error('broken')) };
    await expect(runServices([waiting, failing], new AbortController().signal)).rejects.toThrow('broken');
    expect(stopped).toBe(true);
  });

  it('takes a service that ends by itself for a failure', async () => {
    const ending = { name: 'ending', run: () => Promise.resolve() };
    await expect(runServices([ending], new AbortController().signal)).rejects.toThrow(
      'ending stopped by itself',
    );
  });
});

describe('SystemdNotifier', () => {
  it('reports ready, then at half of the watchdog time, then stopping', async () => {
    const clock = new FakeClock('2030-01-01T00:00:00Z');
    const stop = new AbortController();
    const sent: string[] = [];
    const notifier = new SystemdNotifier({
      notify: (state) => sent.push(state),
      env: { WATCHDOG_USEC: '20000000' },
      status: () => 'serving',
      clock,
    });
    const running = notifier.run(stop.signal);
    expect((await clock.nextWake()).toISOString()).toBe('2030-01-01T00:00:10.000Z');
    await clock.advance(10_000);
    await clock.nextWake();
    stop.abort();
    await running;
    expect(sent).toEqual(['READY=1\nSTATUS=serving', 'WATCHDOG=1\nSTATUS=serving', 'STOPPING=1']);
  });
});

describe('Housekeeping', () => {
  it('gives memory back once a peak is over, and not before', async () => {
    const clock = new FakeClock('2030-01-01T00:00:00Z');
    const stop = new AbortController();
    let [load, resident, trims] = [0, 100 * MIB, 0];
    const trim = (): void => {
      trims++;
      resident = 105 * MIB;
    };
    const deps = { residentBytes: () => resident, load: () => load, trim, clock, log: new MemoryLog() };
    const running = new Housekeeping(deps).run(stop.signal);
    const look = async (): Promise<number> => {
      await clock.nextWake();
      await clock.advance(2_000);
      return trims;
    };

    expect(await look()).toBe(0);
    [load, resident] = [10_000, 300 * MIB];
    expect(await look()).toBe(0);
    load = 10;
    expect(await look()).toBe(1);
    expect(await look()).toBe(1);
    stop.abort();
    await running;
  });
});

describe('prepareRuntimeFolder', () => {
  it('makes the folder so that callers can reach it in root mode and nobody else in user mode', async () => {
    await using folder = await temporaryFolder();
    for (const [mode, expected] of [
      ['root', 0o755],
      ['user', 0o700],
    ] as const) {
      const path = join(folder.path, mode);
      prepareRuntimeFolder(path, mode, geteuid?.() ?? 0);
      prepareRuntimeFolder(path, mode, geteuid?.() ?? 0);
      expect((await stat(path)).mode & 0o777 & ~process.umask()).toBe(expected & ~process.umask());
    }
  });

  it('refuses a folder that somebody else could have prepared', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'run');
    await mkdir(path);
    await chmod(path, 0o777);
    expect(() => prepareRuntimeFolder(path, 'user', geteuid?.() ?? 0)).toThrow(
      /others may write to the folder/,
    );
    await chmod(path, 0o700);
    expect(() => prepareRuntimeFolder(path, 'user', 12_345)).toThrow(/belongs to uid \d+, not to uid 12345/);
    await writeFile(join(folder.path, 'file'), '');
    expect(() => prepareRuntimeFolder(join(folder.path, 'file'), 'user', geteuid?.() ?? 0)).toThrow(
      /is not a folder/,
    );
  });
});

describe('the log', () => {
  it('shows code, facts and causes of our errors, and a stack for bugs only', () => {
    const cause = new SpoorError('STATE_UNUSABLE', 'the disk is full');
    const error = new SpoorError('RECORD_UNWRITABLE', 'cannot write the record', {
      cause,
      facts: { bytes: 10 },
    });
    expect(serializeError(error)).toEqual({
      code: 'RECORD_UNWRITABLE',
      message: 'cannot write the record',
      facts: { bytes: 10 },
      cause: { code: 'STATE_UNUSABLE', message: 'the disk is full' },
    });
    expect(serializeError(new SpoorError('INVARIANT_BROKEN', 'x'))).toHaveProperty('stack');
    expect(serializeError('text')).toEqual({ message: 'text' });
  });
});
