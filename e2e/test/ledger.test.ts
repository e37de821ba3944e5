import { describe, expect, it } from 'vitest';
import { describeReport, runLedger } from '../ledger/run-ledger.js';

const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
/** A hundred thousand over both layouts; `SAMPLES=1000000` makes the long run. */
const samples = Number(process.env['SAMPLES'] ?? 100_000);

describe(`a sender like Prometheus while Timestream has a bad day (SEED=${seed}, SAMPLES=${samples})`, () => {
  it.each([
    { layout: 'multi-measure' as const, labelNames: 300, share: 0.7 },
    { layout: 'single-measure' as const, labelNames: 10, share: 0.3 },
  ])(
    'finds every sample in the table once with its bits, or counted in the last answer to its request: $layout, $labelNames label names',
    async ({ layout, labelNames, share }) => {
      const count = Math.round(samples * share);
      const report = await runLedger({
        seed,
        layout,
        load: { samples: count, samplesPerRequest: 250, seriesCount: 1_000, labelNames, stepMs: 1_000, refusedShare: 0.002 },
        shards: 8,
        kills: 4,
        maxDurationMs: Math.max(300_000, count * 10),
      });
      console.log(describeReport(report));
      expect(report.balance.contradictions, describeReport(report)).toEqual([]);
      expect(report.tableBalance.contradictions, describeReport(report)).toEqual([]);
      // Where every label has a dimension, there is one way to write a row.
      if (labelNames < 60) expect(report.tableBalance.repeated).toBe(0);
      expect(report.balance.stored + report.balance.named).toBe(report.balance.sent);
      // A run in which nothing went wrong, or in which nothing was refused, has proved nothing.
      for (const kind of ['throttle', 'fail', 'html-page', 'reset-before', 'reset-after', 'half-answer', 'false-success'] as const)
        expect(report.appliedFaults.get(kind) ?? 0, kind).toBeGreaterThan(0);
      expect(report.balance.named).toBeGreaterThan(0);
    },
    Math.max(600_000, samples * 20),
  );
});
