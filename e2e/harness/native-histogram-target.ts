import type { ScrapedFamily, ScrapedHistogram } from './protobuf-page.js';

/** The scrape at which one series leaves the page, and the one with which it is there again. */
export const GONE_FROM = 10;
const BACK_FROM = 14;
/** The scrape at which the target starts anew: every count falls. */
const RESTARTED_AT = 17;

/** Counts of buckets by index, as spans and as what is between the counts. */
function buckets(counts: ReadonlyMap<number, number>): { spans: { offset: number; length: number }[]; deltas: number[]; counts: number[] } {
  const spans: { offset: number; length: number }[] = [];
  const deltas: number[] = [];
  const inOrder = [...counts].sort(([left], [right]) => left - right);
  let next = 0;
  let before = 0;
  for (const [index, count] of inOrder) {
    const last = spans[spans.length - 1];
    if (last !== undefined && index === next) last.length++;
    else spans.push({ offset: index - next, length: 1 });
    deltas.push(count - before);
    before = count;
    next = index + 1;
  }
  return { spans, deltas, counts: inOrder.map(([, count]) => count) };
}

const total = (counts: ReadonlyMap<number, number>): number => [...counts.values()].reduce((sum, count) => sum + count, 0);

function integers(
  positive: ReadonlyMap<number, number>,
  negative: ReadonlyMap<number, number>,
  rest: { readonly schema: number; readonly zeroThreshold: number; readonly zeroCount: number; readonly sum: number },
): ScrapedHistogram {
  const { spans, deltas } = buckets(positive);
  const other = buckets(negative);
  return {
    sample_count: total(positive) + total(negative) + rest.zeroCount,
    sample_sum: rest.sum,
    schema: rest.schema,
    zero_threshold: rest.zeroThreshold,
    zero_count: rest.zeroCount,
    // A histogram without any bucket says by an empty span that it is a native one.
    positive_span: spans.length + other.spans.length === 0 ? [{ offset: 0, length: 0 }] : spans,
    positive_delta: deltas,
    negative_span: other.spans,
    negative_delta: other.deltas,
  };
}

/** How many scrapes ago the target started. */
const age = (scrape: number): number => (scrape < RESTARTED_AT ? scrape : scrape - RESTARTED_AT);

const none: ReadonlyMap<number, number> = new Map();

/** Ever more buckets, and ever more in each. There is one from the beginning (docs/promql.md, what differs). */
function growing(scrape: number, speed: number): Map<number, number> {
  return new Map(
    [-9, -4, -3, 0, 1, 2, 7].flatMap((index, position) =>
      age(scrape) >= position ? [[index, (age(scrape) + 1) * speed + position * 3]] : [],
    ),
  );
}

/** What the target shows at a scrape: each kind of histogram that Prometheus 3 takes from a page. */
export function histogramFamilies(scrape: number): ScrapedFamily[] {
  const seconds = 1_700_000_000 + scrape;
  const exemplar = (value: number) => ({
    label: [{ name: 'trace_id', value: `4bf92f3577b34da6a3ce929d${String(scrape).padStart(8, '0')}` }],
    value,
    timestamp: { seconds: Math.floor(Date.now() / 1000), nanos: (scrape % 1000) * 1_000_000 },
  });
  const restart = age(scrape);
  return [
    {
      name: 'native_latency_seconds',
      help: 'How long requests took.',
      unit: 'seconds',
      type: 'histogram',
      metrics: ['/', '/items'].map((route, index) => ({
        labels: { route },
        histogram: {
          ...integers(growing(scrape, index + 1), none, {
            schema: 3,
            zeroThreshold: 2 ** -128,
            zeroCount: restart,
            sum: (restart * (index + 1)) / 3,
          }),
          exemplars: [exemplar(0.25 + index)],
        },
      })),
    },
    {
      name: 'native_float_seconds',
      type: 'histogram',
      metrics: [
        {
          labels: { route: '/' },
          histogram: {
            sample_count_float: restart * 2.5 + 0.5,
            sample_sum: restart * 1.1,
            schema: 1,
            zero_threshold: 0.001,
            zero_count_float: restart / 2 + 0.25,
            negative_span: [{ offset: 2, length: 1 }],
            negative_count: [restart / 2],
            positive_span: [
              { offset: -1, length: 1 },
              { offset: 3, length: 1 },
            ],
            positive_count: [restart, restart / 2 + 0.25],
          },
        },
      ],
    },
    {
      // Another resolution and another zero bucket on the way; observations of both signs.
      name: 'native_resolution_seconds',
      type: 'histogram',
      metrics: [
        {
          labels: { route: '/' },
          histogram: integers(growing(scrape, 3), new Map([[1, restart]]), {
            schema: scrape < 7 ? 2 : scrape < 20 ? 0 : 8,
            zeroThreshold: scrape < 12 ? 0.001 : 0.5,
            zeroCount: restart * 2,
            sum: scrape === 5 ? NaN : restart * 0.7,
          }),
        },
      ],
    },
    ...(scrape >= GONE_FROM && scrape < BACK_FROM
      ? []
      : [
          {
            name: 'native_sometimes_seconds',
            type: 'histogram',
            metrics: [
              {
                labels: { route: '/' },
                histogram: integers(growing(scrape, 2), none, {
                  schema: 0,
                  zeroThreshold: 0.25,
                  zeroCount: 1,
                  sum: restart,
                }),
              },
            ],
          } as const,
        ]),
    {
      name: 'native_queue_bytes',
      type: 'gaugehistogram',
      metrics: [
        {
          labels: { queue: 'in' },
          histogram: integers(new Map([[5, (scrape * 7) % 11], [scrape % 4, 3]]), none, { schema: 0, zeroThreshold: 0.5, zeroCount: scrape % 3, sum: (scrape * 13) % 17 }), // oxfmt-ignore
        },
      ],
    },
    {
      // With bounds of its own, which Prometheus makes into a histogram of custom buckets.
      name: 'classic_request_seconds',
      type: 'histogram',
      metrics: ['/', '/items'].map((route) => ({
        labels: { route },
        histogram: {
          sample_count: restart * 5,
          sample_sum: restart * 1.7,
          bucket: [0.05, 0.1, 0.25, 1, 2.5].map((bound, index) => ({ upper_bound: bound, cumulative_count: restart * (index + 1) })),
        },
      })),
    },
    {
      name: 'http.server.duration',
      help: 'A name that only UTF-8 allows.',
      type: 'histogram',
      metrics: [
        {
          labels: { 'http.route': '/größe', route: '/' },
          histogram: integers(growing(scrape, 4), none, { schema: 4, zeroThreshold: 2 ** -128, zeroCount: 0, sum: restart * 2.2 }),
        },
      ],
    },
    {
      name: 'requests_total',
      help: 'Requests that came.',
      type: 'counter',
      metrics: [{ labels: { route: '/' }, counter: { value: restart * 7, exemplar: exemplar(scrape) } }],
    },
    {
      name: 'temperature.außen',
      type: 'gauge',
      metrics: [{ labels: { 'service.name': 'wetter', 'ort mit Leerzeichen': 'Köln' }, gauge: { value: Math.sin(seconds) } }],
    },
  ];
}
