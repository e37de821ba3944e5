import {
  compilePackedSelect,
  coversSchema,
  MAX_ROW_SPAN_MS,
  PackedAnswerError,
  RowFormatError,
  type CompiledPackedSelect,
  type PackedLayout,
  type PackedSelectOptions,
  type TableSchema,
} from '@timestream-prometheus/timestream-translator';
import { ConnectorError } from '../../errors/connector-error.js';
import { probeSchema } from '../list-series.js';
import type { ReadContext, Selection } from '../read-context.js';
import type { PackingFault } from './packing.js';

/** A packed answer must not be used. Rows give the right one. */
export class UnusablePackedAnswer extends Error {
  override readonly name = 'UnusablePackedAnswer';
  /** Null: only this answer is concerned. */
  readonly fault: PackingFault | 'order' | null;

  constructor(fault: PackingFault | 'order' | null, cause: unknown) {
    super('a packed answer cannot be used', { cause });
    this.fault = fault;
  }
}

/** Bins were answered otherwise than their rows say. */
export class DifferentBins extends Error {
  override readonly name = 'DifferentBins';
}

/** A row of a series with a sample each millisecond is below the megabyte in ten seconds. */
const LEAST_ROW_SPAN_MS = 10_000;

export type Statement = Extract<CompiledPackedSelect, { kind: 'filter' }> & { readonly schema: TableSchema };

/** Equal for the same matchers: what an answer shows of a selector is remembered under it. */
export function selectorText({ query }: Selection): string {
  return JSON.stringify(query.matchers.map(({ name, type, value }) => [name, type, value]));
}

export function rangeMsOf({ query: { startTimestampMs, endTimestampMs } }: Selection): number {
  return Number(endTimestampMs - startTimestampMs);
}

/** How a selection is asked for, from one attempt to the next. */
export class PackedQuestion {
  readonly #selection: Selection;
  readonly #context: ReadContext;
  #shape: Pick<PackedSelectOptions, 'isOrdered' | 'newestOnly' | 'bins'>;
  readonly selector: string;
  #maxRowSpanMs: number | undefined;
  /** Whether the last statement asked for some samples of each bin only. */
  #areBinsAsked = false;

  constructor(selection: Selection, shape: Pick<PackedSelectOptions, 'isOrdered' | 'newestOnly' | 'bins'>, context: ReadContext) {
    this.#selection = selection;
    this.#shape = shape;
    this.#context = context;
    this.selector = selectorText(selection);
  }

