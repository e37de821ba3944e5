import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { encodeSnappy, encodeWriteRequest } from '@timestream-prometheus/prom-codec';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDataSet, type DataSet } from '../differential/data-set.js';
import { createPromqlCorpus } from '../differential/promql-corpus.js';
import type { PrometheusAnswer } from '../harness/prometheus-answer.js';
import { isMissing } from '../harness/requirements.js';
import { basicAuthorization, startConnector, type RunningConnector } from '../harness/start-connector.js';
import { startPrometheus, type RunningPrometheus } from '../harness/start-prometheus.js';

const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
const resultsFolder = fileURLToPath(new URL('../../test-results', import.meta.url));

interface Comparison {
  readonly expression: string;
  readonly series: number;
  readonly characters: number;
  readonly outcome: 'equal' | 'equal error' | 'DIFFERENT';
}

describe.skipIf(isMissing('prometheus'))(`two real Prometheus fed the same remote-write bytes (SEED=${seed})`, () => {
  let connector: RunningConnector;
  let own: RunningPrometheus;
  let through: RunningPrometheus;
  let dataSet: DataSet;

  beforeAll(async () => {
    connector = await startConnector();
    own = await startPrometheus({ extraArguments: ['--web.enable-remote-write-receiver'] });
    through = await startPrometheus({ remoteReadUrl: `${connector.url}/read` });
    dataSet = createDataSet(seed, Math.floor(Date.now() / 60_000) * 60_000);
    for (const request of dataSet.writeRequests()) {
      const body = Buffer.from(encodeSnappy(encodeWriteRequest(request)));
      const headers = {
        'content-type': 'application/x-protobuf',
        'content-encoding': 'snappy',
        'x-prometheus-remote-write-version': '0.1.0',
      };
      for (const [url, more] of [
        [`${own.url}/api/v1/write`, {}],
        [`${connector.url}/write`, { authorization: basicAuthorization() }],
      ] as const) {
        const response = await fetch(url, { method: 'POST', headers: { ...headers, ...more }, body });
        expect(response.status, `${url}: ${await response.text()}`).toBe(204);
      }
    }
  }, 300_000);

  afterAll(async () => {
    await Promise.all([own.program.stop(), through.program.stop()]);
    await connector.program.stop();
  });

  /** The answer to a range query as text: the result and nothing else, or the error. */
  async function answerText(server: RunningPrometheus, expression: string, range: string): Promise<{ text: string; failed: boolean }> {
    const response = await fetch(`${server.url}/api/v1/query_range`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: `query=${encodeURIComponent(expression)}&${range}`,
    });
    const answer = (await response.json()) as PrometheusAnswer;
    if (answer.warnings) throw new Error(`${expression}: ${answer.warnings.join('; ')}`);
    return answer.status === 'success'
      ? { text: JSON.stringify(answer.data), failed: false }
      : { text: `error: ${answer.error ?? ''}`, failed: true };
  }

  it('answers every query with the same text', async () => {
    const comparisons: Comparison[] = [];
    const differences: string[] = [];
    const endSeconds = dataSet.endMs / 1000;
    const ranges = [
      `start=${endSeconds - 3600}&end=${endSeconds}&step=60`,
      `start=${endSeconds - 1800.123}&end=${endSeconds - 60.5}&step=37`,
      `start=${endSeconds - 3000}&end=${endSeconds + 300}&step=150`,
    ];
    const corpus = createPromqlCorpus();
    for (const [index, expression] of corpus.entries()) {
      const range = ranges[index % ranges.length] ?? '';
      const [wanted, got] = await Promise.all([answerText(own, expression, range), answerText(through, expression, range)]);
      const outcome = wanted.text !== got.text ? 'DIFFERENT' : wanted.failed ? 'equal error' : 'equal';
      comparisons.push({ expression, series: wanted.text.split('"metric"').length - 1, characters: wanted.text.length, outcome });
      if (outcome === 'DIFFERENT')
        differences.push(`${expression} (${range})\n  own:     ${wanted.text.slice(0, 400)}\n  through: ${got.text.slice(0, 400)}`);
    }
    const compared = comparisons.filter(({ outcome }) => outcome === 'equal');
    const filled = compared.filter(({ series }) => series > 0);
    mkdirSync(resultsFolder, { recursive: true });
    writeFileSync(
      path.join(resultsFolder, 'promql-differential.md'),
      [
        `# PromQL answers of a Prometheus with its own TSDB and of one that reads through the connector (SEED=${seed})`,
        '',
        `${comparisons.length} range queries: ${compared.length} equal (${filled.length} of them with series), ${comparisons.length - compared.length - differences.length} equal errors, ${differences.length} different.`,
        '',
        '| outcome | series | characters | query |',
        '| --- | ---: | ---: | --- |',
        ...comparisons.map(
          ({ expression, series, characters, outcome }) =>
            `| ${outcome} | ${series} | ${characters} | \`${JSON.stringify(expression.slice(0, 120)).replaceAll('|', '\\|')}\` |`,
        ),
        '',
      ].join('\n'),
    );
    expect(differences.slice(0, 10).join('\n'), `${differences.length} of ${comparisons.length} differ`).toBe('');
    expect(compared.length).toBeGreaterThanOrEqual(400);
    expect(filled.length).toBeGreaterThanOrEqual(350);
  }, 600_000);
});
