import type { PageFaults } from '../fault-injector.js';
import type { TimestreamLimits } from '../limits.js';
import { ServiceError, validationError } from '../service-error.js';
import type { ColumnInfo } from '../sql/engine.js';
import type { EncodedRow, RowSource } from './row-source.js';

export interface ResultPage {
  readonly rows: readonly EncodedRow[];
  readonly bytes: number;
  readonly isLast: boolean;
}

/** Room in a page for everything but its rows and columns. */
const envelopeBytes = 4096;

/** @throws {ServiceError} when the columns alone are more than an answer may describe. */
export function describeColumns(columns: readonly ColumnInfo[], { maxResultMetadataBytes }: TimestreamLimits): string {
  const json = JSON.stringify(columns);
  const bytes = Buffer.byteLength(json);
  if (bytes > maxResultMetadataBytes)
    throw validationError(`The result's columns take ${bytes} bytes to describe; ${maxResultMetadataBytes} are allowed.`);
  return json;
}

/** Cuts a result into pages of at most 1 MB and at most as many rows as asked for. */
export class ResultPages {
  readonly columnsJson: string;
  readonly #source: RowSource;
  readonly #maxRowBytes: number;
  readonly #ready: ResultPage[] = [];
  #carry: EncodedRow | undefined;
  #isStarted = false;

  /** @throws {ServiceError} when the columns alone are more than an answer may describe. */
  constructor(source: RowSource, limits: TimestreamLimits) {
    this.#source = source;
    this.columnsJson = describeColumns(source.columns, limits);
    const columnBytes = Buffer.byteLength(this.columnsJson);
    this.#maxRowBytes = limits.maxPageBytes - columnBytes - envelopeBytes;
  }

  /**
   * @param maxRows  rows per page
   * @param isMaxRowsGiven  by the client: then the first page is empty unless it is all of the result (API model, Query MaxRows:
   *   "otherwise, the initial invocation of Query only returns a NextToken").
   */
  async next(maxRows: number, isMaxRowsGiven: boolean, faults: PageFaults): Promise<ResultPage> {
    const ready = this.#ready.shift();
    if (ready !== undefined) return ready;
    const page = await this.#cut(Math.min(maxRows, faults.maxRowsPerPage ?? maxRows));
    const isHeldBack = !this.#isStarted && isMaxRowsGiven && !page.isLast;
    this.#isStarted = true;
    const emptyPages = page.rows.length === 0 ? 0 : Math.max(faults.emptyPages ?? 0, isHeldBack ? 1 : 0);
    if (emptyPages === 0) return page;
    const empty: ResultPage = { rows: [], bytes: 0, isLast: false };
    for (let index = 1; index < emptyPages; index += 1) this.#ready.push(empty);
    this.#ready.push(page);
    return empty;
  }

  async #cut(maxRows: number): Promise<ResultPage> {
    const rows: EncodedRow[] = [];
    let bytes = 0;
    let row = this.#carry ?? (await this.#source.next());
    this.#carry = undefined;
    while (row !== undefined && rows.length < maxRows) {
      if (row.bytes > this.#maxRowBytes) {
        throw new ServiceError(
          'QueryExecutionException',
          'Query aborted as max page response size has been exceeded by the output result row',
        );
      }
      // One byte for the comma.
      if (bytes + row.bytes + 1 > this.#maxRowBytes && rows.length > 0) break;
      rows.push(row);
      bytes += row.bytes + 1;
      row = await this.#source.next();
    }
    this.#carry = row;
    return { rows, bytes, isLast: row === undefined };
  }
}
