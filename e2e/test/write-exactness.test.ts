import { createSamples, STALE_NAN_BITS, type Label, type TimeSeries, type Query } from '@timestream-prometheus/prom-codec';
import type { Layout } from '@timestream-prometheus/timestream-translator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startInProcessConnector, type InProcessConnector } from '../differential/in-process-connector.js';
import { createSeededRandom } from '../differential/seeded-random.js';
import { select, series, stored, text, type Pairs } from '../differential/series-text.js';

const nowMs = Date.now() - 60_000;

let subject: InProcessConnector;

beforeAll(async () => {
  subject = await startInProcessConnector();
});

afterAll(async () => {
  await subject.close();
});

async function writeAll(...timeseries: TimeSeries[]): Promise<void> {
  expect(await subject.write({ timeseries, metadata: [] })).toEqual({ status: 204, text: '' });
}

async function read(query: Query): Promise<readonly TimeSeries[]> {
  return (await subject.readEveryWay([query]))[0] ?? [];
}

describe.each<Layout>(['multi-measure', 'sample-value', 'compact'])('values of the layout %s, bit for bit,', (layout) => {
  /** Both layouts write to one table: each has metrics of its own there. */
  const named = (metric: string): string => `${metric}_of_${layout}`;

  async function writeValues(...timeseries: TimeSeries[]): Promise<void> {
    expect(await subject.write({ timeseries, metadata: [] }, layout)).toEqual({ status: 204, text: '' });
  }

  const classes: readonly (readonly [string, bigint])[] = [
    ['zero', 0n],
    ['negative zero', 0x8000000000000000n],
    ['the least subnormal', 1n],
    ['the least negative subnormal', 0x8000000000000001n],
    ['the greatest subnormal', 0x000fffffffffffffn],
    ['a subnormal in between', 0x0000123456789abcn],
    ['the least normal number', 0x0010000000000000n],
    ['1e308', 0x7fe1ccf385ebc8a0n],
    ['the greatest double', 0x7fefffffffffffffn],
    ['the least double', 0xffefffffffffffffn],
    ['2^53', 0x4340000000000000n],
    ['2^53 + 2', 0x4340000000000001n],
    ['2^63', 0x43e0000000000000n],
    ['1e22', 0x4480f0cf064dd592n],
    ['1/3', 0x3fd5555555555555n],
    ['0.1 + 0.2', 0x3fd3333333333334n],
    ['1 + epsilon', 0x3ff0000000000001n],
    ['+Inf', 0x7ff0000000000000n],
    ['-Inf', 0xfff0000000000000n],
    ["Go's and Prometheus' NaN", 0x7ff8000000000001n],
    ['the quiet NaN', 0x7ff8000000000000n],
    ['the negative quiet NaN', 0xfff8000000000000n],
    ['a NaN with a payload', 0x7ff8deadbeefcafen],
    ['a negative NaN with a payload', 0xfff8deadbeefcafen],
    ['the NaN of all ones', 0xffffffffffffffffn],
    ['a signalling NaN', 0x7ff0000000000001n],
    ['a negative signalling NaN', 0xfff0000000000001n],
    ['a staleness marker', STALE_NAN_BITS],
  ];

  it.each(classes)('keep %s', async (name, bits) => {
    const wanted = series({ __name__: named('value_class'), of: name }, [[nowMs, bits]]);
    await writeValues(wanted);
    const got = await read(select(named('value_class'), nowMs, nowMs, { type: '=', name: 'of', value: name }));
    expect(text(got)).toEqual([stored(wanted)]);
  });

  it('keep all of them in one series, a millisecond apart, and in any order within a request', async () => {
    const pairs = classes.map(([, bits], index) => [nowMs + index, bits] as const);
    const forward = series({ __name__: named('value_row'), order: 'forward' }, pairs);
    const backward = series({ __name__: named('value_row'), order: 'backward' }, pairs.toReversed());
    const mixed = series({ __name__: named('value_row'), order: 'mixed' }, [...pairs.filter((_pair, index) => index % 2 === 1), ...pairs.filter((_pair, index) => index % 2 === 0)]); // oxfmt-ignore
    await writeValues(forward, mixed, backward);
    expect(text(await read(select(named('value_row'), nowMs, nowMs + pairs.length)))).toEqual([
      stored(backward),
      stored(forward),
      stored(mixed),
    ]);
  });

  it('keep random bit patterns', async () => {
    const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
    const random = createSeededRandom(seed);
    const bits = (): bigint => (BigInt(random.below(2 ** 32)) << 32n) | BigInt(random.below(2 ** 32));
    const wanted = series(
      { __name__: named('random_bits'), a: 'b' },
      Array.from({ length: 5_000 }, (_none, index) => [nowMs - index, bits()]),
    );
    await writeValues(wanted);
    expect(text(await read(select(named('random_bits'), nowMs - 5_000, nowMs))), `SEED=${seed}`).toEqual([stored(wanted)]);
  });

  it('stay one sample when they come again, in the same request or in the next', async () => {
    const pairs: Pairs = [[nowMs, 0x7ff8deadbeefcafen], [nowMs + 1, 0x8000000000000000n], [nowMs + 2, 1 / 3]]; // oxfmt-ignore
    const wanted = series({ __name__: named('again'), a: 'b' }, pairs);
    await writeValues(wanted, wanted);
    await writeValues(wanted);
    expect(text(await read(select(named('again'), nowMs, nowMs + 10)))).toEqual([stored(wanted)]);
  });

  it('keep the first of two that contradict each other, and say so', async () => {
    const first = series({ __name__: named('contradiction'), a: 'b' }, [[nowMs, 0n]]);
    const negative = series({ __name__: named('contradiction'), a: 'b' }, [[nowMs, 0x8000000000000000n]]);
    expect(await subject.write({ timeseries: [first, negative], metadata: [] }, layout)).toMatchObject({
      status: 400,
      text: expect.stringContaining('conflicting-sample (1)') as string,
    });
    expect(await subject.write({ timeseries: [negative], metadata: [] }, layout)).toMatchObject({
      status: 400,
      text: expect.stringContaining('conflicting-value (1)') as string,
    });
    expect(text(await read(select(named('contradiction'), nowMs, nowMs)))).toEqual([stored(first)]);
  });
});

