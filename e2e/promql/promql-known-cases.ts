import { DATA_END_MS, DATA_START_MS } from './promql-data-set.js';
import type { Question } from './promql-oracle.js';

/** Questions that were once answered otherwise than by Prometheus, each with what was wrong. */
const cases: readonly (readonly [seed: number, wrong: string, text: string])[] = [
  [1, 'the zero bucket was read before it was widened', 'delta(sizes[1m])'],
  [1, 'a range with @ ended at the step', 'rate(odd[5m] @ 1700000900)'],
  [1, 'labels were lost where a histogram was filtered out', 'sort(mixed)'],
  [1, 'samples that were forced to grow were not counted over and over', 'histogram_quantiles(latency_bucket, "q", 0.1, 0.5, 0.99)'],
  [1, 'what lies outside of the times that were read was seen', 'timestamp(requests_total{code="200"} @ 1700000700 offset 1m)'],
  [2, '@ in a parameter did not move with the steps', 'topk(scalar({"name with spaces"} @ 1700001200 offset 1m), latency)'],
  [2, 'NaN was taken for a time at the other end of the calendar', 'day_of_year(odd)'],
  [2, 'NaN was taken for a time at the other end of the calendar', 'hour(odd)'],
  [2, 'a subquery with one step was taken for an instant', 'last_over_time(sort(angle)[90s:])'],
  [
    2,
    'of a parameter that is evaluated at the first step the last sample was read',
    'quantile(scalar({"name with spaces"} offset 1m), memory_bytes @ 1700001200)',
  ],
  [1, 'the place of an inner sort was shown', 'sort(sort_desc(sort(up)))'],
  [1, 'a moment was later than any int64 holds', 'up @ 1e16'],
  [1, 'a custom histogram divided by zero became a label', 'count_values("v", durations / 0)'],
  [2, 'the sample before, which shows a counter reset, was not read', 'histogram_sum(sum(latency))'],
];

export const knownQuestions: readonly { readonly seed: number; readonly questions: readonly Question[] }[] = [1, 2].map((seed) => ({
  seed,
  questions: cases
    .filter(([caseSeed]) => caseSeed === seed)
    .flatMap(([, , text]) => [
      { text, startMs: DATA_START_MS + 300_000, endMs: DATA_END_MS, stepMs: 30_000, lookbackMs: 60_000 },
      { text, startMs: DATA_START_MS + 900_000, endMs: DATA_START_MS + 900_000, stepMs: 0, lookbackMs: 300_000 },
    ]),
}));
