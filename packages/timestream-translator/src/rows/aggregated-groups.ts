import { compareUtf8, type Label } from '@timestream-prometheus/prom-codec';
import { METRIC_NAME_LABEL } from '../model/layout.js';
import { decodeMeasureName } from '../names/measure-name.js';
import type { QueryPage, Row } from '../model/record.js';
import type { AggregationLayout } from '../sql/compile-aggregation.js';
import { PackedAnswerError } from './packed-answer-error.js';
import { RowFormatError } from './row-format-error.js';

/** The answer of one group. */
export interface AggregatedGroup {
  /** Sorted, none empty. */
  readonly labels: readonly Label[];
  /** At which place its first series stands, if that was asked for. */
  readonly rank: number;
  /** Ascending, from 0. */
  readonly steps: readonly number[];
  /** One for each step. */
  readonly values: readonly number[];
  /** How many series it has at each step, added up. */
  readonly seriesCount: number;
}

/** Behind the labels: rank, points, unsure rows, rows with other labels, inexact doubles, the points themselves. */
const FURTHER_COLUMNS = 6;

const WORDS: ReadonlyMap<string, number> = new Map([
  ['P', Infinity],
  ['M', -Infinity],
  ['N', NaN],
]);

/**
 * The groups of a page of an answer to `compileAggregation`.
 *
 * @throws PackedAnswerError if the answer shows by itself that it is not to be used
 * @throws RowFormatError if the page is not what was asked for
 */
export function* readAggregatedGroups(
  { ColumnInfo, Rows }: QueryPage,
  layout: AggregationLayout,
): Generator<AggregatedGroup, void, undefined> {
  const columnCount = layout.labels.length + FURTHER_COLUMNS;
  if (ColumnInfo.length !== columnCount) {
    throw new RowFormatError(`Timestream answered an aggregation with ${ColumnInfo.length} columns, ${columnCount} were asked for`);
  }
  for (const row of Rows) {
    const group = readGroup(row, layout);
    if (group.steps.length > 0) yield group;
  }
}

function readGroup({ Data = [] }: Row, { labels, aggregation }: AggregationLayout): AggregatedGroup {
  const textAt = (index: number): string => Data[index]?.ScalarValue ?? '';
  const [rank, pointCount, unsure, others, inexact] = [0, 1, 2, 3, 4].map((offset) => wholeNumber(textAt(labels.length + offset))) as [number, number, number, number, number]; // oxfmt-ignore
  if (others > 0) throw new PackedAnswerError('other-columns', `${others} rows have a label in a column that was not asked for`);
  if (unsure > 0)
    throw new PackedAnswerError('unsure-bins', 'the columns do not say which series there are, or which sample of one counts');
  if (inexact > 0) throw new PackedAnswerError('inexact', 'the text of a double does not give the same double');
  const found = labels
    .map((name, index) => ({ name, value: name === METRIC_NAME_LABEL ? decodeMeasureName(textAt(index)) : textAt(index) }))
    .filter(({ value }) => value !== '');
  const points = textAt(labels.length + 5)
    .split(';')
    .slice(0, -1)
    .map((text) => readPoint(text, aggregation.operator, aggregation.steps))
    .sort((left, right) => left.step - right.step);
  if (points.length !== pointCount || points.some(({ step }, index) => step === points[index - 1]?.step)) {
    throw new PackedAnswerError('incomplete', `a group of ${pointCount} points holds ${points.length}`);
  }
  return {
    labels: found.sort((left, right) => compareUtf8(left.name, right.name)),
    rank,
    steps: points.map(({ step }) => step),
    values: points.map(({ value }) => value),
    seriesCount: points.reduce((sum, { count }) => sum + count, 0),
  };
}

function readPoint(
  text: string,
  operator: string,
  steps: number,
): { readonly step: number; readonly count: number; readonly value: number } {
  const [stepText = '', countText = '', valueText, ...more] = text.split(':');
  const [step, count] = [wholeNumber(stepText), wholeNumber(countText)];
  const hasValue = operator === 'min' || operator === 'max';
  if (step >= steps || count === 0 || more.length > 0 || hasValue !== (valueText !== undefined)) refuse(text);
  if (valueText === undefined) return { step, count, value: operator === 'group' ? 1 : count };
  if (valueText === 'Z') throw new PackedAnswerError('unsure-bins', 'there are 0 and -0, and which of the two counts depends on the order');
  const value = WORDS.get(valueText) ?? (/^-?\d/.test(valueText) ? Number(valueText) : undefined);
  if (value === undefined || (Number.isNaN(value) && valueText !== 'N')) refuse(text);
  return { step, count, value };
}

function refuse(text: string): never {
  throw new RowFormatError(`Timestream answered an aggregation with points that are none: ${JSON.stringify(text.slice(0, 40))}`);
}

function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new RowFormatError(`Timestream answered an aggregation with ${JSON.stringify(text)} for a count`);
  return Number(text);
}
