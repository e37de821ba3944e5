import {
  MEASURE_VALUE_DOUBLE_COLUMN,
  SAMPLE_VALUE_COLUMN,
  VALUE_COLUMN,
  type DroppedSamples,
  type Layout,
} from '@timestream-prometheus/timestream-translator';
import { floatFromBits } from '@timestream-prometheus/prom-codec';
import { METRICS } from '../metrics/metric-catalogue.js';
import { columnsOfSamples } from './columns-of-samples.js';
import { rejectionClassOf } from './rejection-reason.js';
import { writeColumns } from './write-columns.js';
import type { WriteContext } from './write-context.js';
import type { RejectedSample, WriteTally } from './write-tally.js';

/**
 * What `on-conflict` says of samples for which the table has another value. Those that are to win are written again, above the version that is in
 * the way; those that may lose are taken out of the tally, counted as rejected records all the same.
 *
 * @returns the ones that have lost, which are no failure
 */
export async function settleConflicts(tally: WriteTally, context: WriteContext): Promise<readonly RejectedSample[]> {
  const { config, metrics, recordVersion } = context;
  if (config.onConflict === 'reject' || tally.shouldStop) return [];
  const takeConflicts = (): readonly RejectedSample[] => tally.takeRejected(isConflict);
  let lost = takeConflicts();
  if (lost.length > 0 && recordVersion !== undefined) {
    // The clock of another connector is ahead, or both wrote within one millisecond: what comes later is to count all the same.
    const existing = lost.reduce((highest, sample) => Math.max(highest, sample.existingVersion ?? 0), recordVersion);
    await writeColumns([columnsOfSamples(lost)], tally, { ...context, recordVersion: existing + 1 });
    // Somebody was still later.
    lost = takeConflicts();
  }
  if (lost.length > 0) metrics.add(METRICS.rejectedRecords, lost.length, { reason: 'conflicting-value' });
  return lost;
}

function isConflict({ reason }: RejectedSample): boolean {
  return rejectionClassOf(reason) === 'conflicting-value';
}

/** Samples that are written one by one to find out whether the column was what Timestream has refused. */
const MAX_PROBES = 5;

/** Layouts by the column of their finite values: one of each that a sample could have been written in before. */
const layoutByColumn: readonly (readonly [column: string, layout: Layout])[] = [
  [VALUE_COLUMN, 'multi-measure'],
  [SAMPLE_VALUE_COLUMN, 'sample-value'],
  [MEASURE_VALUE_DOUBLE_COLUMN, 'compact'],
];

/**
 * A sample that was under way when `table-layout` changed, as with an update, and is sent again, lies in another column than the one that it is
 * written to now, and to Timestream that is another value. So what is refused is offered once more in each other column that the table has:
 * where it lies in that one Timestream takes it as the same record (developer guide, `writes`: identical records are deduplicated), and only
 * what has another value indeed is refused again.
 */
export async function settleEqualValues(tally: WriteTally, context: WriteContext): Promise<void> {
  if (context.recordVersion !== undefined) return;
  const isFiniteConflict = (sample: RejectedSample): boolean => isConflict(sample) && isFiniteFloat(sample);
  if (!tally.rejected.some(isFiniteConflict)) return;
  const columns = await context.dimensions.measures();
  for (const [column, layout] of layoutByColumn) {
    if (tally.shouldStop || layout === context.config.tableLayout || !columns.has(column)) continue;
    const conflicts = tally.takeRejected(isFiniteConflict);
    if (conflicts.length > 0) await writeAgain(conflicts, tally, context, layout);
  }
}

/**
 * What Timestream has refused for a reason that we do not know, while values went to the column `v`: its words for a table that has a dimension or
 * another measure of that name are documented nowhere, and a role made for writing cannot look at the columns beforehand. So one of these samples
 * is written once more, to `sample_value`; if that succeeds it was the name, the others follow, and the table gets no `v` from then on.
 *
 * @returns what could not be stored there for its size
 */
export async function settleValueColumn(tally: WriteTally, context: WriteContext): Promise<readonly DroppedSamples[]> {
  if (context.config.tableLayout !== 'multi-measure' || tally.shouldStop) return [];
  const isUnknown = (sample: RejectedSample): boolean => {
    const rejection = rejectionClassOf(sample.reason);
    return (rejection === 'invalid' || rejection === 'other') && isFiniteFloat(sample);
  };
  if (!tally.rejected.some(isUnknown)) return [];
  const samples = tally.takeRejected(isUnknown);
  const storedBefore = tally.storedSampleCount;
  const dropped: DroppedSamples[] = [];
  let tried = 0;
  // One that is refused for a reason that we do know, such as its time, says nothing of the column.
  for (const sample of samples.slice(0, MAX_PROBES)) {
    dropped.push(...(await writeAgain([sample], tally, context, 'sample-value')));
    tried += 1;
    if (tally.storedSampleCount > storedBefore || tally.failure !== undefined || tally.rejected.some(isUnknown)) break;
  }
  const others = samples.slice(tried);
  if (tally.storedSampleCount === storedBefore) tally.rejected.push(...others);
  else {
    context.dimensions.noteValueColumnTaken();
    if (others.length > 0) dropped.push(...(await writeAgain(others, tally, context, 'sample-value')));
  }
  return dropped;
}

async function writeAgain(
  samples: readonly RejectedSample[],
  tally: WriteTally,
  context: WriteContext,
  tableLayout: Layout,
): Promise<readonly DroppedSamples[]> {
  const { dropped } = await writeColumns([columnsOfSamples(samples)], tally, { ...context, config: { ...context.config, tableLayout } });
  return dropped;
}

function isFiniteFloat({ valueBits, histogram, exemplar }: RejectedSample): boolean {
  return histogram === undefined && exemplar === undefined && Number.isFinite(floatFromBits(valueBits));
}
