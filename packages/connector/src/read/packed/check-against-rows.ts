import {
  answersOfBins,
  compileDoubleProbe,
  compilePackedSelect,
  compileSeriesSelect,
  isExactDoubleProbe,
  pointsOfPackedRow,
  pointsOfRows,
  readPackedRows,
  type PackedLayout,
  type PackedRow,
  type PhysicalPoint,
  PackedAnswerError,
  type PhysicalSeries,
  type QueryPage,
  type TableSchema,
} from '@timestream-prometheus/timestream-translator';
import { ConnectorError } from '../../errors/connector-error.js';
import { runTogether } from '../../concurrency/run-together.js';
import type { ReadContext } from '../read-context.js';
import { readPages } from '../read-pages.js';
import { DifferentBins, UnusablePackedAnswer, type Statement } from './packed-statement.js';

/** Series of which a piece is read again, and points of each piece: some thousands of bytes. */
const CHECKED_SERIES = 4;
const CHECKED_POINTS = 25;

/** A difference counts when both ways, asked again at the same time, still differ: samples may arrive in between. */
const REPETITIONS = 2;

/** A piece of one physical series. */
interface Slice {
  readonly series: PhysicalSeries;
  readonly startTimestampMs: bigint;
  readonly endTimestampMs: bigint;
  readonly points: readonly PhysicalPoint[];
}

/**
 * Reads some pieces of a packed answer again, as rows, and compares them bit for bit; and has Timestream write some doubles that are hard to
 * write.
 *
 * @param page of the answer, with rows
 * @throws DifferentBins if some samples of each bin were asked for, and those are others than rows give
 * @throws UnusablePackedAnswer `different` if they differ and go on to; with null if only this answer does
 * @throws ConnectorError if Timestream could not be asked
 */
export async function checkAgainstRows(page: QueryPage, { layout, schema }: Statement, context: ReadContext): Promise<void> {
  const slices = slicesOf(page, layout, schema);
  const [first] = slices;
  if (first === undefined) {
    context.packing.postponeCheck(layout);
    return;
  }
  const { bins } = layout;
  const isSameSlice = async (slice: Slice, signal: AbortSignal): Promise<boolean> => {
    const ofSlice = { ...context, signal };
    if (bins === null) return isSame(slice.points, expectedOf(await readRows(slice, ofSlice), slice, layout));
    return (await compareOnce(slice, { layout, schema }, ofSlice)) !== false;
  };
  const [isExact, ...areEqual] = await runTogether(
    [
      async (signal) => areDoublesExact(first, { ...context, signal }),
      ...slices.map((slice) => async (signal: AbortSignal) => isSameSlice(slice, signal)),
    ],
    context.signal,
  );
  if (isExact !== true)
    throw new UnusablePackedAnswer('inexact', new Error('the text of a double that is hard to write reads as another one'));
  for (const [index, slice] of slices.entries()) {
    if (areEqual[index] !== true) await compareAgain(slice, { layout, schema }, context);
  }
  context.packing.passCheck();
}

async function compareAgain(slice: Slice, { layout, schema }: Pick<Statement, 'layout' | 'schema'>, context: ReadContext): Promise<never> {
  for (let repetition = 1; repetition <= REPETITIONS; repetition += 1) {
    if ((await compareOnce(slice, { layout, schema }, context)) !== false) {
      context.packing.postponeCheck(layout);
      throw new UnusablePackedAnswer(null, new Error('the samples of the checked slice changed while they were read'));
    }
  }
  if (layout.bins !== null) throw new DifferentBins(`bins of ${slice.series.measureName} hold other samples than its rows`);
  throw new UnusablePackedAnswer('different', new Error(`a slice of ${slice.series.measureName} has other points when it is read as rows`));
}

/** Both ways of the slice, asked at the same time; null if it cannot be asked in bins any more. */
async function compareOnce(slice: Slice, statement: Pick<Statement, 'layout' | 'schema'>, context: ReadContext): Promise<boolean | null> {
  const { bins } = statement.layout;
  try {
    const [packed = [], rows = []] = await runTogether(
      [(signal) => readPacked(slice, statement, { ...context, signal }), (signal) => readRows(slice, { ...context, signal })],
      context.signal,
    );
    if (bins === null) return isSame(packed, rows);
    return isEqual(answersOfBins(packed, bins, bins.need === 'count'), answersOfBins(rows, bins, false));
  } catch (error) {
    if (error instanceof PackedAnswerError && error.fault === 'unsure-bins') return null;
    throw error;
  }
}

function isEqual(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((text, index) => text === right[index]);
}

