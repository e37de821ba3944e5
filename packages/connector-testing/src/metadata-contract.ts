import { encodeSnappy, encodeWriteRequest, type MetricMetadata, type TimeSeriesV2 } from '@timestream-prometheus/prom-codec';
import { describe, expect, it } from 'vitest';
import type { ContractResponse } from './contract-subject.js';
import type { StoredBesideSuite } from './exemplar-contract.js';
import { PROTOCOL_HEADERS, PROTOCOL_HEADERS_V2, series, writeBodyV2 } from './remote-messages.js';

/** Metadata of metrics: stored by both versions when they change, given back as Prometheus gives them, and in nobody's way. */
export function metadataContract(suite: StoredBesideSuite): void {
  const { startMs, newMetric, readMetric } = suite;

  function write(...metadata: readonly MetricMetadata[]): Promise<ContractResponse> {
    return suite.post(encodeSnappy(encodeWriteRequest({ timeseries: [], metadata })), PROTOCOL_HEADERS);
  }

  function writeV2(...timeseries: readonly TimeSeriesV2[]): Promise<ContractResponse> {
    return suite.post(writeBodyV2(timeseries), PROTOCOL_HEADERS_V2);
  }

  async function ask(parameters: Readonly<Record<string, string>>): Promise<Readonly<Record<string, unknown>>> {
    const { status, answer } = await suite.get('metadata', parameters);
    expect({ status, answer }).toMatchObject({ status: 200, answer: { status: 'success' } });
    return (answer as { readonly data: Readonly<Record<string, unknown>> }).data; // oxlint-disable-line id-denylist -- Prometheus' own name
  }

  function gauge(metricFamilyName: string, help = 'How much.'): MetricMetadata {
    return { type: 'gauge', metricFamilyName, help, unit: '' };
  }

  describe('metadata', () => {
    it('is stored by 1.0 and given back whole: every type, help texts that are long or hard to quote, and units', async () => {
      const types = ['unknown', 'counter', 'gauge', 'histogram', 'gaugehistogram', 'summary', 'info', 'stateset'] as const;
      const helps = ['', 'it\'s "q"\\\n\t', '\u00fc \u{1f600} \u2028', `long ${'\u00fc'.repeat(4000)}`, '1/2:01234567:x', '{"type":1}'];
      const sent = types.map((type, index): MetricMetadata => ({
        type,
        metricFamilyName: newMetric(),
        help: helps[index] ?? 'x',
        unit: index % 2 === 0 ? '' : 's',
      }));
      sent.push(gauge(`${newMetric()}:sum`), gauge(`${newMetric()}${'x'.repeat(300)}`));
      const response = await write(...sent);
      expect({ status: response.status, text: Buffer.from(response.body).toString() }).toEqual({ status: 204, text: '' });
      for (const { metricFamilyName: metric, type, help, unit } of sent) {
        expect(await ask({ metric })).toEqual({ [metric]: [{ type, help, unit }] });
      }
      const all = await ask({});
      for (const { metricFamilyName: metric, type, help, unit } of sent) expect(all[metric]).toEqual([{ type, help, unit }]);
    });

    it('comes with the series of 2.0, and is that of their family', async () => {
      const [metric, latency] = [newMetric(), newMetric()];
      const histogram = { type: 'histogram', help: 'How long.', unit: 'seconds' } as const;
      const response = await writeV2(
        { ...series({ __name__: metric }, [startMs, 1]), metadata: { type: 'counter', help: 'How many.', unit: '' } },
        ...['_bucket', '_count', '_sum'].map((end) => ({ ...series({ __name__: latency + end }, [startMs, 1]), metadata: histogram })),
      );
      expect(response.status).toBe(204);
      expect(await ask({ metric })).toEqual({ [metric]: [{ type: 'counter', help: 'How many.', unit: '' }] });
      expect(await ask({ metric: latency })).toEqual({ [latency]: [histogram] });
      expect(await ask({ metric: `${latency}_sum` })).toEqual({});
      expect(await readMetric(metric)).toHaveLength(1);
    });

    it('is several entries where senders disagree, and as many as are asked for', async () => {
      const metric = newMetric();
      expect((await write(gauge(metric, 'b'), gauge(metric, 'a'), gauge(metric, 'b'))).status).toBe(204);
      const [a, b] = ['a', 'b'].map((help) => ({ type: 'gauge', help, unit: '' }));
      expect(await ask({ metric })).toEqual({ [metric]: [a, b] });
      expect(await ask({ metric, limit_per_metric: '1' })).toEqual({ [metric]: [a] });
      expect(await ask({ metric, limit: '1', limit_per_metric: '0' })).toEqual({ [metric]: [a, b] });
      expect(await ask({ limit: '0' })).toEqual({});
      expect(Object.keys(await ask({ limit: '2' }))).toHaveLength(2);
      expect(Object.keys(await ask({ limit: '-1' })).length).toBeGreaterThan(2);
      expect(await suite.get('metadata', { limit: 'x' })).toEqual({
        status: 400,
        answer: { status: 'error', errorType: 'bad_data', error: 'limit must be a number' },
      });
      expect(await suite.statusOf('POST', 'metadata', {})).toBe(405);
      expect(await suite.statusOf('GET', 'metadata', {})).toBe(401);
    });

    it('is no series, no label and no name', async () => {
      const metric = newMetric();
      expect((await write(gauge(metric))).status).toBe(204);
      expect(await readMetric(metric)).toEqual([]);
      const times = { start: String(startMs / 1000 - 3600), end: String(startMs / 1000 + 3600) };
      const { answer } = await suite.get('label/__name__/values', times);
      const names = (answer as { readonly data: readonly string[] }).data; // oxlint-disable-line id-denylist -- Prometheus' own name
      expect(names.filter((name) => name === metric || name.startsWith('%'))).toEqual([]);
    });

    it('is written when it is new or has changed, and not when it comes again', async () => {
      const metric = newMetric();
      suite.throttleNextWrite();
      const busy = await write(gauge(metric));
      expect(busy.status).toBe(503);
      expect(busy.headers['retry-after']).toBeDefined();
      expect((await write(gauge(metric))).status).toBe(204);
      suite.throttleNextWrite();
      expect((await write(gauge(metric))).status).toBe(204);
      // The throttled call is still to come: nothing was written.
      expect((await write(gauge(metric, 'Changed.'))).status).toBe(503);
      expect((await write(gauge(metric, 'Changed.'))).status).toBe(204);
      expect(await ask({ metric })).toMatchObject({ [metric]: [{ help: 'Changed.' }, { help: 'How much.' }] });
    });

    it('without a name of a metric is refused by name', async () => {
      const metric = newMetric();
      const response = await write(gauge(''), gauge(metric));
      expect(response.status).toBe(400);
      expect(Buffer.from(response.body).toString()).toMatch(/the metadata of 1 metric can never be stored\. missing-metric-name/);
      expect(await ask({ metric })).toMatchObject({ [metric]: [{ help: 'How much.' }] });
    });

    it('outlives a restart, may come again afterwards, and is left out where the operator says so', async () => {
      const [metric, other] = [newMetric(), newMetric()];
      expect((await write(gauge(metric))).status).toBe(204);
      await suite.restart({ metadata: 'drop' });
      const response = await write(gauge(metric), gauge(other));
      expect(response.status).toBe(204);
      expect(response.headers['x-timestream-connector-not-stored']).toBe('metadata=2');
      await suite.restart();
      expect((await write(gauge(metric))).status).toBe(204);
      expect(await ask({ metric })).toEqual({ [metric]: [{ type: 'gauge', help: 'How much.', unit: '' }] });
      expect(await ask({ metric: other })).toEqual({});
    });
  });
}