describe('times', () => {
  const maxInt64 = 2n ** 63n - 1n;

  it.each<[string, bigint]>([
    ['one millisecond before 1970', -1n],
    ['the first int64', -(2n ** 63n)],
    ['the last int64', maxInt64],
    ['one millisecond after the last that nanoseconds in an int64 can express', 9_223_372_036_855n],
    ['microseconds taken for milliseconds', BigInt(nowMs) * 1000n],
  ])('are refused by name if they are %s, and the rest of the request is stored', async (name, timestampMs) => {
    const good = series({ __name__: 'time_class', of: name }, [[nowMs, 1]]);
    const bad = series({ __name__: 'time_class', of: name, bad: 'yes' }, [[timestampMs, 2], [nowMs, 3]]); // oxfmt-ignore
    const { status, text: answer } = await subject.write({ timeseries: [bad, good], metadata: [] });
    expect(status).toBe(400);
    expect(answer).toContain('1 sample of this request can never be stored, all others are stored. timestamp-out-of-range (1): ');
    expect(answer).toContain(`timestamp ${timestampMs} ms is outside 0 to 9223372036854 ms`);
    expect(answer).toContain('bad="yes"');
    const got = await read(select('time_class', 0, Number(2n ** 53n), { type: '=', name: 'of', value: name }));
    expect(text(got)).toEqual([stored(series({ __name__: 'time_class', of: name, bad: 'yes' }, [[nowMs, 3]])), stored(good)]);
  });

  it.each<[string, number]>([
    ['0', 0],
    ['the last that Timestream can express', 9_223_372_036_854],
    ['16 minutes ahead', nowMs + 17 * 60_000],
    ['older than the retention', nowMs - 8 * 3_600_000],
  ])(
    'outside the retention of the table (%s) are refused in the words of Timestream, and the rest is stored',
    async (name, timestampMs) => {
      const strict = await startInProcessConnector({ 'default-table': 'strict' });
      try {
        await strict.timestream.createTable({ databaseName: 'metrics', tableName: 'strict', memoryStoreRetentionHours: 6 });
        const both = series({ __name__: 'retention', of: name }, [[timestampMs, 1], [nowMs, 2]]); // oxfmt-ignore
        const { status, text: answer } = await strict.write({ timeseries: [both], metadata: [] });
        expect(status).toBe(400);
        expect(answer).toContain(`outside-retention (1): {__name__="retention", of="${name}"} at ${timestampMs} ms: `);
        const [got] = await strict.read([select('retention', 0, Number(2n ** 53n))]);
        expect(text(got ?? [])).toEqual([stored(series({ __name__: 'retention', of: name }, [[nowMs, 2]]))]);
      } finally {
        await strict.close();
      }
    },
  );

  it('from time 0 on are stored where the retention reaches so far', async () => {
    const wanted = series({ __name__: 'early', a: 'b' }, [[0, 1], [1, 2], [999, 3], [1_000, 4]]); // oxfmt-ignore
    await writeAll(wanted);
    expect(text(await read(select('early', 0, 2_000)))).toEqual([stored(wanted)]);
    expect(text(await read(select('early', -5, 0)))).toEqual([stored(series({ __name__: 'early', a: 'b' }, [[0, 1]]))]);
  });
});

