import {
  compileAggregation,
  PackedAnswerError,
  ReadLimitError,
  readAggregatedGroups,
  RowFormatError,
  type AggregatedGroup,
  type SampleAggregation,
  type TableSchema,
} from '@timestream-prometheus/timestream-translator';
import { ColumnNotFoundError, ConnectorError } from '../../errors/connector-error.js';
import { METRICS } from '../../metrics/metric-catalogue.js';
import type { AnswerTally } from '../answer-tally.js';
import { AGGREGATED_POINT_BYTES } from '../bytes-held.js';
import { probeSchema } from '../list-series.js';
import type { ReadContext, Selection } from '../read-context.js';
import { readPages } from '../read-pages.js';
import { selectorText } from './packed-statement.js';

/** For columns that are new, and for labels that the selector did not have before. */
const MAX_ATTEMPTS = 4;

/**
 * The groups of an aggregation, computed by Timestream.
 *
 * @returns null if they cannot be had that way, or are not worth it: then the series have to be read. Why has been noted.
 * @throws ConnectorError, ReadLimitError
 */
export async function readAggregated(
  selection: Selection,
  aggregation: SampleAggregation,
  tally: AnswerTally,
  context: ReadContext,
): Promise<readonly AggregatedGroup[] | null> {
  const { packing } = context;
  const selector = selectorText(selection);
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
    if (!packing.isOn || !packing.aggregations.isWorthAsking(selector, aggregation)) return null;
    if (attempt > 1) context.metrics.add(METRICS.readQueryReruns, 1);
    const schema = context.schema.current ?? (await probeAgain(context));
    if (schema === null) return null;
    try {
      const groups = await readOnce(selection, aggregation, selector, schema, tally, context);
      if (groups !== null) packing.aggregations.learn(selector, aggregation, countsOf(groups));
      return groups;
    } catch (failure) {
      if ((await learnFrom(failure, selector, schema, context)) === 'give-up') return null;
    }
  }
  return null;
}

async function readOnce(
  selection: Selection,
  aggregation: SampleAggregation,
  selector: string,
  schema: TableSchema,
  tally: AnswerTally,
  context: ReadContext,
): Promise<readonly AggregatedGroup[] | null> {
  const { config, packing, memory } = context;
  const groupColumns = packing.columnsOf(selector);
  const compiled = compileAggregation({
    ...selection,
    aggregation,
    schema,
    database: config.defaultDatabase,
    table: config.defaultTable,
    regexPushdown: config.regexPushdown,
    ...(groupColumns === undefined ? {} : { groupColumns }),
  });
  if (compiled.kind === 'impossible') return null;
  const groups: AggregatedGroup[] = [];
  let points = 0;
  const held = memory.hold();
  try {
    await readPages(compiled.sql, context, async (page) => {
      for (const group of readAggregatedGroups(page, compiled.layout)) {
        groups.push(group);
        points += group.steps.length;
      }
      tally.assertRoomFor({ series: groups.length, samples: points });
      await held.set(AGGREGATED_POINT_BYTES * points);
      return 'next' as const;
    });
  } finally {
    held.end();
  }
  return groups.sort((left, right) => left.rank - right.rank);
}

/** The columns of the table; null if it was never written to. */
async function probeAgain(context: ReadContext): Promise<TableSchema | null> {
  const schema = await probeSchema(context);
  return schema.columns.length === 0 ? null : schema;
}

function countsOf(groups: readonly AggregatedGroup[]): { readonly points: number; readonly series: number } {
  return {
    points: groups.reduce((sum, { steps }) => sum + steps.length, 0),
    series: groups.reduce((sum, { seriesCount }) => sum + seriesCount, 0),
  };
}

/** @throws the failure if series could not be read either */
async function learnFrom(failure: unknown, selector: string, schema: TableSchema, context: ReadContext): Promise<'again' | 'give-up'> {
  const { packing, schema: remembered } = context;
  if (failure instanceof ReadLimitError) throw failure;
  if (failure instanceof ColumnNotFoundError) {
    remembered.forget();
    return 'again';
  }
  if (failure instanceof PackedAnswerError) {
    if (failure.fault === 'other-columns') {
      packing.forgetColumns(selector);
      return 'again';
    }
    if (failure.fault === 'unsure-bins' || failure.fault === 'inexact') packing.aggregations.learnUnsure(selector);
    else packing.distrustAggregations(failure);
    return 'give-up';
  }
  if (failure instanceof RowFormatError) {
    packing.distrustAggregations(failure);
    return 'give-up';
  }
  if (!(failure instanceof ConnectorError)) throw failure;
  if (failure.code === 'malformed-answer') {
    packing.distrustAggregations(failure);
    return 'give-up';
  }
  if (failure.code === 'timestream-refused-query') {
    // The statement sets `SELECT *` beside the columns that it names, so it is refused as soon as there are others.
    remembered.forget();
    const { columns } = await probeSchema(context);
    if (columns.length !== schema.columns.length || !columns.every((name, index) => name === schema.columns[index])) return 'again';
    packing.distrustAggregations(failure);
    return 'give-up';
  }
  if (failure.code !== 'query-failed') throw failure;
  // API model, Query: a row above 1 MB fails the query, and so may what an aggregation takes of Timestream.
  packing.aggregations.learnUnsure(selector);
  return 'give-up';
}
