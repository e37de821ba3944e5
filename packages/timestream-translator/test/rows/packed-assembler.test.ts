import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMatcher } from '../../src/matcher/matcher.js';
import { createOrderedAssembler } from '../../src/rows/ordered-assembler.js';
import { PackedAnswerError } from '../../src/rows/packed-answer-error.js';
import { createPackedAssembler } from '../../src/rows/packed-assembler.js';
import { ReadLimitError } from '../../src/rows/read-limit-error.js';
import { RowFormatError } from '../../src/rows/row-format-error.js';
import type { PackedLayout } from '../../src/sql/compile-packed.js';
import { dimensionsOfTable, memoryTable, plainAnswer, validMatcher, type MemoryRow } from '../support/memory-table.js';
import { packedPage, packedRows, type PackedTexts } from '../support/packed-page.js';

const limits = { maxSamples: 1000, maxSeries: 1000 };
const everything = [createMatcher({ type: '!=', name: 'nowhere', value: 'x' })];

const layoutOf = (rows: readonly MemoryRow[], rowSpanMs: number): PackedLayout => ({
  dimensionColumns: [...dimensionsOfTable(rows)].filter((name) => name !== '__name__'),
  fromMs: 0,
  rowSpanMs,
  histogramRowSpanMs: 900_000,
  newestOnly: false,
  bins: null,
  leavesTimesOut: true,
});

const cut = <T>(all: readonly T[], cuts: readonly number[]): (readonly T[])[] =>
  [0, ...[...cuts].sort((left, right) => left - right), all.length].flatMap((from, index, positions) => {
    const to = positions[index + 1];
    return to === undefined ? [] : [all.slice(from, to)];
  });

/** A label that is an empty text and one that is absent are the same to Prometheus, and stand in different places of the order of SQL. */
const hasEmptyLabel = ({ dimensions }: MemoryRow): boolean =>
  Object.entries(dimensions).some(([name, value]) => value === '' && name !== 'prometheus_labels');

describe('createPackedAssembler', () => {
  it('gives the plain answer for any rows, matchers, bounds and spans, in any order and split into any pages', () => {
    let answered = 0;
    let cases = 0;
    fc.assert(
      fc.property(
        memoryTable,
        fc.array(validMatcher, { maxLength: 2 }),
        fc.array(fc.nat(12), { maxLength: 3 }),
        fc.constantFrom<[bigint, bigint][]>([0n, 10_000n], [1001n, 1001n], [1000n, 1001n], [-(2n ** 63n), 2n ** 63n - 1n], [5n, 4n]),
        fc.constantFrom(1, 2, 1001, 100_000),
        fc.infiniteStream(fc.nat(1_000_000)),
        (rows, matchers, cuts, [startMs, endMs], rowSpanMs, chances) => {
          const expected = plainAnswer(rows, matchers, startMs, endMs);
          answered += expected.length;
          cases += 1;
          const layout = layoutOf(rows, rowSpanMs);
          const assembler = createPackedAssembler(
            { matchers: matchers.map((matcher) => createMatcher(matcher)), startMs, endMs, limits },
            layout,
          );
          const shuffled = packedRows(rows, layout)
            .map((row) => ({ row, place: Number(chances.next().value) }))
            .sort((left, right) => left.place - right.place)
            .map(({ row }) => row);
          for (const part of cut(shuffled, cuts)) assembler.addPage(packedPage(layout, part));
          expect(assembler.finish()).toEqual(expected);
        },
      ),
      { numRuns: 600 },
    );
    expect(answered).toBeGreaterThan(cases / 3);
  }, 120_000);

  const layout: PackedLayout = {
    dimensionColumns: ['job'],
    fromMs: 1000,
    rowSpanMs: 5000,
    histogramRowSpanMs: 900_000,
    newestOnly: false,
    bins: null,
    leavesTimesOut: false,
  };
  const row = (overrides: Partial<Record<'span' | 'count' | 'others' | 'inexact' | 'points', string | null>> = {}): PackedTexts => {
    const texts = { span: '0', count: '2', others: '0', inexact: '0', points: '0:1.0;10+5=2.5E-7;', ...overrides };
    return ['a', 'up', texts.span, texts.count, texts.others, texts.inexact, texts.points];
  };
  const assemble = (...rows: readonly PackedTexts[]) => {
    const assembler = createPackedAssembler({ matchers: everything, startMs: 0n, endMs: 100_000n, limits }, layout);
    assembler.addPage(packedPage(layout, rows));
    return assembler.finish();
  };

  it('counts the milliseconds from the beginning of the span of the row', () => {
    expect(assemble(row(), row({ span: '2' }))[0]?.samples.timestampsMs).toEqual(BigInt64Array.of(1000n, 1010n, 11_000n, 11_010n));
  });

  it.each([
    ['a text that lacks its end', { points: '0:1.0;10:2' }, 'incomplete'],
    ['a text that lacks a point', { points: '0:1.0;' }, 'incomplete'],
    ['a text with a point too many', { points: '0:1.0;5:1.0;10:2.0;' }, 'incomplete'],
    ['no text at all', { points: '' }, 'incomplete'],
    ['doubles that cannot be told by their texts', { inexact: '1' }, 'inexact'],
    ['a label that is not shown', { others: '3' }, 'other-columns'],
  ])('does not take %s', (_title, overrides, fault) => {
    expect(() => assemble(row(overrides))).toThrow(PackedAnswerError);
    expect(() => assemble(row(overrides))).toThrow(expect.objectContaining({ fault }));
  });

  it.each([
    ['no count', { count: null }],
    ['a count that is not a number', { count: '1.5' }],
    ['no points', { points: null }],
    ['an unknown mark', { points: '0:1.0;10?2.0;' }],
    ['an unknown mark before a whole number', { points: '0:1.0;10?2;' }],
    ['a time that is not a number', { points: '0:1.0;x:2.0;' }],
    ['nanoseconds that are too many', { points: '0:1.0;1+1000000:2.0;' }],
    ['an empty value', { points: '0:1.0;1:;' }],
    ['a value that is not a number', { points: '0:1.0;1:0x10;' }],
  ])('refuses %s', (_title, overrides) => {
    expect(() => assemble(row(overrides))).toThrow(RowFormatError);
  });

  it('refuses an answer with other columns', () => {
    const assembler = createPackedAssembler({ matchers: everything, startMs: 0n, endMs: 100_000n, limits }, layout);
    const page = packedPage({ ...layout, dimensionColumns: [] }, [row().slice(1)]);
    expect(() => assembler.addPage(page)).toThrow(RowFormatError);
    const further = packedPage({ ...layout, dimensionColumns: [...layout.dimensionColumns, 'further'] }, [[...row(), 'x']]);
    expect(() => assembler.addPage(further)).toThrow(/columns, \d+ were asked for/);
  });

  it('stops before it has read more samples or series than allowed', () => {
    const few = createPackedAssembler(
      { matchers: everything, startMs: 0n, endMs: 100_000n, limits: { maxSamples: 1, maxSeries: 1 } },
      layout,
    );
    expect(() => few.addPage(packedPage(layout, [row({ points: 'not even looked at' })]))).toThrow(ReadLimitError);
  });
});

