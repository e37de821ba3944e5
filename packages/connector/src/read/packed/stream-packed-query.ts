import { compareLabels, type Label, type TimeSeries } from '@timestream-prometheus/prom-codec';
import {
  createOrderedAssembler,
  MEASURE_NAME_COLUMN,
  TIME_COLUMN,
  type PackedSelectOptions,
} from '@timestream-prometheus/timestream-translator';
import { ColumnNotFoundError, ConnectorError } from '../../errors/connector-error.js';
import { METRICS } from '../../metrics/metric-catalogue.js';
import type { AnswerTally } from '../answer-tally.js';
import { ASSEMBLED_SAMPLE_BYTES, bytesOfSeries } from '../bytes-held.js';
import type { ReadContext, Selection } from '../read-context.js';
import type { SeriesBatch } from '../series-batch.js';
import { streamPages } from '../stream-pages.js';
import { unsteadyColumnsError } from '../with-current-columns.js';
import { checkAgainstRows } from './check-against-rows.js';
import { columnsWithValues } from './columns-with-values.js';
import { PackedQuestion, UnusablePackedAnswer, type Statement } from './packed-statement.js';
import { giveUpPacking, pointsOf } from './run-packed-query.js';

const MAX_ATTEMPTS = 8;

/** `rows`: the series after these labels, or all of them, have to be read as rows. */
export type StreamEnd = { readonly kind: 'whole' } | { readonly kind: 'rows'; readonly after: readonly Label[] | null };

/**
 * The series that one query selects, in the order of their labels, each page as it is read: nothing is read twice, and nothing before it is
 * asked for. When the columns of the table change on the way, the question is asked again and goes on behind the series that were given.
 *
 * @throws ConnectorError, ReadLimitError
 */
export async function* streamPackedQuery(
  selection: Selection,
  tally: AnswerTally,
  context: ReadContext,
  shape: Pick<PackedSelectOptions, 'newestOnly' | 'bins'> = {},
): AsyncGenerator<SeriesBatch, StreamEnd, undefined> {
  const question = new PackedQuestion(selection, { ...shape, isOrdered: true }, context);
  let after: readonly Label[] | null = null;
  let missing: ColumnNotFoundError | undefined;
  const maxAttempts = selection.matchers.length + MAX_ATTEMPTS;
  for (let attempt = 1; attempt <= maxAttempts; attempt += 1) {
    if (attempt > 1) context.metrics.add(METRICS.readQueryReruns, 1);
    let statement: Statement | null = null;
    try {
      const compiled = await question.compile();
      if (compiled === 'columns-changed') continue;
      if (compiled === null) return { kind: 'whole' };
      statement = compiled;
      for await (const batch of runStatement(statement, question, selection, tally, context)) {
        const timeseries = skipUpTo(after, batch.timeseries);
        after = timeseries.at(-1)?.labels ?? after;
        tally.add(timeseries);
        yield { ...batch, timeseries };
      }
      return { kind: 'whole' };
    } catch (failure) {
      if (failure instanceof ColumnNotFoundError) {
        if (failure.column === TIME_COLUMN || failure.column === MEASURE_NAME_COLUMN) return { kind: 'whole' };
        missing = failure;
        context.schema.forget();
        continue;
      }
      if (statement === null) throw failure;
      try {
        await question.learnFrom(failure, statement);
      } catch (unusable) {
        giveUpPacking(unusable, context);
        // What was given is whole, but what is left out of the order cannot be found any more.
        if (after !== null && unusable instanceof UnusablePackedAnswer && unusable.fault === 'order') {
          throw new ConnectorError(
            'malformed-answer',
            'Query: series came in another order than asked for; the next read sorts them itself',
            {
              cause: unusable,
            },
          );
        }
        return { kind: 'rows', after };
      }
    }
  }
  throw unsteadyColumnsError(maxAttempts, missing);
}

async function* runStatement(
  statement: Statement,
  question: PackedQuestion,
  { query, matchers }: Selection,
  tally: AnswerTally,
  context: ReadContext,
): AsyncGenerator<SeriesBatch, void, undefined> {
  const { packing, config } = context;
  const assembler = createOrderedAssembler(
    {
      matchers,
      startMs: query.startTimestampMs,
      endMs: query.endTimestampMs,
      limits: tally.left,
      maxWaitingSamples: config.streamBufferSamples,
    },
    statement.layout,
  );
  const columns = new Set<string>();
  const areCounts = statement.layout.bins?.need === 'count';
  let isFirst = true;
  let points = 0;
  const counted = (timeseries: readonly TimeSeries[]): readonly TimeSeries[] => {
    points += pointsOf(timeseries);
    return timeseries;
  };
  const rememberAnswer = (): void => {
    question.learn(statement.layout, columns, points);
    if (statement.layout.bins !== null) packing.bins.learn(question.selector, statement.layout.bins, assembler.rowCounts);
  };
  const held = context.memory.hold();
  try {
    for await (const page of streamPages(statement.sql, context, matchers)) {
      const whole = assembler.addPage(page);
      columnsWithValues(page, statement.layout, columns);
      await held.set(ASSEMBLED_SAMPLE_BYTES * assembler.heldSamples + bytesOfSeries(whole));
      if (isFirst && page.Rows.length > 0) {
        isFirst = false;
        if (packing.takeCheck(statement.layout)) await checkAgainstRows(page, statement, context);
      }
      if (page.isLast === true) {
        const timeseries = counted([...whole, ...assembler.finish()]);
        rememberAnswer();
        yield { timeseries, isLast: true, areCounts };
        return;
      }
      if (whole.length > 0) yield { timeseries: counted(whole), isLast: false, areCounts };
    }
    const timeseries = counted(assembler.finish());
    rememberAnswer();
    yield { timeseries, isLast: true, areCounts };
  } finally {
    held.end();
  }
}

/** Series that have been given already are left out. */
function skipUpTo(after: readonly Label[] | null, timeseries: readonly TimeSeries[]): readonly TimeSeries[] {
  return after === null ? timeseries : timeseries.filter(({ labels }) => compareLabels(labels, after) > 0);
}
