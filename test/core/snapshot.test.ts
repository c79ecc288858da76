import { describe, expect, it } from 'vitest';
import { SnapshotCell, untilReplaced, type Snapshot } from '../../src/core/snapshot.js';

/** The same snapshot, and how many listeners it has. */
function counted<T>(snapshot: Snapshot<T>): { readonly snapshot: Snapshot<T>; listeners: number } {
  const count = {
    listeners: 0,
    snapshot: {
      value: snapshot.value,
      replaced: snapshot.replaced,
      onReplaced: (listener: () => void) => {
        count.listeners += 1;
        const forget = snapshot.onReplaced(listener);
        return () => {
          count.listeners -= 1;
          forget();
        };
      },
    },
  };
  return count;
}

describe('SnapshotCell', () => {
  it('tells every reader of a snapshot once that a newer value has taken its place', async () => {
    const cell = new SnapshotCell(1);
    const told: number[] = [];
    const first = cell.current;
    first.onReplaced(() => told.push(cell.current.value));
    first.onReplaced(() => told.push(cell.current.value));
    const replaced = first.replaced;
    cell.set(2);
    cell.set(3);
    await replaced;
    expect(told).toEqual([2, 2]);
    expect([first.value, cell.current.value]).toEqual([1, 3]);
  });

  it('tells a reader that comes late as well', async () => {
    const cell = new SnapshotCell(1);
    const { current } = cell;
    cell.set(2);
    await current.replaced;
    await untilReplaced(current, new AbortController().signal);
    expect(current.value).toBe(1);
  });

  it('tells nobody who has taken the question back, though the same function asks twice', () => {
    const cell = new SnapshotCell(1);
    let told = 0;
    const listener = (): void => void (told += 1);
    const takeBack = cell.current.onReplaced(listener);
    cell.current.onReplaced(listener);
    takeBack();
    cell.set(2);
    expect(told).toBe(1);
  });
});

describe('untilReplaced', () => {
  it('resolves when the snapshot is replaced, or when the signal aborts, and leaves no listener behind', async () => {
    const cell = new SnapshotCell(1);
    const count = counted(cell.current);
    const stop = new AbortController();
    const waits = Array.from({ length: 3 }, () => untilReplaced(count.snapshot, stop.signal));
    expect(count.listeners).toBe(3);
    stop.abort();
    await Promise.all(waits);
    expect(count.listeners).toBe(0);
    await untilReplaced(count.snapshot, stop.signal);
    expect(count.listeners).toBe(0);

    const replaced = untilReplaced(cell.current, new AbortController().signal);
    cell.set(2);
    await expect(replaced).resolves.toBeUndefined();
  });
});
