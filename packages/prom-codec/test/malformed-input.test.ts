import { describe, expect, it } from 'vitest';
import {
  CodecError,
  type CodecErrorCode,
  decodeReadRequest,
  decodeReadResponse,
  decodeWriteRequest,
  STALE_NAN_BITS,
} from '../src/index.js';
import { bytesOf, hexOf } from './bytes.js';

/** A length-delimited field; parts are hexadecimal text. */
function field(number: number, ...parts: readonly string[]): string {
  const body = parts.join('').replaceAll(' ', '');
  return hexOf(Uint8Array.of((number << 3) | 2, body.length / 2)) + body;
}

const utf8 = (text: string): string => hexOf(Uint8Array.from(Buffer.from(text)));
const series = (...parts: readonly string[]): Uint8Array => bytesOf(field(1, ...parts));
const sample = (...parts: readonly string[]): Uint8Array => series(field(2, ...parts));

describe('decodeWriteRequest', () => {
  const onlySample = (bytes: Uint8Array): readonly [bigint | undefined, bigint | undefined] => {
    const { timestampsMs, valueBits } = decodeWriteRequest(bytes).timeseries[0]?.samples ?? {};
    return [timestampsMs?.[0], valueBits?.[0]];
  };

  it('takes no bytes for a request without series', () => {
    expect(decodeWriteRequest(new Uint8Array(0))).toEqual({ timeseries: [], metadata: [] });
  });

  it('gives what is not there its default', () => {
    expect(onlySample(sample())).toEqual([0n, 0n]);
    expect(decodeWriteRequest(series(field(1))).timeseries[0]?.labels).toEqual([{ name: '', value: '' }]);
    expect(decodeWriteRequest(bytesOf(field(3))).metadata).toEqual([{ type: 'unknown', metricFamilyName: '', help: '', unit: '' }]);
  });

  it('reads a negative timestamp from its 10 bytes', () => {
    expect(onlySample(sample('10 ffffffffffffffffff01'))[0]).toBe(-1n);
    expect(onlySample(sample('10 80808080808080808001'))[0]).toBe(-(1n << 63n));
  });

  it('takes a varint that is longer than needed', () => {
    expect(onlySample(sample('10 85808080808080808000'))[0]).toBe(5n);
  });

  it('keeps the staleness marker', () => {
    expect(onlySample(sample('09 020000000000f07f 10 01'))).toEqual([1n, STALE_NAN_BITS]);
  });

  it('takes the last of a field that comes twice', () => {
    expect(onlySample(sample('10 01 10 02'))[0]).toBe(2n);
  });

  it('skips unknown fields of every wire type, at every level', () => {
    const unknown = '98 06 01' + '99 06 0102030405060708' + '9a 06 03 616263' + '9d 06 01020304';
    const label = field(1, field(1, utf8('a')), unknown, field(2, utf8('b')));
    const bytes = bytesOf(unknown + field(1, label, unknown, field(2, '10 07', unknown)) + unknown + field(2, '01'));
    const { timeseries } = decodeWriteRequest(bytes);
    expect(timeseries[0]?.labels).toEqual([{ name: 'a', value: 'b' }]);
    expect(timeseries[0]?.samples.timestampsMs).toEqual(BigInt64Array.of(7n));
  });

  it('reads a metric type it does not know as unknown', () => {
    expect(decodeWriteRequest(bytesOf(field(3, '08 63'))).metadata[0]?.type).toBe('unknown');
    expect(decodeWriteRequest(bytesOf(field(3, '08 ffffffffffffffffff01'))).metadata[0]?.type).toBe('unknown');
  });

  it('takes the last of a count that is both an integer and a float, even if that is 0', () => {
    const floatLast = decodeWriteRequest(series(field(4, '08 05', '11 0000000000000000')));
    expect(floatLast.timeseries[0]?.histograms[0]?.count).toEqual({ kind: 'float', valueBits: 0n });
    const intLast = decodeWriteRequest(series(field(4, '11 0000000000000000', '08 05')));
    expect(intLast.timeseries[0]?.histograms[0]?.count).toEqual({ kind: 'int', value: 5n });
  });

  it('joins packed and unpacked deltas in the order in which they came', () => {
    const { timeseries } = decodeWriteRequest(series(field(4, '60 01', field(12, '02 03'), '60 04')));
    expect(timeseries[0]?.histograms[0]?.positiveDeltas).toEqual(BigInt64Array.of(-1n, 1n, -2n, 2n));
  });

  it.each(['\ufeffstarts with a byte order mark', 'naïve', '\u0000', '😀', 'x'.repeat(64), 'x'.repeat(65), `${'x'.repeat(70)}é`])(
    'keeps the label value %j',
    (value) => {
      expect(decodeWriteRequest(series(field(1, field(1, utf8('a')), field(2, utf8(value))))).timeseries[0]?.labels).toEqual([
        { name: 'a', value },
      ]);
    },
  );

  const cases: readonly { readonly title: string; readonly bytes: Uint8Array; readonly code: CodecErrorCode; readonly message: RegExp }[] =
    [
      {
        title: 'a series that goes past the end',
        bytes: bytesOf('0a 05 0a'),
        code: 'truncated',
        message: /^WriteRequest\.timeseries: declared length 5 goes past the end, 1 bytes are left \(at byte 1\)$/,
      },
      {
        title: 'a label that goes past its series',
        bytes: bytesOf('0a 02 0a 05 0000000000'),
        code: 'truncated',
        message: /^TimeSeries\.labels: declared length 5/,
      },
      {
        title: 'a declared length of 2^63',
        bytes: bytesOf('0a 80808080808080808001'),
        code: 'truncated',
        message: /declared length 9223372036854775808/,
      },
      {
        title: 'a value cut short',
        bytes: sample('09 00000000'),
        code: 'truncated',
        message: /^Sample\.value: the message ends inside 8 bytes \(at byte 5\)$/,
      },
      {
        title: 'a timestamp cut short',
        bytes: sample('10 80'),
        code: 'truncated',
        message: /^Sample\.timestamp: the message ends inside a varint/,
      },
      { title: 'a tag cut short', bytes: bytesOf('8a'), code: 'truncated', message: /^WriteRequest: the message ends inside a varint/ },
      {
        title: 'a varint of 11 bytes',
        bytes: sample('10 8080808080808080808001'),
        code: 'malformed',
        message: /^Sample\.timestamp: a varint is longer than 10 bytes/,
      },
      {
        title: 'a series that is a varint',
        bytes: bytesOf('08 01'),
        code: 'malformed',
        message: /^WriteRequest\.timeseries: wire type 0 is not this field's/,
      },
      { title: 'a value that is 4 bytes', bytes: sample('0d 00000000'), code: 'malformed', message: /^Sample\.value: wire type 5/ },
      {
        title: 'a timestamp that is 8 bytes',
        bytes: sample('11 0000000000000000'),
        code: 'malformed',
        message: /^Sample\.timestamp: wire type 1/,
      },
      {
        title: 'a help that is a varint',
        bytes: bytesOf(field(3, '20 01')),
        code: 'malformed',
        message: /^MetricMetadata\.help: wire type 0/,
      },
      {
        title: 'a span with a length that is text',
        bytes: series(field(4, field(8, '12 00'))),
        code: 'malformed',
        message: /^BucketSpan\.length: wire type 2/,
      },
      { title: 'field number 0', bytes: bytesOf('02 00'), code: 'malformed', message: /^WriteRequest: a field number is out of range/ },
      {
        title: 'a field number over 29 bits',
        bytes: bytesOf('8280808080 01 00'),
        code: 'malformed',
        message: /^WriteRequest: a field number is out of range/,
      },
      { title: 'a group', bytes: bytesOf('2b 2c'), code: 'malformed', message: /^WriteRequest field 5: wire type 3 is not allowed/ },
      { title: 'a wire type that does not exist', bytes: bytesOf('2e'), code: 'malformed', message: /^WriteRequest field 5: wire type 6/ },
      {
        title: 'an unknown field past the end',
        bytes: bytesOf('29 00'),
        code: 'truncated',
        message: /^WriteRequest field 5: the message ends inside it/,
      },
      {
        title: 'a packed double cut short',
        bytes: series(field(4, field(13, '00000000'))),
        code: 'truncated',
        message: /^Histogram\.positive_counts/,
      },
    ];

  it.each(cases)('refuses $title', ({ bytes, code, message }) => {
    expect(() => decodeWriteRequest(bytes)).toThrow(message);
    expect(() => decodeWriteRequest(bytes)).toThrow(expect.objectContaining({ name: 'CodecError', code }));
  });

  it.each([
    { title: 'a byte that never occurs', hex: 'ff' },
    { title: 'a lone continuation byte', hex: '80' },
    { title: 'a cut sequence', hex: '61c3' },
    { title: 'an overlong slash', hex: 'c0af' },
    { title: 'a surrogate', hex: 'eda080' },
    { title: 'a code point over U+10FFFF', hex: 'f4908080' },
    { title: 'a bad byte in a long text', hex: `${'61'.repeat(80)}ff` },
  ])('refuses text with $title', ({ hex }) => {
    const message = /^Label\.value: not well-formed UTF-8/;
    expect(() => decodeWriteRequest(series(field(1, field(2, hex))))).toThrow(message);
    expect(() => decodeWriteRequest(series(field(1, field(1, hex))))).toThrow(CodecError);
    expect(() => decodeWriteRequest(bytesOf(field(3, field(4, hex))))).toThrow(/^MetricMetadata\.help: not well-formed UTF-8/);
  });
});

