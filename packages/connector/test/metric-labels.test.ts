import { describe, expect, it } from 'vitest';
import { METRICS, type MetricsSink } from '../src/index.js';
import { RecordingMetrics } from './support/recording-metrics.js';

describe('the labels of a metric', () => {
  it('are those of its definition: others do not compile, and are refused when they come all the same', () => {
    const recording = new RecordingMetrics();
    const metrics: MetricsSink = recording;
    metrics.add(METRICS.timestreamRetries, 1, { operation: 'Query' });
    const wrong: readonly (() => void)[] = [
      // @ts-expect-error -- a label is missing
      () => metrics.add(METRICS.timestreamCalls, 1, { operation: 'Query' }),
      // @ts-expect-error -- the metric has no label `kind`
      () => metrics.add(METRICS.timestreamRetries, 1, { kind: 'Query' }),
      // @ts-expect-error -- a gauge is not added to
      () => metrics.add(METRICS.openStorages, 1),
    ];
    for (const measure of wrong) expect(measure).toThrow();
    expect(recording.sum(METRICS.timestreamRetries)).toBe(1);
  });
});
