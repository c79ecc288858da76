import { describe, expect, it } from 'vitest';
import { NO_METRICS } from '../../src/core/metrics.js';
import { examine, type HealthCheck } from '../../src/daemon/health.js';
import { HttpServer } from '../../src/daemon/http-server.js';
import { METRICS } from '../../src/daemon/metric-table.js';
import { PrometheusMetrics, type Readings } from '../../src/daemon/prometheus.js';
import { MemoryLog } from '../fakes/memory-log.js';

const READINGS: Readings = {
  connections: () => ({ agent: 3, admin: 1 }),
  streams: () => 7,
  instances: () => 2,
  entries: () => 5,
  entryProblems: () => 0,
  authorityExpiry: () => ({ x509: 3_600 }),
  descriptors: () => ({ open: 30, limit: 1_024 }),
  loopDelay: () => ({ p50: 0.001, p99: 0.002, max: 0.01 }),
  residentBytes: () => 1_000,
};

describe('HttpServer', () => {
  it('says that it lives', async () => {
    await using http = await openHttp({});
    const response = await fetch(`${http.url}/live`);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ live: true });
  });

  it('is ready while nothing failed, also when something is degraded, and says what', async () => {
    const check: HealthCheck = { name: 'entries', status: 'degraded', detail: 'a file is not valid' };
    await using http = await openHttp({ check });
    const response = await fetch(`${http.url}/ready`);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ ready: true, checks: [check] });
  });

  it('is not ready when a check failed', async () => {
    await using http = await openHttp({
      check: { name: 'state', status: 'failed', detail: 'the disk is full' },
    });
    expect((await fetch(`${http.url}/ready`)).status).toBe(503);
  });

  it('serves every metric of the table, with what the rooms reported', async () => {
    const metrics = new PrometheusMetrics();
    metrics.read(READINGS);
    metrics.called('FetchX509SVID', 'OK', 0.0004);
    metrics.firstAnswered('new', 0.00055);
    metrics.refused('IDENTITY_NOT_ISSUED');
    metrics.attested('complete', 0.0001);
    metrics.minted('x509', 0.00005);
    metrics.rotated('x509-svid');
    metrics.turnedAway('challenge unanswered');
    await using http = await openHttp({ metrics });
    const text = await (await fetch(`${http.url}/metrics`)).text();

    for (const { name, type } of Object.values(METRICS)) expect(text).toContain(`# TYPE ${name} ${type}\n`);
    expect(text).toContain('spoor_calls_total{method="FetchX509SVID",code="OK"} 1');
    expect(text).toContain('spoor_refusals_total{code="IDENTITY_NOT_ISSUED"} 1');
    expect(text).toContain('spoor_first_answer_seconds_bucket{le="0.0006",process="new"} 1');
    expect(text).toContain('spoor_connections{socket="agent"} 3');
    expect(text).toContain('spoor_event_loop_delay_seconds{quantile="p99"} 0.002');
    expect(text).toContain('spoor_mint_seconds_bucket{le="0.0001",kind="x509"} 1');
  });

  it('answers other paths and methods without failing', async () => {
    await using http = await openHttp({});
    expect((await fetch(`${http.url}/etc/passwd`)).status).toBe(404);
    expect((await fetch(`${http.url}/live`, { method: 'POST', body: 'x' })).status).toBe(405);
  });

  it('says so when the port is taken', async () => {
    await using http = await openHttp({});
    const port = Number(new URL(http.url).port);
    await expect(openHttp({ port })).rejects.toMatchObject({ code: 'SOCKET_IN_USE' });
  });

  it('reports nothing where nothing is collected', () => {
    expect(() => NO_METRICS.refused('X')).not.toThrow();
  });
});

interface Options {
  readonly check?: HealthCheck;
  readonly metrics?: PrometheusMetrics;
  readonly port?: number;
}

async function openHttp(options: Options): Promise<{ readonly url: string } & AsyncDisposable> {
  const { check, metrics = new PrometheusMetrics(), port = 0 } = options;
  const stop = new AbortController();
  const server = await HttpServer.open({
    host: '127.0.0.1',
    port,
    health: () => examine(check === undefined ? [] : [() => check]),
    scrape: () => metrics.scrape(),
    log: new MemoryLog(),
  });
  const running = server.run(stop.signal);
  return {
    url: `http://127.0.0.1:${server.port}`,
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await running;
    },
  };
}
