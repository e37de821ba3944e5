import { describe, expect, it } from 'vitest';

import { serviceLimits } from '../src/limits.js';
import { recordShape, writeRecordsShape } from '../src/operations/operation-shapes.js';
import { ServiceError } from '../src/service-error.js';
import { decodeJsonBody } from '../src/wire/json-body.js';
import { isValid, parseModel } from '../src/wire/model-shape.js';
import { KnownHeads } from '../src/write/known-heads.js';
import { cutLeanBody, scanLeanRecords } from '../src/write/lean-body.js';
import { parseRecords } from '../src/write/parse-records.js';
import type { ParsedRecord } from '../src/write/record.js';

const isRecord = (value: unknown): boolean => isValid(recordShape, value);
const shape = writeRecordsShape(serviceLimits.maxRecordsPerRequest);

function leanly(text: string, heads: KnownHeads): ParsedRecord[] | undefined {
  const body = cutLeanBody(Buffer.from(text), isRecord);
  return body && scanLeanRecords(body, heads, isRecord, serviceLimits);
}

function generally(text: string): ParsedRecord[] | string {
  try {
    return parseRecords(parseModel(shape, decodeJsonBody(Buffer.from(text))), serviceLimits);
  } catch (error) {
    if (error instanceof ServiceError) return error.message;
    throw error;
  }
}

const record = (index: number, rest: object = {}): object => ({
  Dimensions: [
    { Name: 'instance', Value: `host${index}:9100` },
    { Name: 'mode', Value: 'idle' },
  ],
  MeasureName: 'node_cpu',
  MeasureValues: [{ Name: 'v', Value: String(index * 1.5), Type: 'DOUBLE' }],
  ...rest,
});
const common = { Dimensions: [{ Name: 'job', Value: 'node' }], MeasureValueType: 'MULTI', Time: '1700000000000', TimeUnit: 'MILLISECONDS' };
const names = { DatabaseName: 'db', TableName: 't' };
/** What a record has that has no common attributes. */
const complete = { MeasureValueType: 'MULTI', Time: '1700000000000', TimeUnit: 'MILLISECONDS', Version: 7 };

/** A space behind each comma and colon between tokens, as Python's json writes it. */
const spaced = (text: string): string =>
  text.replaceAll(/("(?:[^"\\]|\\.)*")|([,:])/g, (match: string, _text: unknown, mark: unknown) =>
    mark === undefined ? match : `${match} `,
  );

/** Members in the order of the alphabet, as the SDK for Go writes them. */
const alphabetical = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(alphabetical);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, member]) => [name, alphabetical(member)]));
};

