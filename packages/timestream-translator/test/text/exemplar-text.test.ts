import fc from 'fast-check';
import { compareUtf8, type MetricMetadata } from '@timestream-prometheus/prom-codec';
import { describe, expect, it } from 'vitest';
import { decodeExemplarText, encodeExemplarText } from '../../src/text/exemplar-text.js';
import { decodeMetadataText, encodeMetadataText } from '../../src/text/metadata-text.js';

const anyText = fc.string({ unit: 'binary', maxLength: 30 });

describe('encodeExemplarText', () => {
  it('keeps every bit of the value and every label, in the order of their names', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
        fc.uniqueArray(
          fc.record({ name: fc.string({ unit: 'binary', minLength: 1 }), value: fc.string({ unit: 'binary', minLength: 1 }) }),
          {
            selector: ({ name }) => name,
          },
        ),
        (valueBits, labels) => {
          const sorted = labels.toSorted((left, right) => compareUtf8(left.name, right.name));
          expect(decodeExemplarText(encodeExemplarText({ labels, valueBits }))).toEqual({ labels: sorted, valueBits });
        },
      ),
    );
  });

  it('is what docs/data-model.md says', () => {
    const labels = [
      { name: 'trace_id', value: '4bf92f35' },
      { name: 'empty', value: '' },
    ];
    expect(encodeExemplarText({ labels, valueBits: 0x3fd0000000000000n })).toBe('0.25|{"trace_id":"4bf92f35"}');
    expect(encodeExemplarText({ labels: [], valueBits: 1n << 63n })).toBe('-0.0|{}');
  });

  it.each(['', '1', '1|', '|{}', 'x|{}', '1|[]', '1|null', '1|{"a":1}', '1|{"a":"b"', '0x1|{}', '1 |{}'])(
    'takes %j for no exemplar',
    (text) => {
      expect(decodeExemplarText(text)).toBe(null);
    },
  );
});

describe('encodeMetadataText', () => {
  it('keeps help and unit of any text, in ASCII', () => {
    fc.assert(
      fc.property(fc.constantFrom<MetricMetadata['type']>('unknown', 'gauge', 'stateset'), anyText, anyText, (type, help, unit) => {
        const text = encodeMetadataText({ type, help, unit });
        expect(text).toMatch(/^[\u0020-\u007e]*$/);
        expect(decodeMetadataText(text)).toEqual({ type, help, unit });
      }),
    );
  });

  it.each([
    '',
    'null',
    '{}',
    '[]',
    '{"type":"gauge","help":"x"}',
    '{"type":"gage","help":"x","unit":""}',
    '{"type":"gauge","help":1,"unit":""}',
  ])('takes %j for no metadata', (text) => {
    expect(decodeMetadataText(text)).toBe(null);
  });
});
