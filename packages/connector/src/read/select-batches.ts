import { compareLabels, type Label, type TimeSeries } from '@timestream-prometheus/prom-codec';
import {
  compileSeriesSelect,
  createSeriesAssembler,
  groupSeries,
  seriesWithoutSamples,
  type PhysicalSeries,
  type SampleBins,
  type SeriesGroup,
} from '@timestream-prometheus/timestream-translator';
import { ColumnNotFoundError } from '../errors/connector-error.js';
import { runTogether } from '../concurrency/run-together.js';
import type { AnswerTally } from './answer-tally.js';
import type { HeldBytes } from '../concurrency/read-budget.js';
import { ASSEMBLED_SAMPLE_BYTES } from './bytes-held.js';
import { listSeries, listSeriesWithAllLabels } from './list-series.js';
import { streamPackedQuery } from './packed/stream-packed-query.js';
import { wantsLabelsOnly, type ReadContext, type Selection } from './read-context.js';
import { readPages } from './read-pages.js';
import { runQuery } from './run-query.js';
import type { SeriesBatch } from './series-batch.js';
import { unsteadyColumnsError, withCurrentColumns } from './with-current-columns.js';

/** Label sets that are read together: each is named in a statement, and all statements of a group are in memory at once. */
const MAX_SERIES_PER_GROUP = 1000;

const MAX_LISTS = 3;

export interface BatchOptions {
  /** Of each series only the newest sample is wanted; there may be more. */
  readonly newestOnly?: boolean;
  /** Of each bin only what it needs is wanted; there may be more. */
  readonly bins?: SampleBins | null;
}

/**
 * The series that one query selects, sorted, in batches. Nothing is read before it is asked for, and a series is in one batch, whole.
 *
 * @throws ConnectorError, ReadLimitError, RowFormatError
 */
export async function* selectBatches(
  selection: Selection,
  tally: AnswerTally,
  context: ReadContext,
  { newestOnly = false, bins = null }: BatchOptions = {},
): AsyncGenerator<SeriesBatch, void, undefined> {
  if (wantsLabelsOnly(selection)) {
    const series = seriesWithoutSamples(await listSeriesWithAllLabels(selection, tally.left.maxSeries, context));
    tally.add(series);
    yield { timeseries: series, isLast: true };
    return;
  }
  let after: readonly Label[] | null = null;
  if (context.packing.isOn && context.packing.isOrderTrusted) {
    const end = yield* streamPackedQuery(selection, tally, context, { newestOnly, ...(bins === null ? {} : { bins }) });
    if (end.kind === 'whole') return;
    after = end.after;
  }
  yield* selectRowBatches(selection, after, tally, context);
}

/**
 * The same as rows, those after the given labels; one batch if there are no more samples than `stream-buffer-samples`.
 *
 * A query that selects more is read in two steps: its series are listed, then read group by group in the order of their labels. So the
 * answer has the series that were there when it began; one that came later may be missing, and is never taken for part of another.
 */
async function* selectRowBatches(
  selection: Selection,
  after: readonly Label[] | null,
  tally: AnswerTally,
  context: ReadContext,
): AsyncGenerator<SeriesBatch, void, undefined> {
  const isWanted = ({ labels }: { readonly labels: readonly Label[] }): boolean => after === null || compareLabels(labels, after) > 0;
  const held = context.memory.hold();
  try {
    yield* selectPlannedBatches(await planQuery(selection, tally, context, held), isWanted, selection, tally, context, held);
  } finally {
    held.end();
  }
}

async function* selectPlannedBatches(
  plan: Plan,
  isWanted: (series: { readonly labels: readonly Label[] }) => boolean,
  selection: Selection,
  tally: AnswerTally,
  context: ReadContext,
  held: HeldBytes,
): AsyncGenerator<SeriesBatch, void, undefined> {
  if (plan.kind === 'whole') {
    const series = plan.series.filter(isWanted);
    tally.add(series);
    yield { timeseries: series, isLast: true };
    return;
  }
  for (const group of groupSeries(plan.sorted.filter(isWanted), {
    maxRows: context.config.streamBufferSamples,
    maxSeries: MAX_SERIES_PER_GROUP,
  })) {
    const series = await readGroup(group, selection, tally, context, held);
    tally.add(series);
    yield { timeseries: series, isLast: false };
  }
}

type Plan =
  | { readonly kind: 'whole'; readonly series: readonly TimeSeries[] }
  | { readonly kind: 'by-group'; readonly sorted: readonly PhysicalSeries[] };

/** All of it if it is small; else what there is to read, for the columns that the table had while we looked. */
async function planQuery(selection: Selection, tally: AnswerTally, context: ReadContext, held: HeldBytes): Promise<Plan> {
  return withCurrentColumns<Plan>(context, {
    maxAttempts: MAX_LISTS,
    ofEmptyTable: () => ({ kind: 'whole', series: [] }),
    ask: async () => {
      const { maxSamples, maxSeries } = tally.left;
      const limits = { maxSamples: Math.min(maxSamples, context.config.streamBufferSamples), maxSeries };
      const outcome = await runQuery(selection, limits, context, held);
      if (outcome.kind === 'whole') return outcome;
      await held.set(0);
      if (maxSamples <= context.config.streamBufferSamples) tally.assertRoomFor({ series: 0, samples: maxSamples + 1 });
      const sorted = await listSeries(selection, outcome.schema, maxSeries, context);
      tally.assertRoomFor({ series: 0, samples: sorted.reduce((sum, { rowCount }) => sum + rowCount, 0) });
      return { kind: 'by-group', sorted };
    },
  });
}

/** Rows of series that are not in the group are left out: theirs is another place in the answer, or they came after the list. */
async function readGroup(
  group: SeriesGroup,
  { query, matchers }: Selection,
  tally: AnswerTally,
  context: ReadContext,
  held: HeldBytes,
): Promise<readonly TimeSeries[]> {
  // What was held of the group before has been given.
  await held.set(0);
  const { defaultDatabase: database, defaultTable: table } = context.config;
  const assembler = createSeriesAssembler({
    matchers,
    startMs: query.startTimestampMs,
    endMs: query.endTimestampMs,
    limits: tally.left,
    only: group.keys,
  });
  const statements = compileSeriesSelect({ query, database, table, series: group.series });
  try {
    await runTogether(
      statements.map(
        ({ sql }) =>
          (signal) =>
            readPages(
              sql,
              { ...context, signal },
              async (page) => {
                assembler.addPage(page);
                await held.set(ASSEMBLED_SAMPLE_BYTES * assembler.heldSamples);
                return 'next' as const;
              },
              matchers,
            ),
      ),
      context.signal,
    );
  } catch (error) {
    // A dimension that a moment ago the table had.
    throw error instanceof ColumnNotFoundError ? unsteadyColumnsError(1, error) : error;
  }
  return assembler.finish();
}