describe('a lean body', () => {
  it.each([
    ['of boto3', spaced(JSON.stringify({ ...names, Records: [record(1, complete), record(2, complete)] }))],
    ['of boto3, with common attributes', spaced(JSON.stringify({ ...names, Records: [record(1)], CommonAttributes: common }))],
    ['of the SDK for Go', JSON.stringify(alphabetical({ ...names, Records: [record(1, complete), record(2, complete)] }))],
    [
      'of the SDK for Go, with common attributes',
      JSON.stringify(alphabetical({ ...names, Records: [record(1)], CommonAttributes: common })),
    ],
    [
      'with spaces in texts',
      spaced(JSON.stringify({ ...names, Records: [record(1, { ...complete, Dimensions: [{ Name: 'a', Value: ' : ' }] })] })),
    ],
    [
      'with texts like spaced tokens',
      spaced(JSON.stringify({ ...names, Records: [record(1, { ...complete, Dimensions: [{ Name: 'a', Value: ', ' }] })] })),
    ],
  ])('as a client writes it is read without decoding, and means the same: %s', (_name, text) => {
    const expected = generally(text);
    expect(Array.isArray(expected)).toBe(true);
    expect(leanly(text, new KnownHeads())).toEqual(expected);
  });

  it.each([
    ['common attributes first', { ...names, CommonAttributes: common, Records: [record(1), record(2)] }],
    ['common attributes last', { ...names, Records: [record(1), record(2)], CommonAttributes: common }],
    [
      'no common attributes',
      { ...names, Records: [record(1, { MeasureValueType: 'MULTI', Time: '5', TimeUnit: 'SECONDS', Version: 123_456_789_012_345 })] },
    ],
    [
      'single measures',
      { ...names, Records: [{ Dimensions: [{ Name: 'a', Value: 'b' }], MeasureName: 'm', MeasureValue: '-0.0', Time: '5' }] },
    ],
    [
      'all that is common',
      { ...names, Records: [{ MeasureValue: '1' }], CommonAttributes: { ...common, MeasureName: 'm', MeasureValueType: 'BIGINT' } },
    ],
    [
      'own names of measures',
      {
        ...names,
        Records: [{ MeasureName: 'm', MeasureValue: 'x y', MeasureValueType: 'VARCHAR' }],
        CommonAttributes: { ...common, MeasureValueType: 'DOUBLE' },
      },
    ],
  ])('is read without decoding, and means the same: %s', (_name, request) => {
    const text = JSON.stringify(request);
    const heads = new KnownHeads();
    const expected = generally(text);
    expect(leanly(text, heads)).toEqual(expected);
    // And from what is remembered of the first time.
    expect(leanly(text, heads)).toEqual(expected);
  });

  it.each([
    ['a space in one place', JSON.stringify({ ...names, Records: [record(1)], CommonAttributes: common }).replace('[{', '[ {')],
    ['a space inside a number', spaced(JSON.stringify({ ...names, Records: [record(1, { Version: 12 })] })).replace('12', '1 2')],
    ['an indentation', JSON.stringify({ ...names, Records: [record(1)], CommonAttributes: common }, undefined, 2)],
    ['records given twice', JSON.stringify({ ...names, Records: [record(1)] }).replace(/}$/, ',"Records":[]}')],
    ['a member that is unknown', JSON.stringify({ ...names, Records: [record(1, complete)], Other: 1 })],
    ['an escape', JSON.stringify({ ...names, Records: [record(1, { MeasureName: 'a"b' })], CommonAttributes: common })],
    ['a text that is not ASCII', JSON.stringify({ ...names, Records: [record(1, { MeasureName: 'é' })], CommonAttributes: common })],
    [
      'a member given twice',
      JSON.stringify({ ...names, Records: [record(1)], CommonAttributes: common }).replace(
        '"MeasureName"',
        '"Time":"1","Time":"2","MeasureName"',
      ),
    ],
    ['a member of another type', JSON.stringify({ ...names, Records: [record(1, { Time: 5 })], CommonAttributes: common })],
    [
      'a long version',
      JSON.stringify({ ...names, Records: [record(1)], CommonAttributes: common }).replace(
        '"MeasureValues"',
        '"Version":9223372036854775807,"MeasureValues"',
      ),
    ],
    [
      'a record that breaks a limit',
      JSON.stringify({ ...names, Records: [record(1, { MeasureName: 'm'.repeat(257) })], CommonAttributes: common }),
    ],
    [
      'a dimension in both places',
      JSON.stringify({ ...names, Records: [record(1, { Dimensions: common.Dimensions })], CommonAttributes: common }),
    ],
  ])('is left to the general way where it has %s', (_name, text) => {
    expect(leanly(text, new KnownHeads())).toBeUndefined();
  });

  const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
  const cases = Number(process.env['CASES'] ?? 3_000);

  it(`means what the general way makes of it, whatever it holds, or is left to that way (SEED=${seed} CASES=${cases})`, () => {
    const random = createRandom(seed);
    const heads = new KnownHeads();
    let read = 0;
    for (let index = 0; index < cases; index += 1) {
      const request = randomRequest(random);
      const written = JSON.stringify(random(3) === 0 ? alphabetical(request) : request);
      const text = mutated(random(3) === 0 ? spaced(written) : written, random);
      const records = leanly(text, heads);
      if (records === undefined) continue;
      read += 1;
      expect(records, text).toEqual(generally(text));
    }
    expect(read).toBeGreaterThan(cases / 30);
  });
});

