import { Worker } from 'node:worker_threads';
import type { Clock } from '../core/clock.js';
import { SpoorError } from '../core/errors.js';
import type { DigestAnswer, DigestJob } from './digest-worker.js';

/** How long the thread is kept without work: starting it costs some 30 ms, keeping it some 5 MB. */
const IDLE_MS = 10_000;

interface Waiting {
  readonly resolve: (sha256: string) => void;
  readonly reject: (error: SpoorError) => void;
}

/** The daemon's end of the thread that reads and hashes files. Starts it when there is work, ends it when there was none. */
export class DigestWorker implements AsyncDisposable {
  readonly #clock: Clock;
  readonly #waiting = new Map<number, Waiting>();
  #thread: Worker | undefined;
  #idle = new AbortController();
  #lastId = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** True while there is a thread. */
  get running(): boolean {
    return this.#thread !== undefined;
  }

  /**
   * Reads `bytes` bytes from the start of an open descriptor, whatever its own position is.
   *
   * Takes:  `lane`: files of one lane are read one after the other, lanes take turns of 1 MB.
   * Errors: ATTESTATION_FAILED when the file cannot be read, or has another length, or the thread ended.
   */
  sha256(descriptor: number, bytes: number, lane: string): Promise<string> {
    this.#idle.abort();
    this.#thread ??= this.#start();
    const job: DigestJob = { id: ++this.#lastId, descriptor, bytes, lane };
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has no origin
    this.#thread.postMessage(job);
    return new Promise((resolve, reject) => {
      this.#waiting.set(job.id, { resolve, reject });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#idle.abort();
    const thread = this.#thread;
    this.#end('the daemon is stopping');
    await thread?.terminate();
  }

  #start(): Worker {
    // From source the thread runs TypeScript, of which Node strips the types; from the package JavaScript.
    const suffix = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    const file = new URL(`./digest-worker.${suffix}`, import.meta.url);
    const thread = new Worker(file, { name: 'spoor-digests', execArgv: [], env: {} });
    thread.unref();
    thread.on('message', (answer: DigestAnswer) => {
      this.#answer(answer);
    });
    thread.on('error', (error: Error) => {
      if (this.#thread === thread) this.#end(`the digest thread failed (${error.message})`);
    });
    return thread;
  }

  #answer(answer: DigestAnswer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if ('sha256' in answer) waiting?.resolve(answer.sha256);
    else waiting?.reject(failed(answer.problem));
    if (this.#waiting.size === 0) void this.#endWhenIdle();
  }

  /** Never rejects. */
  async #endWhenIdle(): Promise<void> {
    const idle = (this.#idle = new AbortController());
    await this.#clock.sleep(IDLE_MS, idle.signal);
    if (idle.signal.aborted) return;
    const thread = this.#thread;
    this.#thread = undefined;
    await thread?.terminate();
  }

  #end(why: string): void {
    this.#thread = undefined;
    for (const { reject } of this.#waiting.values()) reject(failed(why));
    this.#waiting.clear();
  }
}

function failed(why: string): SpoorError {
  return new SpoorError('ATTESTATION_FAILED', `no digest: ${why}`);
}