describe('decodeReadRequest', () => {
  const query = (...parts: readonly string[]): Uint8Array => bytesOf(field(1, ...parts));

  it('merges hints that come twice', () => {
    const hints = decodeReadRequest(
      query(field(4, '08 05', field(5, utf8('a')), '30 01'), field(4, field(2, utf8('rate')), field(5, utf8('b')))),
    );
    expect(hints.queries[0]?.hints).toEqual({
      stepMs: 5n,
      func: 'rate',
      startMs: 0n,
      endMs: 0n,
      grouping: ['a', 'b'],
      by: true,
      rangeMs: 0n,
    });
  });

  it('says that there are no hints when there are none', () => {
    expect(decodeReadRequest(query()).queries[0]).toEqual({ startTimestampMs: 0n, endTimestampMs: 0n, matchers: [] });
    expect(decodeReadRequest(query(field(4))).queries[0]).toHaveProperty('hints.func', '');
  });

  it('keeps response types it does not know', () => {
    expect(decodeReadRequest(bytesOf('10 01 12 02 00 07')).acceptedResponseTypes).toEqual([1, 0, 7]);
  });

  it.each([
    { hex: '08 04', message: /LabelMatcher\.type: 4 is no matcher type/ },
    { hex: '08 ffffffffffffffffff01', message: /LabelMatcher\.type: -1 is no matcher type/ },
    { hex: '12 01 ff', message: /LabelMatcher\.name: not well-formed UTF-8/ },
    { hex: '10 00', message: /LabelMatcher\.name: wire type 0/ },
  ])('refuses a matcher of $hex', ({ hex, message }) => {
    expect(() => decodeReadRequest(query(field(3, hex)))).toThrow(message);
  });
});

