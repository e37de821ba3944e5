import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { series } from '../differential/series-text.js';
import { eventually } from '../harness/child-program.js';
import { isMissing } from '../harness/requirements.js';
import { accessKeyId, secretAccessKey, startConnector, type RunningConnector } from '../harness/start-connector.js';
import { scrapeJob, startPrometheus, type RunningPrometheus } from '../harness/start-prometheus.js';
import { post } from '../harness/remote-client.js';
import { query, readBody, writeBody } from '@timestream-prometheus/connector-testing';

const folder = fileURLToPath(new URL('../../deploy/monitoring/', import.meta.url));
const runbook = readFileSync(new URL('../../docs/runbook.md', import.meta.url), 'utf8');
const metricsPage = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8');
const alerts = readFileSync(`${folder}alerts.yml`, 'utf8');
const alertNames = Array.from(alerts.matchAll(/- alert: (\w+)/g), ([, name = '']) => name);

interface Panel {
  readonly title: string;
  readonly type: string;
  readonly description?: string;
  readonly targets?: readonly { readonly expr: string }[];
}

const dashboard = JSON.parse(readFileSync(`${folder}dashboard.json`, 'utf8')) as {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly query: unknown }[] };
};
const plots = dashboard.panels.filter(({ type }) => type !== 'row');

/** As Grafana sends it: variables that stand for everything, and a range of a minute. */
function withVariables(expression: string): string {
  return expression.replaceAll('$job', '.*').replaceAll('$instance', '.*').replaceAll('$__rate_interval', '1m');
}

describe('the runbook', () => {
  it('has a section for each alert, and each alert names its section', () => {
    expect(alertNames.length).toBeGreaterThan(5);
    for (const name of alertNames) {
      expect(runbook).toContain(`\n## ${name}\n`);
      expect(alerts).toContain(`docs/runbook.md#${name.toLowerCase()}`);
    }
  });
});

describe.skipIf(isMissing('prometheus'))('dashboard and alert rules beside a real Prometheus', () => {
  let connector: RunningConnector;
  let prometheus: RunningPrometheus;
  let knownLabels: ReadonlyMap<string, ReadonlySet<string>>;

  beforeAll(async () => {
    connector = await startConnector();
    const identity = { basic: { accessKeyId, secretAccessKey } };
    const nowMs = Date.now();
    const sent = [series({ __name__: 'up', job: 'a' }, [[nowMs, 1]]), series({ __name__: 'old', job: 'a' }, [[0, 1]])];
    await post(`${connector.url}/write`, writeBody(sent), identity);
    await post(`${connector.url}/read`, readBody([query(nowMs - 1000, nowMs + 1000, ['__name__', '=', 'up'])]), identity);
    await post(`${connector.url}/read`, readBody([query(nowMs - 1000, nowMs + 1000, ['__name__', '=~', '('])]), identity);
    prometheus = await startPrometheus({ scrapeConfigs: scrapeJob('timestream-prometheus', `127.0.0.1:${connector.port}`) });
    // The page of metrics is compared with the catalogue by a test of the connector. A metric has no series before its first event.
    const labels = new Map<string, Set<string>>();
    for (const [, name = '', kind = '', labelText = ''] of metricsPage.matchAll(/^### `(\w+)`\n\nA (\w+)\. (?:Labels: ([^.]*)\.)?/gm)) {
      const names = new Set(['job', 'instance', ...Array.from(labelText.matchAll(/`(\w+)`/g), ([, label = '']) => label)]);
      labels.set(name, names);
      if (kind === 'histogram') labels.set(`${name}_bucket`, new Set([...names, 'le']));
    }
    const scraped = await (await fetch(`${connector.url}/metrics`)).text();
    for (const [, name = ''] of scraped.matchAll(/^# TYPE (process_\w+)/gm)) labels.set(name, new Set(['job', 'instance']));
    knownLabels = labels;
    await eventually('two scrapes', async () => {
      const result = (await prometheus.queryInstant('count_over_time(up[1m])')) as { value: [number, string] }[];
      return Number(result[0]?.value[1] ?? 0) >= 3;
    });
  });

  afterAll(async () => {
    await prometheus.program.stop();
    await connector.program.stop();
  });

  const expressions = plots.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ title, expr })));

  it.each(expressions)('answers the query of the panel “$title”: $expr', async ({ expr }) => {
    const expression = withVariables(expr);
    // A name or a label that is spelled wrongly gives an empty answer, not an error.
    for (const [, name = ''] of expression.matchAll(/\b((?:timestream_connector|process)_\w+)/g))
      expect(knownLabels.has(name), `${name} is a metric`).toBe(true);
    for (const [, labelList = ''] of expression.matchAll(/by \(([^)]*)\)/g)) {
      const names = Array.from(expression.matchAll(/\b((?:timestream_connector|process)_\w+)/g), ([, name = '']) => name);
      for (const label of labelList.split(',').map((text) => text.trim()))
        expect(
          names.some((name) => knownLabels.get(name)?.has(label)),
          `${label} is a label of ${names.join(', ')}`,
        ).toBe(true);
    }
    const result = await prometheus.queryInstant(expression);
    // Only what looks for trouble may be empty here.
    if (!/ > 0$|_retries_total/.test(expression)) expect(result).not.toEqual([]);
  });

  it('says in words on every panel what it shows', () => {
    for (const { title, description = '' } of plots) expect(description.length, title).toBeGreaterThan(10);
  });

  it('loads the alert rules, and each one that is to fire fires in the unit tests of promtool', () => {
    execFileSync('promtool', ['check', 'rules', 'alerts.yml'], { cwd: folder });
    execFileSync('promtool', ['test', 'rules', 'alerts.test.yml'], { cwd: folder });
    const unitTests = readFileSync(`${folder}alerts.test.yml`, 'utf8');
    for (const name of alertNames) {
      const cases = unitTests.split('alertname: ').filter((text) => text.startsWith(`${name}\n`) || text.startsWith(`${name},`));
      expect(
        cases.some((text) => /^\w+\n\s+exp_alerts:\n/.test(text)),
        `${name} fires somewhere`,
      ).toBe(true);
      expect(
        cases.some((text) => /^\w+, exp_alerts: \[\]/.test(text)),
        `${name} is silent somewhere`,
      ).toBe(true);
    }
  });
});
