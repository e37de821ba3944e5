import { prometheus3Program } from '@timestream-prometheus/scripts/install-prometheus-3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dashboardSeries, metricsOf } from '../dashboards/dashboard-data-set.js';
import { withVariables, type DashboardVariable } from '../dashboards/dashboard.js';
import { kubernetesCluster, kubernetesWorkloads } from '../dashboards/kubernetes.js';
import { nodeExporter } from '../dashboards/node-exporter.js';
import { createSeededRandom } from '../differential/seeded-random.js';
import { comparableAnswer, isEmptyAnswer } from '../harness/compare-answers.js';
import type { PrometheusAnswer } from '../harness/prometheus-answer.js';
import { writeOnce } from '../harness/remote-client.js';
import { isMissing } from '../harness/requirements.js';
import { accessKeyId, basicAuthorization, secretAccessKey, startConnector, type RunningConnector } from '../harness/start-connector.js';
import { startPrometheus, type RunningPrometheus } from '../harness/start-prometheus.js';

const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
const dashboards = [nodeExporter, kubernetesCluster, kubernetesWorkloads];
const spanSeconds = 900;

/** What filters by value or looks for what is missing may find nothing. */
const mayFindNothing = (query: string): boolean =>
  /absent|unless|[<>=!]=|[<>] (?!bool)/.test(query.replaceAll(/\{[^}]*\}/g, '')) || query.includes('/ ignoring ()');

describe.skipIf(isMissing('prometheus3')).each(dashboards)(`the dashboard "$title" (SEED=${seed})`, (dashboard) => {
  let prometheus: RunningPrometheus;
  let connector: RunningConnector;
  let servers: readonly { readonly url: string; readonly headers: Readonly<Record<string, string>> }[];
  let endSeconds: number;
  const values: Record<string, string> = {};

  beforeAll(async () => {
    connector = await startConnector();
    prometheus = await startPrometheus({
      prometheusProgram: prometheus3Program,
      extraArguments: ['--web.enable-remote-write-receiver'],
    });
    servers = [
      { url: prometheus.url, headers: {} },
      { url: connector.url, headers: { authorization: basicAuthorization() } },
    ];
    endSeconds = Math.floor(Date.now() / 1000);
    const random = createSeededRandom(seed);
    const timeseries = dashboardSeries(metricsOf([dashboard]), (endSeconds - spanSeconds) * 1000, endSeconds * 1000, random);
    await writeOnce(`${prometheus.url}/api/v1/write`, timeseries, undefined);
    await writeOnce(`${connector.url}/write`, timeseries, { basic: { accessKeyId, secretAccessKey } });
  });

  afterAll(async () => {
    await prometheus.program.stop();
    await connector.program.stop();
  });

  /** Asks both as Grafana does: a query as a form, all else as a path. */
  async function askBoth(path: string, form: Readonly<Record<string, string>>): Promise<PrometheusAnswer[]> {
    const parameters = new URLSearchParams(form).toString();
    const isQuery = path.startsWith('/api/v1/query');
    return Promise.all(
      servers.map(async ({ url, headers }) => {
        const response = isQuery
          ? await fetch(`${url}${path}`, {
              method: 'POST',
              headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
              body: parameters,
            })
          : await fetch(`${url}${path}?${parameters}`, { headers });
        return (await response.json()) as PrometheusAnswer;
      }),
    );
  }

  async function valuesOf({ query, regex }: DashboardVariable): Promise<string[]> {
    const text = withVariables(query, values);
    const range = { start: String(endSeconds - spanSeconds), end: String(endSeconds) };
    const [, ofResult] = /^query_result\((.*)\)$/.exec(text) ?? [];
    const [, ofMetrics] = /^metrics\((.*)\)$/.exec(text) ?? [];
    const [, selector = '', label = ''] = /^label_values\((.*),\s*(\w+)\)$/.exec(text) ?? [];
    const answers =
      ofResult === undefined
        ? await askBoth(`/api/v1/label/${ofMetrics === undefined ? label : '__name__'}/values`, {
            ...range,
            ...(selector !== '' && { 'match[]': selector }),
          })
        : await askBoth('/api/v1/query', { query: ofResult, time: String(endSeconds) });
    const [wanted, got] = answers;
    if (ofResult === undefined) expect(got, text).toEqual(wanted);
    else expect(comparableAnswer(got ?? { status: '' }), text).toEqual(comparableAnswer(wanted ?? { status: '' }));
    const found =
      ofResult === undefined
        ? (got?.data as unknown as string[])
        : ((got?.data?.result ?? []) as { metric: Record<string, string> }[]).map(
            ({ metric }) =>
            Object.entries(metric).map(([name, value]) => `${name}="${value}"`).join(), // oxfmt-ignore
          );
    const chosen = ofMetrics === undefined ? found : found.filter((name) => new RegExp(ofMetrics).test(name));
    return regex === undefined ? chosen : chosen.map((one) => regex.exec(one)?.[1] ?? '');
  }

  it('fills its variables and answers every panel as Prometheus does', { timeout: 300_000 }, async () => {
    for (const variable of dashboard.variables) {
      const found = await valuesOf(variable);
      expect(found, variable.query).not.toEqual([]);
      values[variable.name] = found[0] ?? '';
    }
    const asked = dashboard.panels.flatMap(({ title, instant = false, queries }) => queries.map((query) => ({ title, instant, query })));
    expect(asked.length).toBeGreaterThan(30);
    for (const { title, instant, query } of asked) {
      const text = withVariables(query, values);
      const [wanted, got] = instant
        ? await askBoth('/api/v1/query', { query: text, time: String(endSeconds) })
        : await askBoth('/api/v1/query_range', {
            query: text,
            start: String(endSeconds - spanSeconds),
            end: String(endSeconds),
            step: '30',
          });
      const expected = comparableAnswer(wanted ?? { status: '' });
      expect(expected, `${title}: ${text}`).toMatchObject({ status: 'success', warnings: [] });
      expect(comparableAnswer(got ?? { status: '' }), `${title}: ${text}`).toEqual(expected);
      if (!mayFindNothing(query)) expect(isEmptyAnswer(expected), `${title}: ${text} selects nothing`).toBe(false);
    }
  });
});