describe('a decoder', () => {
  const bodies = {
    series: (count: number) => bytesOf('0a00'.repeat(count)),
    inSeries: (hex: string) => (count: number) => bytesOf(`0a${hexOf(Uint8Array.of(count * (hex.length / 2)))}${hex.repeat(count)}`),
  };
  const longSeries = (part: string) => bodies.inSeries(part);

  it.each([
    { limit: 'maxSeries', body: bodies.series, field: 'WriteRequest.timeseries' },
    { limit: 'maxSamples', body: longSeries('1200'), field: 'TimeSeries.samples' },
    { limit: 'maxLabels', body: longSeries('0a00'), field: 'TimeSeries.labels' },
    { limit: 'maxLabelsPerSeries', body: longSeries('0a00'), field: 'TimeSeries.labels' },
    { limit: 'maxExemplars', body: longSeries('1a00'), field: 'TimeSeries.exemplars' },
    { limit: 'maxHistograms', body: longSeries('2200'), field: 'TimeSeries.histograms' },
    { limit: 'maxHistogramElements', body: longSeries('22024200'), field: 'Histogram.negative_spans' },
    { limit: 'maxHistogramElements', body: longSeries('2203620100'), field: 'Histogram.positive_deltas' },
    { limit: 'maxMetadata', body: (count: number) => bytesOf('1a00'.repeat(count)), field: 'WriteRequest.metadata' },
  ])('of a write request stops at $limit of $field', ({ limit, body, field: name }) => {
    expect(() => decodeWriteRequest(body(4), { [limit]: 4 })).not.toThrow();
    expect(() => decodeWriteRequest(body(5), { [limit]: 4 })).toThrow(`${name}: number 5 is over the limit ${limit} of 4`);
    expect(() => decodeWriteRequest(body(5), { [limit]: 4 })).toThrow(expect.objectContaining({ code: 'too-large' }));
  });

  it.each([
    { limit: 'maxQueries', body: bodies.series, field: 'ReadRequest.queries' },
    { limit: 'maxMatchersPerQuery', body: bodies.inSeries('1a00'), field: 'Query.matchers' },
    { limit: 'maxGroupingLabelsPerQuery', body: bodies.inSeries('22022a00'), field: 'ReadHints.grouping' },
    {
      limit: 'maxAcceptedResponseTypes',
      body: (count: number) => bytesOf('1001'.repeat(count)),
      field: 'ReadRequest.accepted_response_types',
    },
  ])('of a read request stops at $limit', ({ limit, body, field: name }) => {
    expect(() => decodeReadRequest(body(4), { [limit]: 4 })).not.toThrow();
    expect(() => decodeReadRequest(body(5), { [limit]: 4 })).toThrow(`${name}: number 5 is over the limit ${limit} of 4`);
  });

  it('of a read response counts results, and series over all results', () => {
    const body = bytesOf('0a020a00'.repeat(5));
    expect(decodeReadResponse(body).results).toHaveLength(5);
    expect(() => decodeReadResponse(body, { maxResults: 4 })).toThrow('ReadResponse.results: number 5 is over the limit maxResults of 4');
    expect(() => decodeReadResponse(body, { maxSeries: 4 })).toThrow('QueryResult.timeseries: number 5 is over the limit maxSeries of 4');
  });

  it('meets its default limit long before 16 million empty series are made', () => {
    const body = new Uint8Array(32 * 1024 * 1024);
    for (let index = 0; index < body.length; index += 2) body[index] = 0x0a;
    expect(() => decodeWriteRequest(body)).toThrow('number 100001 is over the limit maxSeries of 100000');
  });
});