describe('createOrderedAssembler', () => {
  const orderedOptions = { matchers: everything, startMs: 0n, endMs: 100_000n, limits, maxWaitingSamples: 1000 };

  it('gives the plain answer series by series, in order, split into any pages', () => {
    let answered = 0;
    let cases = 0;
    fc.assert(
      fc.property(
        memoryTable.filter((rows) => !rows.some(hasEmptyLabel)),
        fc.array(validMatcher, { maxLength: 1 }),
        fc.array(fc.nat(12), { maxLength: 3 }),
        fc.constantFrom(1, 1001, 100_000),
        (rows, matchers, cuts, rowSpanMs) => {
          const expected = plainAnswer(rows, matchers, 0n, 10_000n);
          answered += expected.length;
          cases += 1;
          const layout = layoutOf(rows, rowSpanMs);
          const assembler = createOrderedAssembler(
            { ...orderedOptions, matchers: matchers.map((matcher) => createMatcher(matcher)), endMs: 10_000n },
            layout,
          );
          const given = cut(packedRows(rows, layout), cuts).flatMap((part) => assembler.addPage(packedPage(layout, part)));
          expect([...given, ...assembler.finish()]).toEqual(expected);
        },
      ),
      { numRuns: 600 },
    );
    expect(answered).toBeGreaterThan(cases / 3);
  }, 120_000);

  const layout: PackedLayout = {
    dimensionColumns: ['job', 'prometheus_labels'],
    fromMs: 0,
    rowSpanMs: 5000,
    histogramRowSpanMs: 900_000,
    newestOnly: false,
    bins: null,
    leavesTimesOut: false,
  };
  const row = (job: string, packed: string | null = null, measureName = 'up'): PackedTexts => [
    job,
    packed,
    measureName,
    '0',
    '1',
    '0',
    '0',
    '7:1.0;',
  ];
  const jobsOf = (series: ReturnType<ReturnType<typeof createOrderedAssembler>['finish']>) =>
    series.map(({ labels }) => labels.find(({ name }) => name === 'job')?.value);

  it('hands a series over as soon as the next one begins, and one without a place as soon as its place is reached', () => {
    const assembler = createOrderedAssembler(orderedOptions, layout);
    expect(jobsOf(assembler.addPage(packedPage(layout, [row('b', '{"x:y":"1"}'), row('z', '{"x:y":"1"}'), row('a'), row('c')])))).toEqual([
      'a',
      'b',
    ]);
    expect(jobsOf(assembler.addPage(packedPage(layout, [row('d')])))).toEqual(['c']);
    expect(jobsOf(assembler.finish())).toEqual(['d', 'z']);
  });

  it('does not take series in another order', () => {
    const assembler = createOrderedAssembler(orderedOptions, layout);
    expect(() => assembler.addPage(packedPage(layout, [row('b'), row('a'), row('c')]))).toThrow(
      expect.objectContaining({ fault: 'order' }),
    );
  });

  it('does not take a series without a place behind one with a place', () => {
    const assembler = createOrderedAssembler(orderedOptions, layout);
    expect(() => assembler.addPage(packedPage(layout, [row('b'), row('a', '{"x:y":"1"}')]))).toThrow(
      expect.objectContaining({ fault: 'order' }),
    );
  });

  it('holds no more samples of series without a place than it may', () => {
    const assembler = createOrderedAssembler({ ...orderedOptions, maxWaitingSamples: 1 }, layout);
    const page = packedPage(layout, [row('a', '{"x:y":"1"}'), row('b', null, 'job%3Aup')]);
    expect(() => assembler.addPage(page)).toThrow(expect.objectContaining({ fault: 'waiting' }));
  });
});
