import { describe, expect, it } from 'vitest';
import { TokenBucket, TokenBuckets } from '../../src/api/token-bucket.js';

const RATE = { perSecond: 10, burst: 3 };

function taken(bucket: TokenBucket, times: number, nowMs: number): number {
  return Array.from({ length: times }, () => bucket.take(RATE, nowMs)).filter(Boolean).length;
}

describe('TokenBucket', () => {
  it('gives its burst at once, and then one token for each tenth of a second', () => {
    const bucket = new TokenBucket();
    expect(taken(bucket, 10, 1_000)).toBe(3);
    expect(taken(bucket, 10, 1_099)).toBe(0);
    expect(taken(bucket, 10, 1_100)).toBe(1);
    expect(taken(bucket, 10, 1_300)).toBe(2);
  });

  it('holds no more than its burst after a long rest', () => {
    const bucket = new TokenBucket();
    taken(bucket, 10, 0);
    expect(taken(bucket, 10, 3_600_000)).toBe(3);
  });

  it('keeps to the rate over a long time', () => {
    const bucket = new TokenBucket();
    let all = 0;
    for (let ms = 0; ms < 10_000; ms += 5) all += taken(bucket, 1, ms);
    expect(all).toBeGreaterThanOrEqual(100);
    expect(all).toBeLessThanOrEqual(103);
  });
});

describe('TokenBuckets', () => {
  it('keeps one caller’s rate from another’s', () => {
    const buckets = new TokenBuckets(RATE, 10);
    expect([1, 1, 1, 1, 2].map((uid) => buckets.take(uid, 0))).toEqual([true, true, true, false, true]);
  });

  it('keeps a bounded number of callers, and forgets those that are at rest first', () => {
    const buckets = new TokenBuckets(RATE, 3);
    for (const uid of [1, 2, 3]) buckets.take(uid, 0);
    for (let again = 0; again < 3; again += 1) buckets.take(1, 100);
    buckets.take(4, 150);
    expect(buckets.size).toBe(2);
    expect(buckets.take(1, 150)).toBe(false);
  });

  it('stays bounded when nobody is at rest', () => {
    const buckets = new TokenBuckets(RATE, 100);
    for (let uid = 0; uid < 10_000; uid += 1) buckets.take(uid, 0);
    expect(buckets.size).toBe(100);
  });
});
