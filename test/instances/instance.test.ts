import { describe, expect, it } from 'vitest';
import { SnapshotCell } from '../../src/core/snapshot.js';
import {
  nameOfAttestation,
  parentOf,
  type Attestation,
  type Attested,
  type Descent,
} from '../../src/instances/instance.js';
import { FakeProcess } from '../fakes/fake-rooms.js';

const DESCENT: Descent = { instance: 'f00d', by: 'cgroup', parentSelectors: ['launch:name:a', 'unix:uid:1'] };

describe('nameOfAttestation', () => {
  it('differs wherever matching could differ', () => {
    const base = { selectors: ['unix:gid:1', 'unix:uid:1'], path: '/bin/sh' };
    const different: readonly Attested[] = [
      { selectors: [] },
      { selectors: ['unix:gid:1'] },
      base,
      { ...base, descent: DESCENT },
      { ...base, path: '/bin/bash', descent: DESCENT },
      { selectors: base.selectors, descent: DESCENT },
      { selectors: ['unix:gid:1', 'unix:uid:1', '/bin/sh'], path: '', descent: DESCENT },
      { ...base, descent: { ...DESCENT, instance: 'beef' } },
      { ...base, descent: { ...DESCENT, by: 'ancestry' } },
      { ...base, descent: { ...DESCENT, parentSelectors: ['launch:name:a'] } },
      { ...base, descent: { by: 'lost', parentSelectors: [] } },
      { selectors: [], descent: { by: 'lost', parentSelectors: [] } },
    ];
    expect(new Set(different.map(nameOfAttestation)).size).toBe(different.length);
  });

  it('is the same for processes that differ only in their programs and match alike', () => {
    const one = nameOfAttestation({ selectors: ['unix:uid:1'], path: '/bin/a' });
    expect(nameOfAttestation({ selectors: ['unix:uid:1'], path: '/bin/b' })).toBe(one);
  });
});

describe('parentOf', () => {
  it('is the instance that a process descends from, else the one that had it launched', () => {
    const instance = (attestation?: Attestation, parent?: string) => ({
      id: 'a',
      process: new FakeProcess(),
      level: 'connected' as const,
      attestation: new SnapshotCell(attestation),
      ...(parent !== undefined && { parent }),
    });
    const attestation = { selectors: [], outcomes: [], at: new Date(0) };
    expect(parentOf(instance())).toBeUndefined();
    expect(parentOf(instance(attestation, 'beef'))).toBe('beef');
    expect(parentOf(instance({ ...attestation, descent: DESCENT }, 'beef'))).toBe('f00d');
  });
});
