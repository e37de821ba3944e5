import { METRIC_CATALOGUE } from '@timestream-prometheus/connector';
import { describe, expect, it } from 'vitest';
import { createPrometheusMetrics } from '../src/index.js';
import { noContent, send, startServer } from './running-server.js';

describe('createPrometheusMetrics', () => {
  it('registers every metric of the catalogue with its type and help, and no other of our name', async () => {
    const page = await createPrometheusMetrics(METRIC_CATALOGUE).render();
    for (const { name, type, help } of METRIC_CATALOGUE) {
      expect(page).toContain(`# TYPE ${name} ${type}\n`);
      expect(page).toContain(`# HELP ${name} ${help}\n`);
    }
    const ours = [...page.matchAll(/^# TYPE (timestream_connector_\S+)/gm)].map(([, name]) => name);
    expect(ours).toEqual(METRIC_CATALOGUE.map(({ name }) => name));
  });

  it('keeps the six metrics of the earlier Go connector', async () => {
    const page = await createPrometheusMetrics(METRIC_CATALOGUE).render();
    for (const name of [
      'read_requests_total',
      'read_duration_seconds',
      'ignored_samples_total',
      'received_samples_total',
      'write_requests_total',
      'write_duration_seconds',
    ]) {
      expect(page).toContain(`# TYPE timestream_connector_${name} `);
    }
  });

  it('shows the default metrics of the process', async () => {
    const page = await createPrometheusMetrics(METRIC_CATALOGUE).render();
    expect(page).toContain('process_resident_memory_bytes');
    expect(page).toContain('nodejs_eventloop_lag_seconds');
  });

  it('takes what the catalogue says, for every metric of it', async () => {
    const metrics = createPrometheusMetrics(METRIC_CATALOGUE);
    for (const metric of METRIC_CATALOGUE) {
      const labels = Object.fromEntries(metric.labelNames.map((label) => [label, 'v']));
      if (metric.type === 'counter') metrics.sink.add({ ...metric, type: 'counter' }, 2, labels);
      else if (metric.type === 'gauge') metrics.sink.move({ ...metric, type: 'gauge' }, 2, labels);
      else metrics.sink.observe({ ...metric, type: 'histogram' }, 2, labels);
    }
    const page = await metrics.render();
    for (const { name, type, labelNames } of METRIC_CATALOGUE) {
      const labels = labelNames.length === 0 ? '' : `{${labelNames.map((label) => `${label}="v"`).join(',')}}`;
      expect(page).toContain(`${type === 'histogram' ? `${name}_sum` : name}${labels} 2\n`);
    }
  });

  it('moves a gauge up and down', async () => {
    const gauge = { name: 'g', type: 'gauge', help: 'h', labelNames: [] } as const;
    const metrics = createPrometheusMetrics([gauge]);
    metrics.sink.move(gauge, 3);
    metrics.sink.move(gauge, -1);
    expect(await metrics.render()).toMatch(/^g 2$/m);
  });

  it('refuses a metric that is not in the catalogue', () => {
    const { sink } = createPrometheusMetrics([]);
    expect(() => sink.add({ name: 'unknown', type: 'counter', help: 'h', labelNames: [] }, 1)).toThrow(
      /unknown is no counter of the metric catalogue/,
    );
  });

  it('keeps the measurements of two servers in one process apart', async () => {
    const definition = { name: 'c', type: 'counter', help: 'h', labelNames: [] } as const;
    const [first, second] = [createPrometheusMetrics([definition]), createPrometheusMetrics([definition])];
    first.sink.add(definition, 5);
    expect(await second.render()).toMatch(/^c 0$/m);
  });
});

describe('the metrics page', () => {
  it('stands at the telemetry path for GET and HEAD, and nowhere else', async () => {
    const { app, port, requests } = await startServer(() => noContent, {
      config: { webTelemetryPath: '/own-metrics' },
      metrics: createPrometheusMetrics(METRIC_CATALOGUE),
    });
    const page = await send(port, { path: '/own-metrics?x=1', method: 'GET' });
    expect(page.status).toBe(200);
    expect(page.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(page.body.toString()).toContain('timestream_connector_received_samples_total 0');
    expect((await send(port, { path: '/own-metrics', method: 'HEAD' })).status).toBe(200);
    expect(requests).toEqual([]);
    await send(port, { path: '/metrics', method: 'GET' });
    await send(port, { path: '/own-metrics', method: 'POST' });
    expect(requests.map(({ method, path }) => `${method} ${path}`)).toEqual(['GET /metrics', 'POST /own-metrics']);
    await app.close();
  });
});