describe('label values', () => {
  it.each([
    ['quotes of all kinds', `'"\`´‘’“”«»''""`],
    ['backslashes', 'C:\\temp\\\\new\\'],
    ['line ends', 'a\nb\r\nc\u2028d\u2029e\u0085'],
    ['per cent', '100%'],
    ['an underscore', 'a_b'],
    ['only per cent', '%'],
    ['a LIKE pattern with escapes', '\\%\\_%_'],
    ['U+0000', 'a\u0000b'],
    ['only U+0000', '\u0000'],
    ['other controls', '\u0001\u0007\u001b\u001f\u007f\u009f'],
    ['characters beyond the BMP', '🎉\u{10ffff}𐍈'],
    ['the replacement character', '\ufffd'],
    ['a byte order mark inside', 'a\ufeffb'],
    ['leading and trailing blanks', '  x \t'],
    ['one blank', ' '],
    ['a precomposed character', 'é'],
    ['a combining character', 'e\u0301'],
    ['JSON', '{"a":"b"}'],
    ['SQL', "'; DROP TABLE metrics.samples; --"],
    ['an escape of ours', '%3A'],
    ['the text NULL', 'NULL'],
  ])('keep %s, in a dimension and in prometheus_labels, and are found by equality', async (name, value) => {
    const wanted = series({ __name__: 'label_value', of: name, value, time: value, only: 'this' }, [[nowMs, 1]]);
    const other = series({ __name__: 'label_value', of: name, value: `${value}.`, time: `${value}.` }, [[nowMs, 2]]);
    await writeAll(wanted, other);
    for (const label of ['value', 'time']) {
      const found = await read(select('label_value', nowMs, nowMs, { type: '=', name: 'of', value: name }, { type: '=', name: label, value })); // oxfmt-ignore
      expect(text(found), label).toEqual([stored(wanted)]);
      const others = await read(select('label_value', nowMs, nowMs, { type: '=', name: 'of', value: name }, { type: '!=', name: label, value })); // oxfmt-ignore
      expect(text(others), label).toEqual([stored(other)]);
    }
  });

  it('of 2 kB are stored while the record fits into 2,048 bytes, and refused by name beyond', async () => {
    // 8 bytes of time, 8 of the value, its column `v`, the metric name and the label name.
    const room = 2048 - 8 - 8 - 'v'.length - 'long_value'.length - 'long'.length;
    const fits = series({ __name__: 'long_value', long: 'x'.repeat(room) }, [[nowMs, 1]]);
    const wide = series({ __name__: 'long_value', long: 'é'.repeat(Math.floor(room / 2)) }, [[nowMs, 1]]);
    await writeAll(fits, wide);
    const over = series({ __name__: 'long_value', long: 'x'.repeat(room + 1) }, [[nowMs, 2]]);
    const { status, text: answer } = await subject.write({
      timeseries: [over, series({ __name__: 'long_value', beside: 'it' }, [[nowMs, 3]])],
      metadata: [],
    });
    expect(status).toBe(400);
    expect(answer).toMatch(/record-too-large \(1\): \{__name__="long_value", long="x+"…\}: .*2049 bytes, the limit is 2048/);
    expect(text(await read(select('long_value', nowMs, nowMs)))).toEqual([
      stored(series({ __name__: 'long_value', beside: 'it' }, [[nowMs, 3]])),
      stored(fits),
      stored(wide),
    ]);
  });
});

