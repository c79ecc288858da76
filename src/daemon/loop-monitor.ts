import { monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION_MS = 20;

/** Measures how late the event loop runs. */
export class LoopMonitor implements Disposable {
  readonly #histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });

  constructor() {
    this.#histogram.enable();
  }

  /** Seconds beyond the timer's own resolution since the last call. */
  take(): { readonly p50: number; readonly p99: number; readonly max: number } {
    const seconds = (ns: number): number => Math.max(0, ns / 1e9 - RESOLUTION_MS / 1e3);
    const { max } = this.#histogram;
    const taken = {
      p50: seconds(this.#histogram.percentile(50)),
      p99: seconds(this.#histogram.percentile(99)),
      max: seconds(max),
    };
    this.#histogram.reset();
    return taken;
  }

  [Symbol.dispose](): void {
    this.#histogram.disable();
  }
}
