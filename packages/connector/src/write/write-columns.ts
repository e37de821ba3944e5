import {
  batchExemplars,
  batchHistograms,
  batchRecords,
  MAX_RECORDS_PER_WRITE,
  translateColumns,
  translateExemplars,
  translateHistograms,
  type DimensionBudget,
  type DroppedSamples,
  type SeriesColumns,
} from '@timestream-prometheus/timestream-translator';
import { waitWhileAllowed } from '../concurrency/deadline.js';
import { METRICS } from '../metrics/metric-catalogue.js';
import type { MetricsSink } from '../ports.js';
import { sliceColumns } from './slice-columns.js';
import { sliceHistograms } from './slice-histograms.js';
import { writeBatches, type SourcedBatch } from './write-batches.js';
import type { WriteContext } from './write-context.js';
import type { WriteTally } from './write-tally.js';
import type { WrittenCount } from './written-headers.js';

/** Samples that are translated and batched in one turn of the event loop: a tenth of a second on a slow core. What most senders send is one slice. */
const SLICE_SAMPLES = 10_000;
/** The same for native histograms, in buckets and what else takes as long: 500 of an ordinary size. */
const SLICE_BUCKETS = 50_000;
const SLICE_EXEMPLARS = 2_000;

export interface Written {
  readonly dropped: readonly DroppedSamples[];
  /** Samples, histograms and exemplars that became records, whatever became of those. */
  readonly recordCount: number;
  /** Those that repeat another of the request bit for bit. */
  readonly identicalCounts: Readonly<WrittenCount>;
  /** Samples, histograms and exemplars that were not looked at, because no further call made sense. */
  readonly notTried: number;
}

/**
 * Writes the columns of a request, and adds what became of them to the tally.
 *
 * @param others calls that are to be made beside those for the columns, after them
 */
export async function writeColumns(
  parts: readonly SeriesColumns[],
  tally: WriteTally,
  context: WriteContext,
  others: readonly SourcedBatch[] = [],
): Promise<Written> {
  const { config, dimensions, writer, metrics, signal, calls } = context;
  const dropped = new Map<string, DroppedSamples>();
  let recordCount = 0;
  const identicalCounts: WrittenCount = { samples: 0, histograms: 0, exemplars: 0 };
  const options = {
    layout: config.tableLayout,
    series: context.series,
    ...(context.recordVersion === undefined ? {} : { recordVersion: context.recordVersion }),
    conflictWinner: config.onConflict === 'last-wins' ? 'last' : 'first',
  } as const;
  let notTried = sumOf(parts, receivedCountOf);
  const callCount = Math.ceil(notTried / MAX_RECORDS_PER_WRITE) + others.length;
  const share = await calls.open({ callCount, deadlineMs: context.deadlineMs });
  try {
    await writeBatches(batchesOf(parts), tally, {
      writer,
      calls: share,
      maxConcurrency: Math.max(1, Math.min(config.maxWriteConcurrencyPerRequest, callCount)),
      metrics,
      signal,
      expectAgain: context.expectAgain,
      onStored: (batch, rejectedIndexes) => dimensions.noteStored(batch, rejectedIndexes),
    });
  } finally {
    share.close();
  }
  return { dropped: [...dropped.values()], recordCount, identicalCounts, notTried };

  function noteDropped(drops: readonly DroppedSamples[]): void {
    for (const drop of drops) {
      countDrop(drop, metrics);
      const earlier = dropped.get(drop.reason);
      dropped.set(drop.reason, earlier === undefined ? drop : { ...earlier, count: earlier.count + drop.count });
    }
  }

  async function* batchesOf(columnsOfParts: readonly SeriesColumns[]): AsyncGenerator<SourcedBatch, void, undefined> {
    let dimensionBudget = await dimensions.budget();
    /** What has to be translated again are new labels, which end with the first requests: everything else is translated once. */
    const translated = async <T>(translate: (dimensionBudget: DimensionBudget) => T): Promise<T> => {
      for (;;) {
        const translation = translate(dimensionBudget);
        const isConfirmed = dimensions.confirm(dimensionBudget);
        if (isConfirmed === true || (await waitWhileAllowed(isConfirmed, signal))) return translation;
        dimensionBudget = await dimensions.budget();
      }
    };
    for (const part of columnsOfParts) {
      for (const columns of sliceColumns(part, SLICE_SAMPLES)) {
        await context.turns.nextForCalls(signal);
        const translation = await translated((budget) => translateColumns(columns, { ...options, dimensionBudget: budget }));
        noteDropped(translation.dropped);
        recordCount += translation.records.count;
        identicalCounts.samples += translation.identicalCount;
        notTried -= columns.timestampsMs.length;
        for (const batch of batchRecords(translation.records)) yield { batch, columns };
      }
      for (const histograms of sliceHistograms(part.histograms, SLICE_BUCKETS)) {
        await context.turns.nextForCalls(signal);
        const source = { labelSets: part.labelSets, histograms };
        const translation = await translated((budget) => translateHistograms(source, { ...options, dimensionBudget: budget }));
        noteDropped(translation.dropped);
        recordCount += translation.stored.length;
        identicalCounts.histograms += translation.identicalCount;
        notTried -= histograms.length;
        for (const batch of batchHistograms(translation.stored, context.recordVersion)) yield { batch, columns: part };
      }
      for (let start = 0; start < part.exemplars.length; start += SLICE_EXEMPLARS) {
        await context.turns.nextForCalls(signal);
        const exemplars = part.exemplars.slice(start, start + SLICE_EXEMPLARS);
        const isWanted = config.exemplars === 'store';
        const source = { labelSets: part.labelSets, exemplars };
        const translation = await translated((budget) => translateExemplars(source, { ...options, dimensionBudget: budget, isWanted }));
        noteDropped(translation.dropped);
        recordCount += translation.stored.length;
        identicalCounts.exemplars += translation.identicalCount;
        notTried -= exemplars.length;
        for (const batch of batchExemplars(translation.stored, context.recordVersion)) yield { batch, columns: part };
      }
    }
    yield* others;
  }
}

export function countDrop({ reason, count }: DroppedSamples, metrics: MetricsSink): void {
  metrics.add(METRICS.droppedSamples, count, { reason });
  metrics.add(METRICS.ignoredSamples, count);
}

export function receivedCountOf({ timestampsMs, histograms, exemplars }: SeriesColumns): number {
  return timestampsMs.length + histograms.length + exemplars.length;
}

export function sumOf<T>(items: readonly T[], countOf: (item: T) => number): number {
  return items.reduce((sum, item) => sum + countOf(item), 0);
}