type Random = (below: number) => number;

/** Mulberry32. */
function createRandom(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const pick = <T>(random: Random, from: readonly [T, ...T[]]): T => from[random(from.length)] ?? from[0];
const fewNames = ['a', 'b', 'job', 'instance', 'x}]', '}]', 'measure_name', 'time', 'v', 'sample_value'] as const;
const values = [
  '1',
  '-0.0',
  '1e400',
  '1.5',
  'x',
  'true',
  '',
  '}]',
  '"',
  'ü',
  ' ',
  ', ',
  ': ',
  ': 1, ',
  '],"TableName":"t',
  '9007199254740993',
  ',"MeasureName":',
  '5',
] as const;

function randomDimensions(random: Random): object[] {
  return Array.from({ length: random(4) }, () => ({
    Name: random(4) === 0 ? pick(random, fewNames) : pick(random, ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']),
    Value: random(6) === 0 ? pick(random, values) : `v${random(5)}`,
    ...(random(30) === 0 ? { DimensionValueType: 'VARCHAR' } : {}),
  }));
}

function randomAttributes(random: Random, chance: number): object {
  const some = (member: object): object => (random(10) < chance ? member : {});
  return {
    ...some({ Dimensions: randomDimensions(random) }),
    ...some({ MeasureName: random(10) === 0 ? pick(random, fewNames) : 'm' }),
    ...some({ MeasureValueType: pick(random, ['MULTI', 'MULTI', 'MULTI', 'DOUBLE', 'VARCHAR', 'TIMESTAMP']) }),
    ...some({ Time: random(8) === 0 ? pick(random, values) : String(random(1_000_000)) }),
    ...(random(3) === 0 ? some({ TimeUnit: pick(random, ['SECONDS', 'MILLISECONDS', 'NANOSECONDS', 'DAYS']) }) : {}),
    ...(random(3) === 0 ? some({ Version: random(20) === 0 ? 0 : random(1_000_000_000) }) : {}),
  };
}

function randomMeasures(random: Random): object {
  if (random(5) === 0) return { MeasureValue: pick(random, values) };
  return {
    MeasureValues: Array.from({ length: 1 + random(2) }, (_, index) => ({
      Name: random(10) === 0 ? pick(random, fewNames) : `s${index}`,
      Value: random(6) === 0 ? pick(random, values) : String(random(1000) / 8),
      Type: random(5) === 0 ? pick(random, ['VARCHAR', 'BIGINT', 'BOOLEAN', 'TIMESTAMP', 'MULTI']) : 'DOUBLE',
    })),
  };
}

function randomRequest(random: Random): object {
  const attributes = { CommonAttributes: { MeasureName: 'm', MeasureValueType: 'MULTI', Time: '1', ...randomAttributes(random, 3) } };
  const records = Array.from({ length: 1 + random(3) }, () => ({
    Dimensions: [{ Name: 'own', Value: `o${random(5)}` }],
    ...randomAttributes(random, 2),
    ...randomMeasures(random),
  }));
  const order = random(3);
  if (order === 0) return { ...names, Records: records, ...attributes };
  return order === 1
    ? { ...names, ...attributes, Records: records }
    : { ...names, Records: records.map((each) => ({ ...attributes.CommonAttributes, ...each })) };
}

/** One character in some of the bodies is another, is twice there, or is not. */
function mutated(text: string, random: Random): string {
  if (random(3) > 0) return text;
  const at = random(text.length);
  const character = pick(random, ['', text.charAt(at).repeat(2), '"', '}', ']', '[', '{', ',', ', ', ': ', ' ', '0', '\\', '\n', 'null']);
  return text.slice(0, at) + character + text.slice(at + 1);
}
