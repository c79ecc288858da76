import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Metrics } from '../core/metrics.js';
import { METRICS, type MetricRow } from './metric-table.js';

/** 50 µs to 10 s: from a mint to an attestation that had to hash a large executable. */
const BUCKETS = [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5, 10];

/** 0.1 ms to 1 s, close together where most answers are. */
const FIRST_ANSWER_BUCKETS = [
  0.0001, 0.0002, 0.0003, 0.0004, 0.0005, 0.0006, 0.0007, 0.0008, 0.001, 0.0015, 0.002, 0.005, 0.01, 0.1, 1,
];

/** What is read at each scrape. */
export interface Readings {
  connections(): Readonly<Record<string, number>>;
  streams(): number;
  instances(): number;
  entries(): number;
  entryProblems(): number;
  /** Seconds until each profile's active authority expires. */
  authorityExpiry(): Readonly<Record<string, number>>;
  descriptors(): { readonly open: number; readonly limit: number };
  /** Seconds; resets the measurement. */
  loopDelay(): { readonly p50: number; readonly p99: number; readonly max: number };
  residentBytes(): number;
}

/** Collects what the rooms report and serves it in the Prometheus text format. */
export class PrometheusMetrics implements Metrics {
  readonly #registry = new Registry();
  readonly #calls = this.#counter(METRICS.calls);
  readonly #callSeconds = this.#histogram(METRICS.callSeconds);
  readonly #firstAnswer = this.#histogram(METRICS.firstAnswer, FIRST_ANSWER_BUCKETS);
  readonly #refusals = this.#counter(METRICS.refusals);
  readonly #turnedAway = this.#counter(METRICS.turnedAway);
  readonly #attestations = this.#counter(METRICS.attestations);
  readonly #attestSeconds = this.#histogram(METRICS.attestSeconds);
  readonly #minted = this.#counter(METRICS.minted);
  readonly #mintSeconds = this.#histogram(METRICS.mintSeconds);
  readonly #rotations = this.#counter(METRICS.rotations);

  called(method: string, code: string, seconds: number): void {
    this.#calls.inc({ method, code });
    this.#callSeconds.observe({ method }, seconds);
  }

  firstAnswered(process: 'known' | 'new', seconds: number): void {
    this.#firstAnswer.observe({ process }, seconds);
  }

  refused(code: string): void {
    this.#refusals.inc({ code });
  }

  attested(outcome: 'complete' | 'partial' | 'failed', seconds: number): void {
    this.#attestations.inc({ outcome });
    this.#attestSeconds.observe(seconds);
  }

  minted(kind: 'x509' | 'jwt' | 'wit', seconds: number): void {
    this.#minted.inc({ kind });
    this.#mintSeconds.observe({ kind }, seconds);
  }

  rotated(what: Parameters<Metrics['rotated']>[0]): void {
    this.#rotations.inc({ what });
  }

  turnedAway(reason: string): void {
    this.#turnedAway.inc({ reason });
  }

  /** Registers the gauges, each read at the scrape. */
  read(readings: Readings): void {
    this.#gauge(METRICS.connections, (gauge) => setEach(gauge, 'socket', readings.connections()));
    this.#gauge(METRICS.streams, (gauge) => gauge.set(readings.streams()));
    this.#gauge(METRICS.instances, (gauge) => gauge.set(readings.instances()));
    this.#gauge(METRICS.entries, (gauge) => gauge.set(readings.entries()));
    this.#gauge(METRICS.entryProblems, (gauge) => gauge.set(readings.entryProblems()));
    this.#gauge(METRICS.authorityExpiry, (gauge) => setEach(gauge, 'profile', readings.authorityExpiry()));
    this.#gauge(METRICS.descriptors, (gauge) => gauge.set(readings.descriptors().open));
    this.#gauge(METRICS.descriptorLimit, (gauge) => gauge.set(readings.descriptors().limit));
    this.#gauge(METRICS.loopDelay, (gauge) => setEach(gauge, 'quantile', readings.loopDelay()));
    this.#gauge(METRICS.resident, (gauge) => gauge.set(readings.residentBytes()));
  }

  /** The text that Prometheus scrapes, and its content type. */
  async scrape(): Promise<{ readonly contentType: string; readonly text: string }> {
    return { contentType: this.#registry.contentType, text: await this.#registry.metrics() };
  }

  #counter(row: MetricRow): Counter {
    return new Counter({
      name: row.name,
      help: row.help,
      labelNames: [...row.labels],
      registers: [this.#registry],
    });
  }

  #histogram(row: MetricRow, buckets = BUCKETS): Histogram {
    const { name, help, labels } = row;
    return new Histogram({
      name,
      help,
      labelNames: [...labels],
      buckets,
      registers: [this.#registry],
    });
  }

  #gauge(row: MetricRow, collect: (gauge: Gauge) => void): void {
    const gauge: Gauge = new Gauge({
      name: row.name,
      help: row.help,
      labelNames: [...row.labels],
      registers: [this.#registry],
      collect: (): void => collect(gauge),
    });
  }
}

function setEach(gauge: Gauge, label: string, values: Readonly<Record<string, number>>): void {
  gauge.reset();
  for (const [value, number] of Object.entries(values)) gauge.set({ [label]: value }, number);
}
