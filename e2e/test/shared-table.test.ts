import type { TimeSeries } from '@timestream-prometheus/prom-codec';
import { describe, expect, it } from 'vitest';
import { startInProcessConnector } from '../differential/in-process-connector.js';
import { createSeededRandom, type SeededRandom } from '../differential/seeded-random.js';
import { series, stored, text } from '../differential/series-text.js';
import { openRawTable } from '../harness/raw-table.js';

const nowMs = Date.now() - 60_000;

describe('several connectors that write different new labels to one table at the same time', () => {
  const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);

  /** Series with one to three of a few labels each, so that different writers want different new dimensions at once. */
  function randomSeries(random: SeededRandom, writer: number, round: number): TimeSeries[] {
    return Array.from({ length: 1 + random.below(12) }, (_none, index) => {
      const labels: Record<string, string> = { __name__: random.pick(['m', 'n:x']), writer: String(writer), id: `${round}.${index}` };
      for (let count = random.below(4); count > 0; count -= 1)
        labels[random.pick(['a', 'b', 'c', 'd', 'e', 'time', 'ünï'])] = random.pick(['x', 'y']);
      return series(labels, [[nowMs + round, random.next()], [nowMs + round + 1, random.next()]]); // oxfmt-ignore
    });
  }

  it.each([
    { maxDimensionsPerTable: 4, hasOurs: true },
    { maxDimensionsPerTable: 4, hasOurs: false },
    { maxDimensionsPerTable: 6, hasOurs: true },
    { maxDimensionsPerTable: 6, hasOurs: false },
  ])(
    `store every sample exactly once or report it, and give each series once (SEED=${seed}, %j)`,
    async ({ maxDimensionsPerTable, hasOurs }) => {
      for (let dataSet = 0; dataSet < 5; dataSet += 1) {
        const random = createSeededRandom(seed + dataSet);
        const first = await startInProcessConnector({}, { maxDimensionsPerTable });
        const endpoints = { 'write-base-endpoint': first.timestream.url, 'query-base-endpoint': first.timestream.url };
        const others = [await startInProcessConnector(endpoints), await startInProcessConnector(endpoints)];
        const table = openRawTable(first.timestream.url, 'metrics', 'samples');
        try {
          if (hasOurs) await first.write({ timeseries: [series({ __name__: 'first' }, [[nowMs, 1]])], metadata: [] });
          const wanted: TimeSeries[] = [];
          let reported = 0;
          for (let round = 0; round < 4; round += 1) {
            const requests = [first, ...others].map((writer, index) => ({ writer, timeseries: randomSeries(random, index, round * 10) }));
            const answers = await Promise.all(requests.map(({ writer, timeseries }) => writer.write({ timeseries, metadata: [] })));
            for (const [index, { status, text: answer }] of answers.entries()) {
              wanted.push(...(requests[index]?.timeseries ?? []));
              if (status === 204) continue;
              expect({ status, answer, hasOurs }).toMatchObject({
                status: 400,
                answer: expect.stringMatching(/^samples-rejected: .*table-dimensions/) as string,
                hasOurs: false,
              });
              reported += Number(/^samples-rejected: (\d+)/.exec(answer)?.[1]);
            }
          }
          const context = `SEED=${seed}, data set ${dataSet}`;
          const sampleCount = wanted.reduce((sum, { samples }) => sum + samples.valueBits.length, 0);
          // One record may be the one that makes `prometheus_labels`.
          const ofSamples = `measure_name NOT IN ('first', '%metadata')`;
          const [[rowCount] = []] = await table.query(`SELECT count(*) FROM metrics.samples WHERE ${ofSamples}`);
          expect(Number(rowCount) + reported, context).toBe(sampleCount);
          for (const reader of [first, ...others]) {
            const [got = []] = await reader.read([
              {
                matchers: [{ type: '=~', name: '__name__', value: 'm|n:x' }],
                startTimestampMs: BigInt(nowMs),
                endTimestampMs: BigInt(nowMs + 100),
              },
            ]);
            expect(new Set(got.map(({ labels }) => JSON.stringify(labels))).size, context).toBe(got.length);
            const all = new Set(wanted.map(stored));
            expect(
              text(got).filter((one) => !all.has(one)),
              context,
            ).toEqual([]);
            expect(
              got.reduce((sum, { samples }) => sum + samples.valueBits.length, 0),
              context,
            ).toBe(sampleCount - reported);
          }
        } finally {
          table.close();
          for (const connector of [...others, first]) await connector.close();
        }
      }
    },
    300_000,
  );
});