  /** The statement for the columns as they are known now; null if there is nothing to ask for; `columns-changed` if that was only believed. */
  async compile(): Promise<Statement | null | 'columns-changed'> {
    const { config, schema: remembered, packing } = this.#context;
    const known = remembered.current;
    const schema = known ?? (await probeSchema(this.#context));
    const groupColumns = packing.columnsOf(this.selector);
    const { bins, ...shape } = this.#shape;
    this.#areBinsAsked = bins !== undefined && shape.newestOnly !== true && packing.bins.isWorthAsking(this.selector, bins);
    const select = compilePackedSelect({
      ...this.#selection,
      ...shape,
      ...(this.#areBinsAsked ? { bins } : {}),
      ...(packing.areStepsTrusted && packing.steps.isWorthAsking(this.selector, rangeMsOf(this.#selection))
        ? {}
        : { leavesTimesOut: false }),
      database: config.defaultDatabase,
      table: config.defaultTable,
      regexPushdown: config.regexPushdown,
      schema,
      ...(this.#maxRowSpanMs === undefined ? {} : { maxRowSpanMs: this.#maxRowSpanMs }),
      ...(groupColumns === undefined ? {} : { groupColumns }),
    });
    if (select.kind === 'filter') return { ...select, schema };
    if (select.labelsAssumedAbsent.size === 0 || known === null) return null;
    return coversSchema(known, await probeSchema(this.#context)) ? null : 'columns-changed';
  }

  /** What an answer to a statement has shown. */
  learn({ bins, newestOnly }: Pick<PackedLayout, 'bins' | 'newestOnly'>, columns: ReadonlySet<string>, points: number): void {
    const { packing } = this.#context;
    packing.rememberColumns(this.selector, columns);
    if (bins === null && !newestOnly) packing.steps.learn(this.selector, rangeMsOf(this.#selection), points);
  }

  /**
   * What a failure means for the next attempt.
   *
   * @returns when the question is to be asked again, in the way that it has meanwhile been changed to
   * @throws UnusablePackedAnswer if another attempt is of no use; and the failure, if it has nothing to do with packing
   */
  async learnFrom(failure: unknown, { schema, layout }: Pick<Statement, 'schema' | 'layout'>): Promise<void> {
    const { packing, schema: remembered } = this.#context;
    // Maybe only what leaves the times out is to blame, and without that the answer is packed all the same.
    if (layout.leavesTimesOut && isFaultOfAnswer(failure)) {
      packing.distrustSteps(failure, layout);
      return;
    }
    if (failure instanceof PackedAnswerError && failure.fault === 'not-newest') {
      this.#shape = { ...this.#shape, newestOnly: false };
      return;
    }
    if (failure instanceof PackedAnswerError && failure.fault === 'unsure-bins') {
      packing.bins.learnUnsure(this.selector);
      this.#leaveBins();
      return;
    }
    if (failure instanceof DifferentBins) {
      packing.distrustBins(failure);
      this.#leaveBins();
      return;
    }
    if (failure instanceof PackedAnswerError) {
      const { fault } = failure;
      if (fault === 'waiting' || fault === 'not-newest' || fault === 'unsure-bins') throw new UnusablePackedAnswer(null, failure);
      if (fault !== 'other-columns') throw new UnusablePackedAnswer(fault, failure);
      packing.forgetColumns(this.selector);
      return;
    }
    if (failure instanceof RowFormatError) throw new UnusablePackedAnswer('malformed', failure);
    if (!(failure instanceof ConnectorError)) throw failure;
    if (failure.code === 'malformed-answer') throw new UnusablePackedAnswer('malformed', failure);
    if (failure.code === 'timestream-refused-query') {
      // The statement sets `SELECT *` beside the columns that it names, so it is refused as soon as there are others.
      remembered.forget();
      const { columns } = await probeSchema(this.#context);
      if (columns.length === schema.columns.length && columns.every((name, index) => name === schema.columns[index])) {
        if (layout.leavesTimesOut) {
          packing.distrustSteps(failure, layout);
          return;
        }
        if (!this.#areBinsAsked) throw new UnusablePackedAnswer('refused', failure);
        // Maybe only what bins need is refused.
        packing.distrustBins(failure);
        this.#leaveBins();
      }
      return;
    }
    if (failure.code !== 'query-failed') throw failure;
    // API model, Query: a row above 1 MB fails the query.
    const rowSpanMs = Math.min(this.#maxRowSpanMs ?? MAX_ROW_SPAN_MS, MAX_ROW_SPAN_MS);
    if (!/max page response size/i.test(failure.message) || rowSpanMs <= LEAST_ROW_SPAN_MS) throw new UnusablePackedAnswer(null, failure);
    this.#maxRowSpanMs = Math.max(LEAST_ROW_SPAN_MS, Math.floor(rowSpanMs / 16));
  }

  #leaveBins(): void {
    const { bins: _bins, ...shape } = this.#shape;
    this.#shape = shape;
  }
}

/** What an answer shows that is not what was asked for. */
function isFaultOfAnswer(failure: unknown): boolean {
  if (failure instanceof UnusablePackedAnswer) return failure.fault === 'different';
  if (failure instanceof PackedAnswerError) return failure.fault === 'incomplete';
  return failure instanceof RowFormatError || (failure instanceof ConnectorError && failure.code === 'malformed-answer');
}
