import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { InstanceRegistry } from '../../src/instances/instance-registry.js';
import type { Instance } from '../../src/instances/instance.js';
import type { MeasuredProcess } from '../../src/measurement/process.js';

const aProcess = (pid: number): MeasuredProcess => ({
  pid,
  uid: 1000,
  gid: 1000,
  startTicks: 1,
  foreignUserNamespace: false,
  folder: `/proc/${pid}`,
  standing: () => 'same',
});

function bench() {
  const gone: Instance[] = [];
  const registry = new InstanceRegistry({ random: randomBytes, onGone: (instance) => gone.push(instance) });
  return { registry, gone };
}

describe('InstanceRegistry', () => {
  it('gives one instance to one measured process, and another to another, also of the same pid', () => {
    const { registry } = bench();
    const process = aProcess(7);
    const instance = registry.of(process);
    expect(registry.of(process)).toBe(instance);
    expect(registry.of(aProcess(7))).not.toBe(instance);
    expect([...registry]).toHaveLength(2);
    expect(instance).toMatchObject({ process, level: 'connected' });
    expect(instance.attestation.current.value).toBeUndefined();
  });

  it('names instances by 16 random bytes in hex', () => {
    const { registry } = bench();
    const ids = new Set(Array.from({ length: 100 }, (_, pid) => registry.of(aProcess(pid)).id));
    expect(ids.size).toBe(100);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{32}$/);
  });

  it('tells once that an instance has gone', () => {
    const { registry, gone } = bench();
    const process = aProcess(7);
    const instance = registry.of(process);
    registry.release(process);
    registry.release(process);
    registry.release(aProcess(8));
    expect(gone).toEqual([instance]);
    expect([...registry]).toEqual([]);
    expect(registry.size).toBe(0);
  });

  it('gives a call that is still under way the instance that has gone, and does not bring it back', () => {
    const { registry } = bench();
    const process = aProcess(7);
    const instance = registry.of(process);
    registry.release(process);
    expect(registry.of(process)).toBe(instance);
    expect(registry.size).toBe(0);
  });
});