describe('label names', () => {
  it.each([
    'time',
    'measure_name',
    'measure_value',
    'measure_value::double',
    'measure_value::bigint',
    'ts_x',
    'ts_non_existent_col',
    'sample_value',
    'v',
    'sample_bits',
    'sample_histogram',
    'prometheus_labels',
    'select',
    'SELECT',
    'null',
    'order',
    'group by',
    'Job',
    'JOB',
    'l'.repeat(60),
    'l'.repeat(61),
    'é'.repeat(31),
    'l'.repeat(500),
    'métrique',
    '名前',
    '🎉',
    '__proto__',
    'constructor',
    'toString',
    '0',
    '007',
    'with "quotes"',
    "it's",
    'with:colon',
    'dot.ted',
    'da-sh',
    'sp ace',
    ' ',
    '\u0000',
    'new\nline',
    'back\\slash',
    '%',
    '%3A',
    '*',
    '__name',
    '_',
  ])('keep %j', async (name) => {
    const wanted = series([['__name__', 'label_name'], ['job', 'x'], ['of', JSON.stringify(name)], [name, 'value of it']], [[nowMs, 1]]); // oxfmt-ignore
    await writeAll(wanted);
    const found = await read(select('label_name', nowMs, nowMs, { type: '=', name, value: 'value of it' }, { type: '=', name: 'of', value: JSON.stringify(name) })); // oxfmt-ignore
    expect(text(found)).toEqual([stored(wanted)]);
    const none = await read(select('label_name', nowMs, nowMs, { type: '=', name, value: '' }, { type: '=', name: 'of', value: JSON.stringify(name) })); // oxfmt-ignore
    expect(none).toEqual([]);
  });

  it('that differ only in case are different labels of one series', async () => {
    const wanted = series({ __name__: 'case', JOB: '1', Job: '2', job: '3', jOB: '4' }, [[nowMs, 1]]);
    await writeAll(wanted);
    expect(text(await read(select('case', nowMs, nowMs, { type: '=', name: 'Job', value: '2' })))).toEqual([stored(wanted)]);
    expect(await read(select('case', nowMs, nowMs, { type: '=', name: 'Job', value: '3' }))).toEqual([]);
  });

  it.each<[string, Label[], string]>([
    ['empty', [{ name: '', value: 'x' }], 'empty-label-name'],
    [
      'given twice',
      [
        { name: 'a', value: 'x' },
        { name: 'a', value: 'y' },
      ],
      'duplicate-label-name',
    ],
  ])('are refused by name if they are %s, and the rest is stored', async (name, labels, reason) => {
    // oxfmt-ignore
    const good = series({ __name__: 'label_fault', of: name }, [[nowMs, 1]]);
    const bad: TimeSeries = { ...good, labels: [...good.labels, ...labels] };
    const { status, text: answer } = await subject.write({ timeseries: [bad, good], metadata: [] });
    expect(status).toBe(400);
    expect(answer).toContain(`${reason} (1): {__name__="label_fault"`);
    expect(text(await read(select('label_fault', nowMs, nowMs, { type: '=', name: 'of', value: name })))).toEqual([stored(good)]);
  });

  it('may be more than the 128 dimensions of a table', async () => {
    const wide = await startInProcessConnector();
    try {
      const all = Array.from({ length: 400 }, (_none, index) => series({ __name__: 'wide', [`label_${index}`]: `value ${index}`, n: String(index % 7) }, [[nowMs, index]])); // oxfmt-ignore
      for (let start = 0; start < all.length; start += 100) {
        expect(await wide.write({ timeseries: all.slice(start, start + 100), metadata: [] })).toEqual({ status: 204, text: '' });
      }
      // Again, now that the table is full: the labels stand elsewhere than the first time.
      const later = all.map((one, index) => ({ ...one, samples: createSamples([[nowMs + 1, index]]) }));
      expect(await wide.write({ timeseries: later, metadata: [] })).toEqual({ status: 204, text: '' });
      const [got = []] = await wide.read([select('wide', nowMs, nowMs + 1)]);
      const wanted = all.map((one, index) => stored({ ...one, samples: createSamples([[nowMs, index], [nowMs + 1, index]]) })); // oxfmt-ignore
      expect(text(got).toSorted()).toEqual(wanted.toSorted());
      const queries = all.map((_one, index) => select('wide', nowMs, nowMs + 1, { type: '=', name: `label_${index}`, value: `value ${index}` })); // oxfmt-ignore
      for (let start = 0; start < queries.length; start += 40) {
        const results = await wide.read(queries.slice(start, start + 40));
        expect(results.map((result) => text(result))).toEqual(wanted.slice(start, start + 40).map((one) => [one]));
      }
    } finally {
      await wide.close();
    }
  });
});

