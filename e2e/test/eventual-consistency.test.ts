import { createSamples, type Query, type TimeSeries } from '@timestream-prometheus/prom-codec';
import type { Layout } from '@timestream-prometheus/timestream-translator';
import { startEmbeddedTimestream } from '@timestream-prometheus/timestream-embedded';
import { describe, expect, it } from 'vitest';
import { readStrategies, startInProcessConnector } from '../differential/in-process-connector.js';
import { createRandomMatchers, createRandomRange, createRandomSeries } from '../differential/random-cases.js';
import { createSeededRandom } from '../differential/seeded-random.js';
import { select, type PlainSeries } from '../differential/selection-oracle.js';
import { text } from '../differential/series-text.js';
import { accessKeyId, secretAccessKey } from '../harness/start-connector.js';

const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
const hourMs = 3_600_000;
const isFinite64 = (bits: bigint): boolean => ((bits >> 52n) & 0x7ffn) !== 0x7ffn;

function timeSeriesOf({ labels, samples }: PlainSeries): TimeSeries {
  return { labels, samples: createSamples(samples), exemplars: [], histograms: [] };
}

/** The series with those samples that `isWanted`; no series without samples. */
function withSamples(stored: readonly PlainSeries[], isWanted: (valueBits: bigint) => boolean): PlainSeries[] {
  return stored
    .map(({ labels, samples }) => ({ labels, samples: samples.filter(([, valueBits]) => isWanted(valueBits)) }))
    .filter(({ samples }) => samples.length > 0);
}

describe(`a table whose newest rows and columns are not there yet for queries (SEED=${seed})`, () => {
  it('gives the answer of before, whole and without an error, and the full one as soon as they are', async () => {
    for (let dataSet = 0; dataSet < 6; dataSet += 1) {
      const random = createSeededRandom(seed + dataSet);
      // The server's own clock, so that what is an hour old does not depend on how fast this machine is.
      let aheadMs = 0;
      const timestream = await startEmbeddedTimestream({
        credentials: [{ accessKeyId, secretAccessKey }],
        create: [{ databaseName: 'metrics', tableName: 'samples', memoryStoreRetentionHours: 24 }],
        clock: { nowMs: () => Date.now() + aheadMs },
      });
      const subject = await startInProcessConnector({
        'write-base-endpoint': timestream.url,
        'query-base-endpoint': timestream.url,
      });
      const write = async (layout: Layout, stored: readonly PlainSeries[]): Promise<void> => {
        if (stored.length === 0) return;
        expect(await subject.write({ timeseries: stored.map(timeSeriesOf), metadata: [] }, layout)).toEqual({ status: 204, text: '' });
      };
      try {
        const endMs = Date.now();
        const all = createRandomSeries(random, endMs, hourMs);
        const isLate = new Map(all.flatMap(({ samples }) => samples).map((sample) => [sample, random.next() < 0.5]));
        const part = (wanted: boolean): PlainSeries[] =>
          all
            .map(({ labels, samples }) => ({ labels, samples: samples.filter((sample) => isLate.get(sample) === wanted) }))
            .filter(({ samples }) => samples.length > 0);
        const [early, late] = [part(false), part(true)];
        const expectAnswers = async (stored: readonly PlainSeries[], state: string): Promise<void> => {
          const queries: Query[] = Array.from({ length: 40 }, () => {
            const [startTimestampMs, endTimestampMs] = createRandomRange(random, all, endMs, hourMs);
            return { matchers: createRandomMatchers(random, all), startTimestampMs, endTimestampMs };
          });
          for (let start = 0; start < queries.length; start += 10) {
            const strategy = readStrategies[(start / 10) % 2] ?? 'packed';
            const results = await subject.read(queries.slice(start, start + 10), 'SAMPLES', strategy);
            for (const [index, result] of results.entries()) {
              const query = queries[start + index];
              if (query === undefined) throw new RangeError('more results than queries');
              const wanted = select(stored, query.matchers, query.startTimestampMs, query.endTimestampMs).map(timeSeriesOf);
              const context = `SEED=${seed}, data set ${dataSet}, ${state}, ${strategy}, ${JSON.stringify(query, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value))}`; // oxfmt-ignore
              expect(text(result), context).toEqual(text(wanted));
            }
          }
        };

        await expectAnswers([], 'empty');
        await write((['sample-value', 'compact', 'multi-measure'] as const)[dataSet % 3] ?? 'multi-measure', early);
        aheadMs += hourMs;
        await expectAnswers(early, 'early only');
        // New rows, new columns, and several layouts.
        const single = dataSet % 2 === 1 ? withSamples(late, isFinite64) : [];
        await write('single-measure', single);
        await write('multi-measure', dataSet % 2 === 1 ? withSamples(late, (bits) => !isFinite64(bits)) : late);
        timestream.faults.hideNewerThanMs(hourMs / 2);
        await expectAnswers(early, 'late hidden');
        timestream.faults.clear();
        await expectAnswers(all, 'late seen');
        // And gone again, as from a replica that is behind: the connector has seen columns that are not there now.
        timestream.faults.hideNewerThanMs(hourMs / 2);
        await expectAnswers(early, 'late hidden again');
        aheadMs += hourMs;
        await expectAnswers(all, 'all old enough');
        timestream.faults.hideNewerThanMs(4 * hourMs);
        await expectAnswers([], 'all hidden');
      } finally {
        await subject.close();
        await timestream.close();
      }
    }
  }, 300_000);
});
