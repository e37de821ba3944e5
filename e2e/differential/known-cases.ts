import { STALE_NAN_BITS, type LabelMatcher } from '@timestream-prometheus/prom-codec';
import type { PlainSeries } from './selection-oracle.js';

/** A question that was once answered wrongly, here or by another storage adapter. Times are milliseconds before now. */
export interface KnownCase {
  readonly name: string;
  readonly stored: readonly {
    readonly labels: Readonly<Record<string, string>>;
    readonly samples: readonly (readonly [agoMs: number, valueBits: bigint])[];
  }[];
  readonly matchers: readonly LabelMatcher[];
  readonly startAgoMs?: number;
  readonly endAgoMs?: number;
}

const one = 0x3ff0000000000000n;
const two = 0x4000000000000000n;

export const knownCases: readonly KnownCase[] = [
  {
    name: 'a label value that begins with a byte order mark keeps it',
    stored: [{ labels: { __name__: 'm', value: '\ufeffbom' }, samples: [[1000, one]] }],
    matchers: [{ type: '=', name: 'value', value: '\ufeffbom' }],
  },
  {
    name: 'a pattern is anchored at both ends',
    stored: [200, 12, 420, 2].map((code) => ({ labels: { __name__: 'm', code: String(code) }, samples: [[1000, one]] })),
    matchers: [{ type: '=~', name: 'code', value: '2' }],
  },
  {
    name: 'a quote in a matcher is text and not SQL',
    stored: [
      { labels: { __name__: 'm', job: "x' OR '1'='1" }, samples: [[1000, one]] },
      { labels: { __name__: 'm', job: 'y' }, samples: [[1000, one]] },
    ],
    matchers: [{ type: '=', name: 'job', value: "x' OR '1'='1" }],
  },
  {
    name: 'a series without the label is unequal to every value of it',
    stored: [
      { labels: { __name__: 'm' }, samples: [[1000, one]] },
      { labels: { __name__: 'm', job: 'x' }, samples: [[1000, one]] },
    ],
    matchers: [
      { type: '!=', name: 'job', value: 'x' },
      { type: '=', name: '__name__', value: 'm' },
    ],
  },
  {
    name: 'a label that no series has is empty, not an error and not an empty answer',
    stored: [{ labels: { __name__: 'm' }, samples: [[1000, one]] }],
    matchers: [
      { type: '!~', name: 'nowhere', value: '.+' },
      { type: '=~', name: '__name__', value: '.+' },
    ],
  },
  {
    name: 'a dot matches a newline, as in Prometheus 3',
    stored: [{ labels: { __name__: 'm', job: 'x\ny' }, samples: [[1000, one]] }],
    matchers: [{ type: '=~', name: 'job', value: 'x.y' }],
  },
  {
    name: 'the ends of the range belong to it, to the millisecond',
    stored: [
      {
        labels: { __name__: 'm' },
        samples: [
          [5001, one],
          [5000, two],
          [4000, one],
          [3999, two],
        ],
      },
    ],
    matchers: [{ type: '=', name: '__name__', value: 'm' }],
    startAgoMs: 5000,
    endAgoMs: 4000,
  },
  {
    name: 'a staleness marker keeps its bits',
    stored: [
      {
        labels: { __name__: 'm' },
        samples: [
          [2000, one],
          [1000, STALE_NAN_BITS],
        ],
      },
    ],
    matchers: [{ type: '=', name: '__name__', value: 'm' }],
  },
  {
    name: 'labels that differ only in case are different labels',
    stored: [{ labels: { __name__: 'm', Job: 'a', job: 'b', JOB: 'c' }, samples: [[1000, one]] }],
    matchers: [
      { type: '=', name: 'JOB', value: 'c' },
      { type: '!=', name: 'Job', value: 'b' },
    ],
  },
  {
    name: 'two matchers on one label must both hold',
    stored: ['ab', 'ac', 'bc'].map((job) => ({ labels: { __name__: 'm', job }, samples: [[1000, one]] })),
    matchers: [
      { type: '=~', name: 'job', value: 'a.' },
      { type: '!=', name: 'job', value: 'ac' },
    ],
  },
];

/** The series of a known case, with times counted back from `nowMs`. */
export function storedSeriesOf({ stored }: KnownCase, nowMs: number): PlainSeries[] {
  return stored.map(({ labels, samples }) => ({
    labels: Object.entries(labels)
      .map(([name, value]) => ({ name, value }))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
    samples: samples.map(([agoMs, valueBits]) => [BigInt(nowMs - agoMs), valueBits] as const),
  }));
}