describe('metric names', () => {
  it.each([
    'up',
    'a:b:sum',
    ':',
    '::',
    'a'.repeat(60),
    'a'.repeat(61),
    'a'.repeat(256),
    'a'.repeat(257),
    `${'a'.repeat(1_000)}b`,
    `${'a'.repeat(1_000)}c`,
    'é'.repeat(128),
    'é'.repeat(129),
    ':'.repeat(85),
    ':'.repeat(86),
    'métrique',
    '指标',
    '🎉',
    'time',
    'measure_name',
    'measure_value',
    'measure_value::double',
    'ts_x',
    'ts_non_existent_col',
    '%',
    '%3A',
    'a%3Ab',
    'a%b',
    '%74ime',
    'with "quotes"',
    "it's",
    ' ',
    'a b',
    'new\nline',
    '\u0000',
    '\u2028',
    'sample_value',
    'v',
    'prometheus_labels',
    'select',
    'UP',
    'Up',
    '__proto__',
    '0',
  ])('keep %j, alone and with a label', async (name) => {
    const plain = series({ __name__: name, kind: 'metric name' }, [[nowMs, 1]]);
    const bare = series({ __name__: name }, [[nowMs, 2]]);
    await writeAll(plain, bare);
    const found = await read(select(name, nowMs, nowMs));
    expect(text(found)).toEqual([stored(bare), stored(plain)]);
  });

  it('are told apart by every byte, however they are stored', async () => {
    const family = await startInProcessConnector();
    try {
      const names = [
        'a:b',
        'a%3Ab',
        'a%3ab',
        'A:B',
        'a::b',
        `${'x'.repeat(300)}1`,
        `${'x'.repeat(300)}2`,
        'x'.repeat(300),
        'é',
        'e\u0301',
        'time',
        'Time',
        '%74ime',
      ];
      const all = names.map((name, index) => series({ __name__: name }, [[nowMs, index]]));
      expect(await family.write({ timeseries: all, metadata: [] })).toEqual({ status: 204, text: '' });
      const results = await family.read(names.map((name) => select(name, nowMs, nowMs)));
      expect(results.map((result) => text(result))).toEqual(all.map((one) => [stored(one)]));
    } finally {
      await family.close();
    }
  });

  it('are missed by name when a series has none', async () => {
    const { status, text: answer } = await subject.write({ timeseries: [series({ job: 'nameless' }, [[nowMs, 1]])], metadata: [] });
    expect({ status, answer }).toMatchObject({
      status: 400,
      answer: expect.stringContaining('missing-metric-name (1): {job="nameless"}') as string,
    });
  });
});

describe('the label prometheus_labels of a series itself', () => {
  it.each(['x', '{}', '{"time":"utc"}', '{"prometheus_labels":"{}"}', '{ "a": "b" }', '{"__name__":"other"}'])(
    'keeps %j',
    async (value) => {
      const alone = series({ __name__: 'own_label', prometheus_labels: value, of: value }, [[nowMs, 1]]);
      const beside = series({ __name__: 'own_label', prometheus_labels: value, of: value, time: 'utc' }, [[nowMs, 2]]);
      const without = series({ __name__: 'own_label', of: value, time: 'utc' }, [[nowMs, 3]]);
      await writeAll(alone, beside, without);
      const found = await read(select('own_label', nowMs, nowMs, { type: '=', name: 'of', value }));
      expect(text(found)).toEqual([stored(alone), stored(beside), stored(without)]);
      const named = await read(select('own_label', nowMs, nowMs, { type: '=', name: 'of', value }, { type: '=', name: 'prometheus_labels', value })); // oxfmt-ignore
      expect(text(named)).toEqual([stored(alone), stored(beside)]);
    },
  );
});
