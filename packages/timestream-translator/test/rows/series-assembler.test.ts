import { createSamples } from '@timestream-prometheus/prom-codec';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMatcher } from '../../src/matcher/matcher.js';
import { ReadLimitError } from '../../src/rows/read-limit-error.js';
import type { QueryPage } from '../../src/model/record.js';
import { createSeriesAssembler } from '../../src/rows/series-assembler.js';
import { memoryTable, pageOf, plainAnswer, validMatcher } from '../support/memory-table.js';

const limits = { maxSamples: 1000, maxSeries: 1000 };
const everything = [createMatcher({ type: '!=', name: 'nowhere', value: 'x' })];
const assemble = (pages: readonly QueryPage[], overrides: Partial<Parameters<typeof createSeriesAssembler>[0]> = {}) => {
  const assembler = createSeriesAssembler({ matchers: everything, startMs: 0n, endMs: 10_000n, limits, ...overrides });
  for (const page of pages) assembler.addPage(page);
  return assembler.finish();
};

describe('createSeriesAssembler', () => {
  it('gives the plain answer for any rows, matchers and bounds, in any order and split into any pages', () => {
    let cases = 0;
    let answered = 0;
    fc.assert(
      fc.property(
        memoryTable.chain((rows) => fc.tuple(fc.constant(rows), fc.shuffledSubarray([...rows], { minLength: rows.length }))),
        fc.array(validMatcher, { maxLength: 2 }),
        fc.array(fc.nat(12), { maxLength: 3 }),
        fc.constantFrom<[bigint, bigint][]>([0n, 10_000n], [1001n, 1001n], [1000n, 1001n], [-(2n ** 63n), 2n ** 63n - 1n], [5n, 4n]),
        ([rows, shuffled], matchers, cuts, [startMs, endMs]) => {
          const expected = plainAnswer(rows, matchers, startMs, endMs);
          cases += 1;
          answered += expected.length;
          const options = { matchers: matchers.map((matcher) => createMatcher(matcher)), startMs, endMs };
          expect(assemble([pageOf(rows)], options)).toEqual(expected);
          // Each part has only the columns of its own rows, like the answers to different queries.
          const parts = [0, ...cuts.sort((left, right) => left - right), 12].map((from, index, all) =>
            shuffled.slice(from, all[index + 1] ?? 12),
          );
          expect(assemble(parts.map(pageOf), options)).toEqual(expected);
        },
      ),
      { numRuns: 600 },
    );
    expect(answered).toBeGreaterThan(cases / 4);
  }, 120_000);

  const column = (Name: string, ScalarType: string) => ({ Name, Type: { ScalarType } });
  const datum = (text: string | null) => (text === null ? { NullValue: true } : { ScalarValue: text });
  const doublePage = (...rows: (string | null)[][]): QueryPage => ({
    ColumnInfo: [
      column('job', 'VARCHAR'),
      column('measure_name', 'VARCHAR'),
      column('time', 'TIMESTAMP'),
      column('sample_value', 'DOUBLE'),
      column('note', 'BIGINT'),
    ],
    Rows: rows.map((texts) => ({ Data: texts.map(datum) })),
  });

  it.each([
    ['1.0', 0x3ff0000000000000n],
    ['1.0E7', 0x416312d000000000n],
    ['-0.0', 0x8000000000000000n],
    ['4.9E-324', 1n],
    ['1.7976931348623157E308', 0x7fefffffffffffffn],
    ['NaN', 0x7ff8000000000001n],
    ['Infinity', 0x7ff0000000000000n],
    ['-Infinity', 0xfff0000000000000n],
    ['35', 0x4041800000000000n],
  ])('reads the DOUBLE %s to the last bit', (text, valueBits) => {
    const page = doublePage(['a', 'up', '1970-01-01 00:00:01.000000000', text, null]);
    expect(assemble([page])[0]?.samples).toEqual(createSamples([[1000, valueBits]]));
  });

  it.each([
    ['', ''],
    ['x', 'x'],
    [' 1', ' 1'],
    ['0x10', '0x10'],
    ['nan', 'nan'],
  ])('refuses the DOUBLE %j', (_title, text) => {
    const page = doublePage(['a', 'up', '1970-01-01 00:00:01.000000000', text, null]);
    expect(() => assemble([page])).toThrow(/DOUBLE that cannot be read/);
  });

  it('takes no label from columns that are not VARCHAR, and none that is empty', () => {
    const page = doublePage(['', 'up', '1970-01-01 00:00:01.000000000', '1.0', '7']);
    expect(assemble([page])[0]?.labels).toEqual([{ name: '__name__', value: 'up' }]);
  });

  it('keeps series apart whose dimension texts would read the same when joined', () => {
    const columns = ['a', 'b', 'measure_name'].map((name) => column(name, 'VARCHAR'));
    const page: QueryPage = {
      ColumnInfo: [...columns, column('time', 'TIMESTAMP'), column('measure_value::double', 'DOUBLE')],
      Rows: [
        ['1:x', ''],
        ['1', ':x'],
        [null, '1:x'],
        ['1:x', null],
        ['-', null],
        [null, '-'],
      ].map((texts) => ({
        Data: [...texts, 'up', '1970-01-01 00:00:01.000000000', '1.0'].map(datum),
      })),
    };
    expect(assemble([page]).map(({ labels }) => labels.slice(1).map(({ name, value }) => `${name}=${value}`))).toEqual([
      ['a=-'],
      ['a=1', 'b=:x'],
      ['a=1:x'],
      ['b=-'],
      ['b=1:x'],
    ]);
  });

  it('sorts series by the UTF-8 bytes of their labels, not by UTF-16 units', () => {
    const row = (job: string) => [job, 'up', '1970-01-01 00:00:01.000000000', '1.0', null];
    const page = doublePage(row('\u{10000}'), row('\ufffd'), row('z'));
    expect(assemble([page]).map(({ labels }) => labels[1]?.value)).toEqual(['z', '\ufffd', '\u{10000}']);
  });

  it('stops at the limits, naming them', () => {
    const page = doublePage(
      ['a', 'up', '1970-01-01 00:00:01.000000000', '1.0', null],
      ['b', 'up', '1970-01-01 00:00:01.000000000', '1.0', null],
    );
    expect(() => assemble([page], { limits: { maxSamples: 1, maxSeries: 2 } })).toThrow(new ReadLimitError('too-many-samples', 1));
    expect(() => assemble([page], { limits: { maxSamples: 2, maxSeries: 1 } })).toThrow(new ReadLimitError('too-many-series', 1));
    expect(assemble([page], { limits: { maxSamples: 2, maxSeries: 2 } })).toHaveLength(2);
    const onlyA = [createMatcher({ type: '=', name: 'job', value: 'a' })];
    expect(assemble([page], { matchers: onlyA, limits: { maxSamples: 1, maxSeries: 1 } })).toHaveLength(1);
  });

  it('holds more samples than one block, and gives series that share two columns of memory', () => {
    const rows = Array.from({ length: 150_000 }, (_, index) => [
      index % 2 === 0 ? 'a' : 'b',
      'up',
      `1970-01-01 00:${String(Math.floor(index / 60_000)).padStart(2, '0')}:${String(Math.floor(index / 1000) % 60).padStart(2, '0')}.${String(index % 1000).padStart(3, '0')}000000`,
      `${index}.0`,
      null,
    ]);
    const [first, second] = assemble([{ ...doublePage(), Rows: rows.map((texts) => ({ Data: texts.map(datum) })) }], {
      endMs: 1_000_000n,
      limits: { maxSamples: 150_000, maxSeries: 2 },
    });
    expect(first?.samples.timestampsMs).toHaveLength(75_000);
    expect(second?.samples.timestampsMs.at(-1)).toBe(149_999n);
    expect(second?.samples.timestampsMs.buffer).toBe(first?.samples.timestampsMs.buffer);
  });

  it('takes pages without rows and without columns', () => {
    expect(assemble([{ ColumnInfo: [], Rows: [] }])).toEqual([]);
  });

  it('refuses rows without a time column', () => {
    expect(() => assemble([{ ColumnInfo: [column('measure_name', 'VARCHAR')], Rows: [{ Data: [datum('up')] }] }])).toThrow(
      /without the columns time/,
    );
  });
});
