import { describe, expect, it } from 'vitest';
import { answerJson } from '../../src/api/answer-json.js';

const startMs = 1_700_000_000_000;

function matrixOf(seriesCount: number, points: number) {
  const series = Array.from({ length: seriesCount }, (_none, number) => ({
    labels: [{ name: 'n', value: `"${number}" \u{1f600}` }],
    floats: Array.from({ length: points }, (_point, index) => ({ timestampMs: startMs + index * 500, value: number + index / 8 })),
    histograms: [],
  }));
  return { value: { type: 'matrix', series }, warnings: [], infos: [] } as unknown as Parameters<typeof answerJson>[0];
}

describe('a large answer of a query', () => {
  it.each([
    [1, 200_000],
    [200, 1_000],
    [50_000, 1],
  ])(
    'gives others a turn after some ten thousand points, in the middle of a series too: %d series of %d points',
    async (seriesCount, points) => {
      let turns = 0;
      const bytes = await answerJson(matrixOf(seriesCount, points), {
        limit: 0,
        stats: null,
        warning: null,
        breathe: () => {
          turns += 1;
          return Promise.resolve();
        },
      });
      expect(turns).toBeGreaterThanOrEqual(Math.floor((seriesCount * points) / 11_000));
      // As many turns as are needed: each costs a round of the event loop.
      expect(turns).toBeLessThan((seriesCount * (points + 10)) / 9_000);
      const { status, ['data']: answered } = JSON.parse(Buffer.from(bytes).toString()) as {
        readonly status: string;
        // oxlint-disable-next-line id-denylist -- Prometheus' own name
        readonly data: { readonly result: readonly { readonly metric: object; readonly values: readonly [number, string][] }[] };
      };
      expect(status).toBe('success');
      expect(answered.result).toHaveLength(seriesCount);
      for (const number of [0, seriesCount - 1]) {
        const { metric, values } = answered.result[number] ?? { metric: {}, values: [] };
        expect(metric).toEqual({ n: `"${number}" \u{1f600}` });
        expect(values).toHaveLength(points);
        expect(values.at(-1)).toEqual([(startMs + (points - 1) * 500) / 1000, String(number + (points - 1) / 8)]);
      }
    },
  );

  it('is what JSON makes of it, with limit, warnings and stats', async () => {
    const bytes = await answerJson(matrixOf(3, 2), { limit: 2, stats: '{"a":1}', warning: 'w', breathe: () => Promise.resolve() });
    expect(JSON.parse(Buffer.from(bytes).toString())).toEqual({
      status: 'success',
      // oxlint-disable-next-line id-denylist -- Prometheus' own name
      data: {
        resultType: 'matrix',
        result: [0, 1].map((number) => ({
          metric: { n: `"${number}" \u{1f600}` },
          values: [
            [startMs / 1000, String(number)],
            [startMs / 1000 + 0.5, String(number + 0.125)],
          ],
        })),
        stats: { a: 1 },
      },
      warnings: ['results truncated due to limit', 'w'],
    });
  });
});
