import { rmSync } from 'node:fs';
import { createSamples, encodeSnappy, encodeWriteRequest, type TimeSeries } from '@timestream-prometheus/prom-codec';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { basicAuthorization, startConnector, type RunningConnector } from '../harness/start-connector.js';

const seriesPerRequest = 1_500;
const requests = 6;
const startMs = Date.now() - 60_000;
const headers = { authorization: basicAuthorization(), 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' };

function bodyOf(request: number): Uint8Array {
  const timeseries = Array.from({ length: seriesPerRequest }, (_none, index): TimeSeries => {
    const labels = { __name__: 'written_by_workers', host: `host-${(index * 7919) % 1_000_003}`, request: String(request) };
    return {
      labels: Object.entries(labels).map(([name, value]) => ({ name, value })),
      samples: createSamples([[startMs, index / 7]]),
      exemplars: [],
      histograms: [],
    };
  });
  return encodeSnappy(encodeWriteRequest({ timeseries, metadata: [] }));
}

describe('the built server with two worker threads', () => {
  let connector: RunningConnector;

  beforeAll(async () => {
    connector = await startConnector({ extraArguments: ['--workers=2'] });
  });

  afterAll(async () => {
    await connector.program.stop();
    rmSync(connector.dataDir, { recursive: true, force: true });
  });

  async function metric(name: string): Promise<number> {
    const text = await (await fetch(`${connector.url}/metrics`, { headers })).text();
    return text
      .split('\n')
      .filter((line) => line.startsWith(name))
      .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  }

  it('stores every sample of writes that come at the same time, and counts them once', async () => {
    const bodies = Array.from({ length: requests }, (_none, request) => bodyOf(request));
    const answers = await Promise.all(
      bodies.map(async (body) => {
        const response = await fetch(`${connector.url}/write`, { method: 'POST', headers, body: Buffer.from(body) });
        return [response.status, await response.text()];
      }),
    );
    expect(answers).toEqual(bodies.map(() => [204, '']));
    expect(await metric('timestream_connector_received_samples_total')).toBe(requests * seriesPerRequest);
    expect(await metric('timestream_connector_stored_records_total')).toBe(requests * seriesPerRequest);
    expect(await metric('timestream_connector_lost_workers_total')).toBe(0);
    const query = new URLSearchParams({ query: 'sum(written_by_workers)', time: String((startMs + 1_000) / 1000) });
    const answer = (await (await fetch(`${connector.url}/api/v1/query?${query.toString()}`, { headers })).json()) as {
      // oxlint-disable-next-line id-denylist -- the API's own name
      readonly data: { readonly result: readonly { readonly value: readonly [number, string] }[] };
    };
    const sumOfOne = Array.from({ length: seriesPerRequest }, (_none, index) => index / 7).reduce((sum, value) => sum + value, 0);
    expect(Number(answer.data.result[0]?.value[1])).toBeCloseTo(requests * sumOfOne, 3);
  });

  it('ends in order with its threads', async () => {
    expect(await connector.program.stop()).toBe(0);
  });
});
