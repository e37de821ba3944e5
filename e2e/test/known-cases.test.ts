import { createSamples, type TimeSeries } from '@timestream-prometheus/prom-codec';
import { describe, expect, it } from 'vitest';
import { startInProcessConnector } from '../differential/in-process-connector.js';
import { knownCases, storedSeriesOf } from '../differential/known-cases.js';
import { select } from '../differential/selection-oracle.js';

describe('questions that were once answered wrongly', () => {
  it.each(knownCases)('$name', async (knownCase) => {
    const subject = await startInProcessConnector();
    try {
      const nowMs = Date.now();
      const stored = storedSeriesOf(knownCase, nowMs);
      const timeseries: TimeSeries[] = stored.map(({ labels, samples }) => ({
        labels,
        samples: createSamples(samples),
        exemplars: [],
        histograms: [],
      }));
      expect(await subject.write({ timeseries, metadata: [] })).toEqual({ status: 204, text: '' });
      const [startTimestampMs, endTimestampMs] = [
        BigInt(nowMs - (knownCase.startAgoMs ?? 60_000)),
        BigInt(nowMs - (knownCase.endAgoMs ?? 0)),
      ];
      const [result] = await subject.readEveryWay([{ matchers: knownCase.matchers, startTimestampMs, endTimestampMs }]);
      const got = result?.map(({ labels, samples }) => ({
        labels,
        samples: Array.from(samples.timestampsMs, (timestampMs, index) => [timestampMs, samples.valueBits[index]]),
      }));
      const wanted = select(stored, knownCase.matchers, startTimestampMs, endTimestampMs);
      expect(wanted.length).toBeGreaterThan(0);
      expect(got).toEqual(wanted);
      expect(subject.packedFaults()).toEqual([]);
    } finally {
      await subject.close();
    }
  });
});
