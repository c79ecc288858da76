import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../core/clock.js';
import { SpoorError } from '../core/errors.js';
import type { Logger } from '../core/log.js';
import type { Service } from '../core/services.js';
import type { Instance } from '../instances/instance.js';
import type { Attestors } from './attest.js';

/** How long a stream may live on an attestation. */
export const REATTEST_MS = 30_000;
/** How long the event loop is held in one go. */
const SLICE_MS = 2;
/** Nobody called. */
const NO_CALL = { call: 0 };

export interface ReattestationDeps {
  /** The instances to look at again: those with open streams. */
  readonly watched: () => Iterable<Instance>;
  readonly attestors: Attestors;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Measures and attests every watched instance again, every 30 seconds, in slices.
 *
 * An instance whose process is lost has its attestation taken away by the attestation room, and whoever serves it
 * sees that at once. When attestation only failed, what was known stays in force until the next time.
 */
export class Reattestation implements Service {
  readonly name = 'reattestation';
  readonly #deps: ReattestationDeps;

  constructor(deps: ReattestationDeps) {
    this.#deps = deps;
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#deps.clock.sleep(REATTEST_MS, signal);
      if (!signal.aborted) await this.#passOver(signal);
    }
  }

  async #passOver(signal: AbortSignal): Promise<void> {
    const { clock, watched } = this.#deps;
    const waiting: Promise<void>[] = [];
    let sliceEndsMs = clock.monotonicMs() + SLICE_MS;
    // Copied: instances come and go between the slices.
    for (const instance of Array.from(watched())) {
      const unfinished = this.#lookAgain(instance, signal);
      if (unfinished !== undefined) waiting.push(unfinished);
      if (clock.monotonicMs() < sliceEndsMs) continue;
      await nextTurn();
      if (signal.aborted) break;
      sliceEndsMs = clock.monotonicMs() + SLICE_MS;
    }
    await Promise.all(waiting);
  }

  /** Never throws; the promise, where there is something to wait for, never rejects. */
  #lookAgain(instance: Instance, signal: AbortSignal): Promise<void> | undefined {
    try {
      const attestation = this.#deps.attestors.attest(instance, NO_CALL, signal);
      if (!(attestation instanceof Promise)) return undefined;
      return attestation.then(
        () => {},
        (error: unknown) => {
          this.#report(instance, error);
        },
      );
    } catch (error) {
      this.#report(instance, error);
      return undefined;
    }
  }

  #report(instance: Instance, error: unknown): void {
    const lost = error instanceof SpoorError && error.code === 'PEER_UNKNOWN';
    const fields = { instance: instance.id, pid: instance.process.pid, uid: instance.process.uid, error };
    if (lost) this.#deps.log.info('a process is not any more what was attested; its streams end', fields);
    else
      this.#deps.log.debug('an instance could not be attested again; what was known stays in force', fields);
  }
}
