import { createMatcher, type QueryPage } from '@timestream-prometheus/timestream-translator';
import { describe, expect, it } from 'vitest';
import { Turns } from '../../src/index.js';
import { createLimiter } from '../../src/concurrency/create-limiter.js';
import { ReadBudget } from '../../src/concurrency/read-budget.js';
import { matchingSlices } from '../../src/read/matching-slices.js';
import { readPages } from '../../src/read/read-pages.js';
import { streamPages } from '../../src/read/stream-pages.js';
import { RecordingMetrics } from '../support/recording-metrics.js';

const pageOf = (lengths: readonly number[]): QueryPage => ({
  ColumnInfo: [{ Name: 'a', Type: { ScalarType: 'VARCHAR' } }],
  Rows: lengths.map((length, index) => ({ Data: [{ ScalarValue: String(index).padEnd(length, 'x') }] })),
  isLast: true,
});
const regex = (value: string) => createMatcher({ name: 'a', type: '=~', value });

describe('matchingSlices', () => {
  it('leaves a page whole that is matched against texts, or against expressions that cost little', () => {
    const page = pageOf(Array.from({ length: 1_000 }, () => 100));
    for (const matchers of [[], [createMatcher({ name: 'a', type: '=', value: 'x' })], [regex('a|b')], [regex('.*foo.*')]])
      expect([...matchingSlices(page, matchers)]).toEqual([page]);
  });

  it('cuts a page where matching would take more than a turn may, and loses no row', () => {
    const page = pageOf(Array.from({ length: 1_000 }, (_none, index) => 100 + (index % 7)));
    const matchers = [regex('(?:x?y?z?){0,300}'), regex('[a-z]{0,900}9')];
    const cost = matchers.reduce((sum, { costPerCharacter }) => sum + costPerCharacter, 0);
    const slices = [...matchingSlices(page, matchers)];
    expect(slices.length).toBeGreaterThan(50);
    expect(slices.flatMap(({ Rows }) => Rows)).toEqual(page.Rows);
    expect(slices.map(({ isLast }) => isLast)).toEqual([...slices.slice(1).map(() => false), true]);
    for (const { Rows } of slices) {
      const characters = Rows.reduce((sum, { Data }) => sum + (Data?.[0]?.ScalarValue?.length ?? 0), 0);
      expect(cost * characters).toBeLessThanOrEqual(1_000_000);
    }
  });

  it('gives a row of its own turn that alone takes more, and nothing of a page without rows but the page', () => {
    const page = pageOf([10, 50_000, 10]);
    expect([...matchingSlices(page, [regex('[a-z]{0,900}9')])].map(({ Rows }) => Rows.length)).toEqual([1, 1, 1]);
    expect([...matchingSlices(pageOf([]), [regex('[a-z]{0,900}9')])]).toEqual([pageOf([])]);
  });
});

describe('reading pages', () => {
  const { signal } = new AbortController();
  const matchers = [regex('[a-z]{0,900}9')];
  const page = pageOf(Array.from({ length: 1_000 }, () => 100));

  /** A source of one page, and turns that are counted. */
  function start() {
    let turnsTaken = 0;
    class CountedTurns extends Turns {
      override next(turnSignal?: AbortSignal): Promise<void> {
        turnsTaken += 1;
        return super.next(turnSignal);
      }
    }
    const metrics = new RecordingMetrics();
    const context = {
      source: {
        // oxlint-disable-next-line typescript/require-await -- the port is asynchronous
        async *query() {
          yield page;
        },
      },
      limiter: createLimiter(1),
      turns: new CountedTurns(),
      memory: new ReadBudget({ maxBytes: 1e9, metrics }).openShare(signal),
      metrics,
      signal,
    };
    return { context, turnsTaken: () => turnsTaken };
  }

  it('takes a turn for each part of a page that is expensive to match, collected or streamed', async () => {
    const collected = start();
    let rows = 0;
    const count = ({ Rows }: QueryPage) => {
      rows += Rows.length;
      return 'next' as const;
    };
    await readPages('SELECT 1', collected.context, count, matchers);
    const streamed = start();
    for await (const part of streamPages('SELECT 1', streamed.context, matchers)) count(part);
    expect(rows).toBe(2_000);
    expect(collected.turnsTaken()).toBeGreaterThan(80);
    expect(streamed.turnsTaken()).toBe(collected.turnsTaken());
  });
});
