import type { Layout } from '@timestream-prometheus/timestream-translator';
import { describe, expect, it } from 'vitest';
import { describeReport, runLedger, type Incident } from '../ledger/run-ledger.js';

const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
/** A hundred thousand over both layouts; `SAMPLES=1000000` makes the long run, `DURATION_MINUTES` one that goes on for so long. */
const durationMs = Number(process.env['DURATION_MINUTES'] ?? 0) * 60_000;
const usualSamples = process.env['PROPERTY_RUNS'] === 'few' ? 10_000 : 100_000;
const samples = Number(process.env['SAMPLES'] ?? (durationMs > 0 ? Infinity : usualSamples));
const isLong = samples > 100_000;

const everyIncident: readonly Incident[] = ['kill-connector', 'full-disk', 'kill-both', 'lose-dns', 'move-window', 'kill-timestream'];

describe(`a sender like Prometheus while Timestream has a bad day (SEED=${seed}, SAMPLES=${samples})`, () => {
  it.each<{ layout: Layout; labelNames: number; share: number; incidents: readonly Incident[]; hasOwnCredentials?: boolean }>([
    { layout: 'multi-measure', labelNames: 300, share: 0.5, incidents: everyIncident },
    {
      layout: 'compact',
      labelNames: 20,
      share: 0.25,
      incidents: ['end-session', 'kill-both', 'end-session', 'lose-dns', 'end-session'],
      hasOwnCredentials: true,
    },
    {
      layout: 'single-measure',
      labelNames: 10,
      share: 0.25,
      incidents: ['kill-timestream', 'lose-dns', 'kill-connector'],
    },
  ])(
    'finds every sample in the table once with its bits, or counted under a reason in the last answer to its request: $layout, $labelNames label names',
    async ({ layout, labelNames, share, incidents, hasOwnCredentials = false }) => {
      const count = Math.round(samples * share);
      const report = await runLedger({
        seed,
        layout,
        load: {
          samples: count,
          samplesPerRequest: 1_000,
          seriesCount: 1_000,
          labelNames,
          stepMs: 1_000,
          refusedShare: 0.002,
          conflicts: labelNames < 60,
        },
        loadDurationMs: durationMs > 0 ? durationMs * share : Infinity,
        shards: 4,
        hasOwnCredentials,
        incidents: isLong ? Array.from({ length: 6 }, () => incidents).flat() : incidents,
        writeTimeoutMs: 8_000,
        hangMs: 9_000,
        calmRequests: isLong ? 1_500 : 20,
        maxDurationMs: isLong ? 24 * 3_600_000 : 600_000,
      });
      process.stdout.write(`${describeReport(report)}\n`);
      expect(report.balance.contradictions, describeReport(report)).toEqual([]);
      expect(report.tableBalance.contradictions, describeReport(report)).toEqual([]);
      expect(report.readContradictions).toEqual([]);
      // Where every label has a dimension, there is one way to write a row.
      if (labelNames < 60) expect(report.tableBalance.repeated).toBe(0);
      expect(report.balance.stored + report.balance.named).toBe(report.balance.sent);
      // A run in which nothing went wrong, or in which nothing was refused, has proved nothing.
      for (const kind of [
        'throttle',
        'fail',
        'html-page',
        'reset-before',
        'reset-after',
        'half-answer',
        'false-success',
        'broken-gzip',
      ] as const)
        expect(report.appliedFaults.get(kind) ?? 0, kind).toBeGreaterThan(0);
      expect(report.balance.named).toBeGreaterThan(0);
      expect(report.readsAnswered).toBeGreaterThan(0);
      if (layout !== 'single-measure') expect(report.companions).toBeGreaterThan(0);
      if (hasOwnCredentials) {
        expect(report.appliedFaults.get('ended-session') ?? 0).toBeGreaterThan(0);
        // One for each client that the first two processes made, and again for each session that was ended.
        expect(report.sessionsIssued).toBeGreaterThan(incidents.filter((incident) => incident === 'end-session').length);
      }
      if (incidents.includes('full-disk')) expect(report.writesOnFullDisk).toBeGreaterThan(0);
    },
    24 * 3_600_000,
  );
});
