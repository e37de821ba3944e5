import type { PageFaults } from '../fault-injector.js';
import type { TimestreamLimits } from '../limits.js';
import { ServiceError } from '../service-error.js';
import type { UsageCounters } from '../usage-counters.js';
import { encodeJsonBody } from '../wire/json-body.js';
import type { FinishedInsights } from './query-insights.js';
import { ResultPages } from './result-pages.js';
import type { RowSource } from './row-source.js';

export interface CursorIdentity {
  readonly queryId: string;
  readonly principal: string;
  readonly queryString: string;
  readonly maxRows: number | undefined;
}

/** A token that was handed out, and the page that using it gives: the same one however often it is used. */
export interface IssuedToken {
  readonly text: string;
  readonly issuedMs: number;
  uses: number;
  answer: Promise<string> | undefined;
}

/** Recorded answers show this for every query that reads a table, however little. */
const minMeteredBytes = 10_000_000;

/** A query whose result is not fetched to its end yet, or whose last page may still be asked for again. */
export class QueryCursor {
  readonly identity: CursorIdentity;
  /** The current token, and the one before it until the current one is used. */
  readonly tokens: IssuedToken[] = [];
  readonly #source: RowSource;
  readonly #pages: ResultPages;
  readonly #limits: TimestreamLimits;
  readonly #usage: UsageCounters;
  #pagesServed = 0;
  #rowsServed = 0;
  #scannedBytes = 0;
  #meteredBytes = 0;
  #state: 'open' | 'finished' | 'cancelled' | 'failed' = 'open';
  #failure: 'timeout' | 'cancel' | 'abort' | undefined;
  isBusy = false;
  lastUsedMs = 0;

  constructor(identity: CursorIdentity, source: RowSource, limits: TimestreamLimits, usage: UsageCounters) {
    this.identity = identity;
    this.#source = source;
    this.#limits = limits;
    this.#usage = usage;
    this.#pages = new ResultPages(source, limits);
    this.#meteredBytes = source.isMetered ? minMeteredBytes : 0;
    usage.countQuery(this.#meteredBytes);
  }

  get state(): 'open' | 'finished' | 'cancelled' | 'failed' {
    return this.#state;
  }

  /**
   * Fetches the next page as the text of its answer.
   *
   * @param issueToken  called when there are more pages.
   * @throws {ServiceError} ConflictException after a cancel, QueryExecutionException when the call takes too long.
   */
  async nextAnswer(faults: PageFaults, issueToken: () => string, signal?: AbortSignal): Promise<string> {
    if (this.#state === 'cancelled') throw cancelledError();
    const interrupt = (reason: 'timeout' | 'abort') => (): void => {
      this.#failure ??= reason;
      this.#source.interrupt();
    };
    const timer = setTimeout(interrupt('timeout'), this.#limits.maxQueryCallMs);
    const abort = interrupt('abort');
    signal?.addEventListener('abort', abort);
    this.isBusy = true;
    try {
      const { maxRows } = this.identity;
      const page = await this.#pages.next(maxRows ?? this.#limits.maxRowsPerPage, maxRows !== undefined, faults);
      this.#throwFailure();
      this.#count(page.rows.length, page.bytes);
      if (page.isLast) {
        this.#state = 'finished';
        this.#source.close();
      }
      const token = page.isLast ? '' : `"NextToken":${JSON.stringify(issueToken())},`;
      const rows = page.rows.map(({ json }) => json).join(',');
      return `{"QueryId":"${this.identity.queryId}",${token}"Rows":[${rows}],"ColumnInfo":${this.#pages.columnsJson},"QueryStatus":${this.#status()}${this.#insights()}}`;
    } catch (error) {
      if (this.#state === 'open') this.#state = 'failed';
      this.#source.close();
      this.#throwFailure(error);
      throw error;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      this.isBusy = false;
    }
  }

  /** @returns false if it was cancelled before. */
  cancel(): boolean {
    if (this.#state === 'cancelled') return false;
    this.#state = 'cancelled';
    this.#failure ??= 'cancel';
    if (this.isBusy) this.#source.interrupt();
    else this.#source.close();
    return true;
  }

  /** Gives the connection back; a call that is under way fails. */
  close(): void {
    if (this.isBusy) this.#source.interrupt();
    else this.#source.close();
  }

  #throwFailure(cause?: unknown): void {
    if (this.#failure === 'cancel') throw cancelledError();
    if (this.#failure === 'timeout') {
      throw new ServiceError(
        'QueryExecutionException',
        `The query did not give a page within ${this.#limits.maxQueryCallMs / 1000} seconds.`,
        { cause },
      );
    }
    if (this.#failure === 'abort') throw new ServiceError('QueryExecutionException', 'The client went away.', { cause });
  }

  #count(rows: number, bytes: number): void {
    this.#pagesServed += 1;
    this.#rowsServed += rows;
    this.#scannedBytes += bytes;
    this.#usage.countPage(rows, bytes);
    if (this.#source.isMetered && this.#scannedBytes > this.#meteredBytes) {
      this.#usage.countMetered(this.#scannedBytes - this.#meteredBytes);
      this.#meteredBytes = this.#scannedBytes;
    }
  }

  /** On the last page only: no earlier one knows how many rows there are. */
  #insights(): string {
    const { insights } = this.#source;
    if (insights === undefined || this.#state !== 'finished') return '';
    // A page counts the comma behind a row, too.
    const finished: FinishedInsights = { ...insights, OutputRows: this.#rowsServed, OutputBytes: this.#scannedBytes - this.#rowsServed };
    return `,"QueryInsightsResponse":${encodeJsonBody(finished)}`;
  }

  #status(): string {
    // How far an unfinished result is cannot be known; it only ever grows.
    const progress = this.#state === 'finished' ? 100 : 100 - 100 / this.#pagesServed;
    const scanned = this.#source.isMetered ? this.#scannedBytes : 0;
    return JSON.stringify({ ProgressPercentage: progress, CumulativeBytesScanned: scanned, CumulativeBytesMetered: this.#meteredBytes });
  }
}

/** API model, ConflictException: polling the results of a cancelled query. */
function cancelledError(): ServiceError {
  return new ServiceError('ConflictException', 'The query was cancelled; its results cannot be fetched.');
}
