import { randomBytes } from 'node:crypto';
import { closeSync } from 'node:fs';
import { join } from 'node:path';
import { CallNumbers, Desk } from '../../src/api/desk.js';
import { LaunchHost } from '../../src/api/launch-host.js';
import type { Clock } from '../../src/core/clock.js';
import { MACHINE_CLOCK } from '../../src/core/machine-clock.js';
import { DEFAULT_DOOR_LIMITS, type DoorLimits } from '../../src/door/door-limits.js';
import { Door } from '../../src/door/listener.js';
import { openKernel } from '../../src/kernel/kernel.js';
import { MessageReceiver } from '../../src/kernel/message-receiver.js';
import { budgetLimits, DescriptorBudget } from '../../src/measurement/descriptor-budget.js';
import { ProcessTable } from '../../src/measurement/process-table.js';
import { LAUNCH_DESCRIPTORS } from '../../src/wire/launch-frames.js';
import { FakeLaunching } from './fake-launching.js';
import { FakeRooms } from './fake-rooms.js';
import { temporaryFolder } from './temporary-folder.js';

export interface LaunchDoorOptions {
  readonly folder?: string;
  readonly clock?: Clock;
  readonly limits?: Partial<DoorLimits>;
  readonly descriptorLimit?: number;
}

/** A launch socket in a fresh folder, with a fake behind it that really starts programs; open until the end of the test. */
export async function openLaunchDoor(options: LaunchDoorOptions = {}) {
  const cleanup = new AsyncDisposableStack();
  const path = join(options.folder ?? cleanup.use(await temporaryFolder()).path, 'launch.sock');
  const kernel = openKernel();
  const budget = new DescriptorBudget(budgetLimits(options.descriptorLimit ?? 65_536));
  const processes = cleanup.use(new ProcessTable({ kernel, budget, gone: () => {} }));
  const launching = cleanup.use(new FakeLaunching());
  const rooms = new FakeRooms();
  const desk = Desk.open(rooms, 'launch', new CallNumbers());
  const receiver = new MessageReceiver(kernel.libc, LAUNCH_DESCRIPTORS);
  const closeDescriptor = (fd: number): void => closeSync(fd);
  const host = new LaunchHost({ launching, desk, receiver, budget, closeDescriptor, random: randomBytes });
  const { log, metrics } = rooms;
  const clock = options.clock ?? MACHINE_CLOCK;
  const limits = { ...DEFAULT_DOOR_LIMITS, ...options.limits };
  const door = await Door.open({ path, mode: 0o666, host, kernel, processes, limits, clock, log, metrics });
  const stop = new AbortController();
  const running = door.run(stop.signal);
  cleanup.use(door);
  cleanup.defer(async () => {
    stop.abort();
    await running;
  });
  /** What the stop of a daemon does: the desk first, then the door. */
  const close = async (): Promise<void> => {
    rooms.stop.abort();
    stop.abort();
    await door[Symbol.asyncDispose]();
  };
  return {
    ...{ path, kernel, budget, launching, rooms, desk, door, log, close },
    [Symbol.asyncDispose]: () => cleanup.disposeAsync(),
  };
}