/** Rows of different names first: they may lie in different columns. */
function slicesOf(page: QueryPage, layout: PackedLayout, schema: TableSchema): readonly Slice[] {
  const byName = new Map<string, PackedRow>();
  const others: PackedRow[] = [];
  for (const row of readPackedRows(page, layout)) {
    if (byName.has(row.measureName)) others.push(row);
    else byName.set(row.measureName, row);
    if (byName.size >= CHECKED_SERIES) break;
  }
  return [...byName.values(), ...others].slice(0, CHECKED_SERIES).flatMap((row) => {
    const all = pointsOfPackedRow(row);
    const [firstPoint] = all;
    const points = all.filter(({ isHistogram }) => isHistogram === firstPoint?.isHistogram);
    const lastPoint = points[Math.min(points.length, CHECKED_POINTS) - 1];
    if (firstPoint === undefined || lastPoint === undefined) return [];
    const values = new Map(row.dimensions);
    return [
      {
        series: {
          measureName: row.measureName,
          dimensions: [...schema.dimensions].map((name) => [name, values.get(name) ?? null] as const),
          labels: [],
          rowCount: points.length,
          firstMs: firstPoint.timeMs,
          lastMs: lastPoint.timeMs,
        },
        startTimestampMs: BigInt(firstPoint.timeMs),
        endTimestampMs: BigInt(lastPoint.timeMs),
        points: points.filter(({ timeMs }) => timeMs <= lastPoint.timeMs),
      },
    ];
  });
}

function isSame(left: readonly PhysicalPoint[], right: readonly PhysicalPoint[]): boolean {
  return isEqual(textsOf(left), textsOf(right));
}

function textsOf(points: readonly PhysicalPoint[]): readonly string[] {
  return points.map(({ text }) => text).sort();
}

/** What a packed answer of this layout has of the rows of a slice. */
function expectedOf(rows: readonly PhysicalPoint[], { points }: Slice, { newestOnly }: PackedLayout): readonly PhysicalPoint[] {
  // Numbers and histograms of one series stand in different packed rows, and a slice is of one of them.
  const ofKind = rows.filter(({ isHistogram }) => isHistogram === points[0]?.isHistogram);
  if (!newestOnly) return ofKind;
  const newest = Math.max(...ofKind.map(({ rank }) => rank));
  return ofKind.filter(({ rank }) => rank === newest);
}

async function readRows({ series, startTimestampMs, endTimestampMs }: Slice, context: ReadContext): Promise<readonly PhysicalPoint[]> {
  const { defaultDatabase: database, defaultTable: table } = context.config;
  const points: PhysicalPoint[] = [];
  for (const { sql } of compileSeriesSelect({ query: { startTimestampMs, endTimestampMs }, database, table, series: [series] })) {
    await readPages(sql, context, (page) => {
      points.push(...pointsOfRows(page));
      return 'next';
    });
  }
  return points;
}

async function readPacked(
  { series, startTimestampMs, endTimestampMs }: Slice,
  { layout: { bins, leavesTimesOut }, schema }: Pick<Statement, 'layout' | 'schema'>,
  context: ReadContext,
): Promise<readonly PhysicalPoint[]> {
  const { defaultDatabase: database, defaultTable: table, regexPushdown } = context.config;
  const select = compilePackedSelect({
    query: { startTimestampMs, endTimestampMs },
    matchers: [],
    ...{ database, table, schema, regexPushdown },
    series: [series],
    leavesTimesOut,
    ...(bins === null ? {} : { bins }),
  });
  if (select.kind === 'nothing') return [];
  const points: PhysicalPoint[] = [];
  await readPages(select.sql, context, (page) => {
    for (const row of readPackedRows(page, select.layout)) points.push(...pointsOfPackedRow(row));
    return 'next';
  });
  return points;
}

/** A statement with doubles that Timestream does not take or cannot answer is as bad as a wrong answer. */
async function areDoublesExact({ series, startTimestampMs, endTimestampMs }: Slice, context: ReadContext): Promise<boolean> {
  const { defaultDatabase: database, defaultTable: table } = context.config;
  let isExact = true;
  try {
    await readPages(
      compileDoubleProbe({ query: { startTimestampMs, endTimestampMs }, database, table, series: [series] }),
      context,
      (page) => {
        isExact &&= isExactDoubleProbe(page);
        return 'next';
      },
    );
  } catch (error) {
    if (!(error instanceof ConnectorError) || (error.code !== 'timestream-refused-query' && error.code !== 'query-failed')) throw error;
    return false;
  }
  return isExact;
}
