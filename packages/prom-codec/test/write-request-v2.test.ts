import fc from 'fast-check';
import protobuf from 'protobufjs';
import { describe, expect, it } from 'vitest';
import {
  CodecError,
  createSamples,
  decodeWriteColumns,
  decodeWriteColumnsV2,
  encodeWriteRequest,
  encodeWriteRequestV2,
  LabelSetCache,
  type TimeSeriesV2,
  type WriteColumns,
} from '../src/index.js';
import { anyInt64, anyText, anyTimeSeries } from './arbitraries.js';
import { bytesOf } from './bytes.js';
import { anyMutation, mutate } from './mutations.js';

/** Written down from the specification, independently of the decoder; a `double` as `fixed64`, so that protobufjs compares bits. */
const SCHEMA = `
  syntax = "proto3";
  message Request { repeated string symbols = 4; repeated TimeSeries timeseries = 5; }
  message TimeSeries {
    repeated uint32 labels_refs = 1; repeated Sample samples = 2; repeated bytes histograms = 3; repeated Exemplar exemplars = 4;
    Metadata metadata = 5;
  }
  message Sample { fixed64 value = 1; int64 timestamp = 2; int64 start_timestamp = 3; }
  message Exemplar { repeated uint32 labels_refs = 1; fixed64 value = 2; int64 timestamp = 3; }
  message Metadata { int32 type = 1; uint32 help_ref = 3; uint32 unit_ref = 4; }
`;
const requestType = protobuf.parse(SCHEMA, { keepCase: true }).root.lookupType('Request');

function plain({ labelSets, sampleEnds, timestampsMs, valueBits, histograms, exemplars }: WriteColumns) {
  return {
    labels: labelSets.map(({ labels }) => labels),
    sampleEnds: [...sampleEnds],
    timestampsMs: [...timestampsMs],
    valueBits: [...valueBits],
    histograms,
    exemplars,
  };
}

const anyTimeSeriesV2: fc.Arbitrary<TimeSeriesV2> = fc
  .tuple(
    anyTimeSeries,
    fc.option(fc.record({ type: fc.constantFrom('counter' as const, 'unknown' as const), help: anyText, unit: anyText }), {
      nil: undefined,
    }),
    anyInt64,
  )
  .map(([series, metadata, startTimestampMs]) => ({
    ...series,
    ...(metadata === undefined ? {} : { metadata }),
    startTimestampsMs: series.samples.timestampsMs.map(() => startTimestampMs),
  }));
const anyRequest = fc.array(anyTimeSeriesV2, { maxLength: 5 }).map((timeseries) => ({ timeseries }));

/** A request as a sender might break it: symbols as given, one series of the given fields. */
function request(symbols: readonly string[], ...series: object[]): Uint8Array {
  return requestType.encode(requestType.fromObject({ symbols, timeseries: series })).finish();
}

const SYMBOLS = ['', '__name__', 'up', 'job', 'node'];
const sample = { value: 1, timestamp: 1000 };

