import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import {
  canBeDimension,
  decodeLabelDimension,
  noDimensionReason,
  encodeLabelDimension,
  encodeLabelEntry,
} from '../../src/names/label-dimension.js';
import { anyLabels } from '../support/arbitraries.js';

describe('noDimensionReason', () => {
  it.each([
    ['job', null],
    ['Time', null],
    ['times', null],
    ['its_', null],
    ['k8s.pod/name', null],
    ['__proto__', null],
    ['a'.repeat(60), null],
    ['é'.repeat(30), null],
    ['a'.repeat(61), 'too-long'],
    ['é'.repeat(31), 'too-long'],
    ['__name__', 'metric-name'],
    ['', 'empty'],
    ['time', 'reserved'],
    ['ts_created', 'reserved'],
    ['measure_name', 'reserved'],
    ['measure_names', 'reserved'],
    ['measure_value', 'reserved'],
    ['measure_value_2', 'reserved'],
    ['sample_value', 'own-column'],
    ['sample_bits', 'own-column'],
    ['sample_histogram', 'own-column'],
    ['prometheus_labels', 'own-column'],
    ['a:b', 'forbidden-character'],
    ['a"b', 'forbidden-character'],
    ['a\u0000', 'forbidden-character'],
    ['a\u001f', 'forbidden-character'],
    ['a\u007f', 'forbidden-character'],
    ['a\u2028', 'forbidden-character'],
    ['a\u2029', 'forbidden-character'],
    ['a\ud800', 'forbidden-character'],
  ])('says of %j: %j', (labelName, reason) => {
    expect(noDimensionReason(labelName)).toBe(reason);
    expect(canBeDimension(labelName)).toBe(reason === null);
  });
});

describe('encodeLabelDimension', () => {
  it('sorts by UTF-8 bytes, even names that look like integers or lie above U+FFFF, and leaves out empty values', () => {
    const text = encodeLabelDimension([
      { name: '😀', value: '1' },
      { name: '\uffff', value: '2' },
      { name: '9', value: '3' },
      { name: '10', value: '4' },
      { name: 'absent', value: '' },
      { name: '__proto__', value: '5' },
    ]);
    expect(text).toBe('{"10":"4","9":"3","__proto__":"5","\uffff":"2","😀":"1"}');
  });

  it('is {} for no labels', () => {
    expect(encodeLabelDimension([])).toBe('{}');
    expect(decodeLabelDimension('{}')).toEqual([]);
  });

  it('gives equal text for equal labels in any order, JSON that decodes to the same labels, and every label as an entry', () => {
    const withLoneSurrogates = fc.uniqueArray(
      fc.record({
        name: fc.string({ unit: 'binary', minLength: 1 }),
        value: fc.string({ unit: fc.constantFrom('\ud800', '\udc00', 'a') }),
      }),
      { selector: ({ name }) => name },
    );
    fc.assert(
      fc.property(
        fc.oneof(anyLabels, withLoneSurrogates).map((labels) => labels.filter(({ name }) => name !== '')),
        (labels) => {
          const text = encodeLabelDimension(labels);
          expect(encodeLabelDimension(labels.toReversed())).toBe(text);
          const present = labels.filter(({ value }) => value !== '');
          const decoded = decodeLabelDimension(text);
          expect(decoded).toHaveLength(present.length);
          expect(decoded).toEqual(expect.arrayContaining(present));
          expect(new Map(Object.entries(JSON.parse(text) as Record<string, string>))).toEqual(
            new Map(present.map(({ name, value }) => [name, value])),
          );
          for (const { name, value } of present) expect(text).toContain(encodeLabelEntry(name, value));
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe('decodeLabelDimension', () => {
  it.each([
    '',
    'x',
    '{',
    '[]',
    'null',
    '"a"',
    '{"a":1}',
    '{"a":null}',
    '{"a":{"b":"c"}}',
    '{"a":""}',
    '{"":"x"}',
    '{ "a":"b"}',
    '{"a": "b"}',
    '{"a":"b"} ',
    '{"a":"b","a":"c"}',
    '{"b":"1","a":"2"}',
    '{"9":"1","10":"2"}',
    '{"a":"\\u0062"}',
    '{"a":"b",}',
    `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`,
  ])('gives null for %j, which we do not write', (text) => {
    expect(decodeLabelDimension(text)).toBeNull();
  });

  it('gives null or labels that encode to the same text, for any text', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.dictionary(fc.string(), fc.string()).map((object) => JSON.stringify(object)),
        ),
        (text) => {
          const labels = decodeLabelDimension(text);
          if (labels !== null) expect(encodeLabelDimension(labels)).toBe(text);
        },
      ),
      { numRuns: 1000 },
    );
  });
});
