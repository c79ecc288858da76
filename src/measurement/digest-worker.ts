// Runs in a thread of its own, from source and from the built package alike: node: modules only.
import { createHash, type Hash } from 'node:crypto';
import { readSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';

/** One file to read from an open descriptor. Files of one `lane` are read one after the other, lanes take turns. */
export interface DigestJob {
  readonly id: number;
  readonly descriptor: number;
  readonly bytes: number;
  readonly lane: string;
}

/** The answer to one job: a digest in lower-case hex, or what was wrong. */
export type DigestAnswer =
  { readonly id: number; readonly sha256: string } | { readonly id: number; readonly problem: string };

interface Reading {
  readonly job: DigestJob;
  readonly hash: Hash;
  position: number;
}

const CHUNK_BYTES = 1_048_576;
const chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
const lanes = new Map<string, Reading[]>();
let turning = false;

parentPort?.on('message', (job: DigestJob) => {
  const lane = lanes.get(job.lane) ?? [];
  lane.push({ job, hash: createHash('sha256'), position: 0 });
  lanes.set(job.lane, lane);
  if (!turning) setImmediate(takeTurns);
  turning = true;
});

/** One chunk for each lane, then back to the messages. */
function takeTurns(): void {
  for (const [name, lane] of lanes) {
    const [reading] = lane;
    const answer = reading && step(reading);
    if (answer === undefined) continue;
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has no origin
    parentPort?.postMessage(answer);
    lane.shift();
    if (lane.length === 0) lanes.delete(name);
  }
  turning = lanes.size > 0;
  if (turning) setImmediate(takeTurns);
}

function step(reading: Reading): DigestAnswer | undefined {
  const { job, hash } = reading;
  const { id, descriptor, bytes } = job;
  try {
    const read = readSync(descriptor, chunk, 0, CHUNK_BYTES, reading.position);
    reading.position += read;
    hash.update(chunk.subarray(0, read));
    if (reading.position < bytes && read > 0) return undefined;
    if (reading.position !== bytes) return { id, problem: 'the size of the file changed while it was read' };
    return { id, sha256: hash.digest('hex') };
  } catch (error) {
    return {
      id,
      problem: `the file cannot be read (${error instanceof Error ? error.message : 'no reason'})`,
    };
  }
}