describe('decodeWriteColumnsV2', () => {
  it('gives the columns that version 1.0 gives for the same series, and the same label sets', () => {
    fc.assert(
      fc.property(anyRequest, ({ timeseries }) => {
        const labelSets = new LabelSetCache({ maxBytes: 1 << 20 });
        const first = encodeWriteRequest({ timeseries, metadata: [] });
        const second = encodeWriteRequestV2({ timeseries });
        decodeWriteColumns(first, { labelSets });
        const old = decodeWriteColumns(first, { labelSets });
        const columns = decodeWriteColumnsV2(second, { labelSets });
        expect(plain(columns)).toEqual(plain(old));
        columns.labelSets.forEach((labelSet, index) => expect(labelSet).toBe(old.labelSets[index]));
        expect(columns.malformedSeries).toEqual([]);
        const starts = timeseries.flatMap(({ startTimestampsMs }) => Array.from(startTimestampsMs ?? [], Number));
        expect([...(columns.startTimestampsMs ?? new Float64Array(starts.length))]).toEqual(starts);
      }),
      { numRuns: 300 },
    );
  });

  it('gives the same columns whatever came before, and however little the cache of label sets can keep', () => {
    const wide = Array.from({ length: 150 }, (_, index) => ({ name: `label_${index}`, value: `value ${index % 7}` }));
    fc.assert(
      fc.property(
        fc.array(anyRequest, { minLength: 1, maxLength: 4 }),
        fc.array(fc.nat({ max: 3 }), { minLength: 4, maxLength: 12 }),
        fc.constantFrom(4_000, 40_000, 1 << 20),
        (requests, order, maxBytes) => {
          const labelSets = new LabelSetCache({ maxBytes });
          for (const [round, pick] of order.entries()) {
            const { timeseries = [] } = requests[pick % requests.length] ?? {};
            // Some series with many labels, which come and go with their symbols.
            const many = timeseries.map((series, index) =>
              (round + index) % 3 === 0 ? { ...series, labels: [...wide.slice(0, 40 + 55 * index), ...series.labels] } : series,
            );
            const bytes = encodeWriteRequestV2({ timeseries: many });
            const columns = decodeWriteColumnsV2(bytes, { labelSets });
            expect(plain(columns)).toEqual(plain(decodeWriteColumnsV2(bytes)));
            expect(plain(columns)).toEqual(
              plain(decodeWriteColumns(encodeWriteRequest({ timeseries: many, metadata: [] }), { labelSets })),
            );
            expect(columns.metadata).toEqual(decodeWriteColumnsV2(bytes).metadata);
            expect(labelSets.bytes).toBeLessThanOrEqual(maxBytes);
          }
        },
      ),
      { numRuns: 100 },
    );
  });

  it('counts the labels of known symbols as those of new ones', () => {
    const bytes = encodeWriteRequestV2({ timeseries: Array.from({ length: 20 }, (_, index) => series(index)) });
    const labelSets = new LabelSetCache({ maxBytes: 1 << 20 });
    const least = 20 * (4 * 12 + '__name__up'.length + 'job'.length) + 10 * 5 + 10 * 6;
    for (let round = 0; round < 5; round++) {
      expect(decodeWriteColumnsV2(bytes, { labelSets, limits: { maxLabelBytes: least } }).labelSets).toHaveLength(20);
      expect(() => decodeWriteColumnsV2(bytes, { labelSets, limits: { maxLabelBytes: least - 1 } })).toThrow(/maxLabelBytes/);
    }
    function series(index: number): TimeSeriesV2 {
      const labels = [
        { name: '__name__', value: 'up' },
        { name: 'job', value: `job-${index}` },
      ];
      return { labels, samples: createSamples([[1_000, index]]), exemplars: [], histograms: [] };
    }
  });

  it('reads what protobufjs writes: references that are not packed, series before their symbols, two requests as one', () => {
    const whole = request(SYMBOLS, { labels_refs: [1, 2, 3, 4], samples: [sample] });
    const expected = plain(decodeWriteColumnsV2(whole));
    expect(expected.labels).toEqual([
      [
        { name: '__name__', value: 'up' },
        { name: 'job', value: 'node' },
      ],
    ]);
    const seriesOnly = request([], { labels_refs: [1, 2, 3, 4], samples: [sample] });
    expect(plain(decodeWriteColumnsV2(Uint8Array.from([...seriesOnly, ...request(SYMBOLS)])))).toEqual(expected);
    // labels_refs 1 and 2, each a field of its own.
    expect(decodeWriteColumnsV2(Uint8Array.from([...request(SYMBOLS), ...bytesOf('2a 04 08 01 08 02')])).labelSets[0]?.labels).toEqual([
      { name: '__name__', value: 'up' },
    ]);
  });

  it('writes what protobufjs reads', () => {
    fc.assert(
      fc.property(anyRequest, ({ timeseries }) => {
        const message = requestType.toObject(requestType.decode(encodeWriteRequestV2({ timeseries })), {
          longs: String,
          defaults: true,
        }) as {
          symbols: string[];
          timeseries: { labels_refs: number[]; samples: { value: string }[] }[];
        };
        expect(message.symbols[0] ?? '').toBe('');
        expect(new Set(message.symbols).size).toBe(message.symbols.length);
        expect(message.timeseries.map(({ samples }) => samples.map(({ value }) => BigInt(value)))).toEqual(
          timeseries.map(({ samples }) => [...samples.valueBits]),
        );
        expect(message.timeseries.map(({ labels_refs: refs }) => refs.map((ref) => message.symbols[ref]))).toEqual(
          timeseries.map(({ labels }) => labels.flatMap(({ name, value }) => [name, value])),
        );
      }),
      { numRuns: 200 },
    );
  });

  it.each([
    {
      fault: { labels_refs: [1, 999] },
      reason: 'label-references',
      text: 'TimeSeries.labels_refs: 999 is outside of the symbols, of which there are 5',
    },
    {
      fault: { labels_refs: [1, 2, 3] },
      reason: 'label-references',
      text: 'TimeSeries.labels_refs: 3 references are no pairs of name and value',
    },
    {
      fault: { labels_refs: [1, 2], metadata: { help_ref: 70 } },
      reason: 'metadata-references',
      text: 'Metadata.help_ref: 70 is outside of the symbols, of which there are 5',
    },
    {
      fault: { labels_refs: [1, 2], metadata: { unit_ref: 71 } },
      reason: 'metadata-references',
      text: 'Metadata.unit_ref: 71 is outside of the symbols, of which there are 5',
    },
  ])('leaves out a series with $fault, says why, and keeps the others', ({ fault, reason, text }) => {
    const good = { labels_refs: [1, 2], samples: [{ value: 5, timestamp: 7 }] };
    const columns = decodeWriteColumnsV2(request(SYMBOLS, good, { ...fault, samples: [sample, sample], exemplars: [{ value: 1 }] }, good));
    expect([...columns.timestampsMs]).toEqual([7, 7]);
    expect([...columns.sampleEnds]).toEqual([1, 1, 2]);
    expect(columns.exemplars).toEqual([]);
    expect(columns.malformedSeries).toEqual([{ seriesIndex: 1, reason, text, samples: 2, histograms: 0, exemplars: 1 }]);
  });

  it('leaves out a series with a label that is not UTF-8, and only the exemplar whose label is wrong', () => {
    const badSymbol = bytesOf('22 01 ff');
    const withBadSymbol = Uint8Array.from([...request(SYMBOLS), ...badSymbol, ...request([], { labels_refs: [1, 5], samples: [sample] })]);
    expect(decodeWriteColumnsV2(withBadSymbol).malformedSeries).toMatchObject([{ reason: 'label-text', samples: 1 }]);
    const columns = decodeWriteColumnsV2(
      request(SYMBOLS, { labels_refs: [1, 2], samples: [sample], exemplars: [{ labels_refs: [3, 4] }, { labels_refs: [3, 9] }] }),
    );
    expect(columns.exemplars).toHaveLength(1);
    expect([...columns.sampleEnds]).toEqual([1]);
    expect(columns.malformedSeries).toMatchObject([{ reason: 'exemplar-references', samples: 0, exemplars: 1 }]);
  });

  it('gives the metadata of a metric once, and only where a series says something', () => {
    const columns = decodeWriteColumnsV2(
      encodeWriteRequestV2({
        timeseries: ['a', 'a', 'b'].map((value, index) => ({
          labels: [{ name: '__name__', value }],
          samples: createSamples([[index, index]]),
          exemplars: [],
          histograms: [],
          metadata:
            value === 'a' ? { type: 'counter' as const, help: 'How many.', unit: '' } : { type: 'unknown' as const, help: '', unit: '' },
        })),
      }),
    );
    expect(columns.metadata).toEqual([{ type: 'counter', metricFamilyName: 'a', help: 'How many.', unit: '' }]);
  });

  it('refuses a message of version 1.0, which it would otherwise take for an empty one', () => {
    const old = encodeWriteRequest({
      timeseries: [{ labels: [], samples: createSamples([[1, 1]]), exemplars: [], histograms: [] }],
      metadata: [],
    });
    expect(() => decodeWriteColumnsV2(old)).toThrow('field 1 is reserved; this is a message of remote write 1.0');
  });

  it.each([
    { limit: 'maxSymbols', body: request(['', 'a', 'b']) },
    { limit: 'maxSeries', body: request([], {}, {}, {}) },
    { limit: 'maxSamples', body: request([], { samples: [sample, sample, sample] }) },
    { limit: 'maxLabels', body: request([], { labels_refs: [0, 0, 0, 0, 0, 0] }) },
    { limit: 'maxLabelsPerSeries', body: request([], { labels_refs: [0, 0, 0, 0, 0, 0] }) },
    { limit: 'maxExemplars', body: request([], { exemplars: [{}, {}, {}] }) },
    { limit: 'maxHistograms', body: request([], { histograms: ['', '', ''] }) },
    { limit: 'maxLabelBytes', body: request(SYMBOLS, { labels_refs: [1, 2, 3, 4] }) },
  ])('stops at $limit', ({ limit, body }) => {
    expect(() => decodeWriteColumnsV2(body, { limits: { [limit]: 2 } })).toThrow(`is over the limit ${limit} of 2`);
    expect(() => decodeWriteColumnsV2(body)).not.toThrow();
  });

  it('throws nothing but CodecError for messages that were tampered with, and decodes many of them', () => {
    let decoded = 0;
    let cases = 0;
    fc.assert(
      fc.property(anyRequest.map(encodeWriteRequestV2), fc.array(anyMutation, { minLength: 1, maxLength: 4 }), (bytes, mutations) => {
        cases++;
        try {
          const columns = decodeWriteColumnsV2(mutations.reduce(mutate, bytes));
          expect(columns.sampleEnds).toHaveLength(columns.labelSets.length);
          expect(columns.sampleEnds.at(-1) ?? 0).toBe(columns.values.length);
          decoded++;
        } catch (error) {
          if (!(error instanceof CodecError)) throw error;
        }
      }),
      { numRuns: 1_500 },
    );
    expect(decoded).toBeGreaterThan(cases / 40);
  });
});
