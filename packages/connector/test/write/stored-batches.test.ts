import { createSamples } from '@timestream-prometheus/prom-codec';
import { batchRecords, createDimensionBudget, translateSeries, type PlannedBatch } from '@timestream-prometheus/timestream-translator';
import { describe, expect, it } from 'vitest';
import { StoredBatches } from '../../src/write/stored-batches.js';

function batchOf(value: number, label = 'a'): PlannedBatch {
  const series = {
    labels: [
      { name: '__name__', value: 'up' },
      { name: 'job', value: label },
    ],
    samples: createSamples([[1, value]]),
    exemplars: [],
    histograms: [],
  };
  const { records } = translateSeries([series], { layout: 'multi-measure', dimensionBudget: createDimensionBudget() });
  const [batch] = batchRecords(records);
  if (batch === undefined) throw new Error('no batch');
  return batch;
}

describe('StoredBatches', () => {
  it('remembers nothing while nothing fails', () => {
    const stored = new StoredBatches({ nowMs: () => 0 });
    stored.note(batchOf(1));
    stored.expectAgain();
    expect(stored.has(batchOf(1))).toBe(false);
  });

  it('knows a batch by its bytes: the same samples again, and no others', () => {
    const stored = new StoredBatches({ nowMs: () => 0 });
    stored.expectAgain();
    stored.note(batchOf(1));
    expect(stored.has(batchOf(1))).toBe(true);
    expect(stored.has(batchOf(2))).toBe(false);
    expect(stored.has(batchOf(1, 'b'))).toBe(false);
  });

  it('forgets after two minutes, and altogether when nothing has failed for so long', () => {
    let nowMs = 0;
    const stored = new StoredBatches({ nowMs: () => nowMs });
    stored.expectAgain();
    stored.note(batchOf(1));
    nowMs = 60_000;
    stored.expectAgain();
    stored.note(batchOf(2));
    nowMs = 130_000;
    expect(stored.has(batchOf(1))).toBe(false);
    expect(stored.has(batchOf(2))).toBe(true);
    nowMs = 180_000;
    expect(stored.has(batchOf(2))).toBe(false);
  });

  it('keeps a bounded number, the newest', () => {
    const stored = new StoredBatches({ nowMs: () => 0 });
    stored.expectAgain();
    for (let value = 0; value <= 16_384; value += 1) stored.note(batchOf(value));
    expect(stored.has(batchOf(0))).toBe(false);
    expect(stored.has(batchOf(1))).toBe(true);
  });
});
