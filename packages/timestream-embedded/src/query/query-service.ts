import type { DuckDBConnection } from '@duckdb/node-api';
import { createHash } from 'node:crypto';
import { performance } from 'node:perf_hooks';

import type { EmbeddedClock } from '../clock.js';
import type { FaultInjector } from '../fault-injector.js';
import type { ServerBounds, TimestreamLimits } from '../limits.js';
import { ServiceError, validationError } from '../service-error.js';
import type { BucketFolder } from '../schedule/bucket-folder.js';
import { checkUnload, unload } from '../schedule/unload.js';
import {
  compileStatement,
  executionError,
  SqlError,
  type ColumnInfo,
  type CompileOptions,
  type CompiledStatement,
  type QueryParameters,
  type Row,
  type UnloadStatement,
} from '../sql/engine.js';
import { StatementMemory } from '../sql/statement-memory.js';
import type { CatalogView } from '../store/catalog-view.js';
import type { Store } from '../store/store.js';
import type { UsageCounters } from '../usage-counters.js';
import { randomBase32 } from '../wire/request-id.js';
import { ClientTokens } from './client-tokens.js';
import { CursorRegistry } from './cursor-registry.js';
import { QueryCursor } from './query-cursor.js';
import { measureReads, type FinishedInsights } from './query-insights.js';
import { describeColumns } from './result-pages.js';
import { QuerySlots } from './query-slots.js';
import { createListedRows, DuckdbRows, type RowSource } from './row-source.js';

/** `Query` as the API model has it. */
export interface QueryInput {
  readonly QueryString: string;
  readonly ClientToken?: string;
  readonly NextToken?: string;
  readonly MaxRows?: number;
  readonly QueryInsights?: { readonly Mode: 'ENABLED_WITH_RATE_CONTROL' | 'DISABLED' };
}

export interface QueryServiceOptions {
  readonly store: Store;
  readonly clock: EmbeddedClock;
  readonly limits: TimestreamLimits;
  readonly bounds: ServerBounds;
  readonly faults: FaultInjector;
  readonly usage: UsageCounters;
  /** Where UNLOAD writes to. */
  readonly buckets: BucketFolder;
  /** How a table is named in insights. */
  readonly arnOf: (databaseName: string, tableName: string) => string;
}

/** Runs statements and hands their results out in pages. */
export class QueryService {
  readonly #options: QueryServiceOptions;
  readonly #cursors: CursorRegistry;
  readonly #clientTokens: ClientTokens;
  readonly #slots: QuerySlots;
  readonly #statements = new StatementMemory();
  #lastInsightsMs = -Infinity;

  constructor(options: QueryServiceOptions) {
    const { clock, limits, bounds } = options;
    this.#options = options;
    this.#cursors = new CursorRegistry(clock, limits, bounds);
    this.#clientTokens = new ClientTokens(clock, bounds.maxRememberedClientTokens);
    this.#slots = new QuerySlots(bounds.maxConcurrentQueries, bounds.maxWaitingQueries);
  }

  /** @returns the answer as JSON text: a page may be a megabyte, and its rows are text already. */
  async query(principal: string, input: QueryInput, signal: AbortSignal): Promise<string> {
    this.#checkLength(input.QueryString);
    if (input.NextToken !== undefined) return this.#nextPage(principal, input.QueryString, input.NextToken);
    if (input.ClientToken !== undefined) {
      const fingerprint = createHash('sha256')
        .update(`${input.MaxRows ?? ''}/${input.QueryString}`)
        .digest('base64');
      this.#clientTokens.check(principal, input.ClientToken, fingerprint);
    }
    if (input.QueryInsights?.Mode === 'ENABLED_WITH_RATE_CONTROL') this.admitInsights();
    return this.#slots.run(() => this.#firstPage(principal, input, signal));
  }

  /**
   * Counts a query with insights. The pages of its result are not counted again. What is counted is real time, whatever the server's clock says.
   *
   * @throws {ServiceError} ThrottlingException when there was one less than a second ago.
   */
  admitInsights(): void {
    const nowMs = performance.now();
    if (nowMs - this.#lastInsightsMs < 1000 / this.#options.limits.maxInsightsQueriesPerSecond)
      throw new ServiceError('ThrottlingException', 'Rate exceeded: queries with QueryInsights are limited to 1 a second.');
    this.#lastInsightsMs = nowMs;
  }

  cancel(queryId: string): object {
    const cursor = this.#cursors.byId(queryId);
    if (cursor === undefined || cursor.state === 'finished' || cursor.state === 'failed') {
      throw validationError(`There is no running query with the id ${queryId}.`);
    }
    return cursor.cancel() ? {} : { CancellationMessage: `The query ${queryId} has been cancelled already.` };
  }

  /** All rows of a statement at once, for a server's own use; `parameters` stand for `@name`. @throws {ServiceError} */
  rows(
    queryString: string,
    parameters: QueryParameters,
    insights = false,
  ): Promise<{ readonly columns: readonly ColumnInfo[]; readonly rows: readonly Row[]; readonly insights?: FinishedInsights }> {
    this.#checkLength(queryString);
    return this.#slots.run(async () => {
      const source = await this.#open(queryString, new AbortController().signal, { parameters, insights }).catch((error: unknown) => {
        throw serviceErrorOf(error);
      });
      try {
        const { rows, bytes } = await this.#collect(source);
        const measured = source.insights && { ...source.insights, OutputRows: rows.length, OutputBytes: bytes };
        return { columns: source.columns, rows, ...(measured && { insights: measured }) };
      } catch (error) {
        throw serviceErrorOf(error);
      } finally {
        source.close();
      }
    });
  }

  /** What a statement would answer, without running it. @param parameters  default: their types are to be found. */
  prepare(queryString: string, parameters: QueryParameters = 'infer'): object {
    this.#checkLength(queryString);
    const statement = this.#compile(queryString, this.#catalog(), { parameters });
    if (statement.kind === 'rows') return { QueryString: queryString, Columns: statement.columns, Parameters: [] };
    const { columns, namedParameters } = statement.query;
    describeColumns(columns, this.#options.limits);
    return { QueryString: queryString, Columns: columns, Parameters: namedParameters };
  }

  close(): void {
    this.#cursors.closeAll();
  }

  async #firstPage(principal: string, input: QueryInput, signal: AbortSignal): Promise<string> {
    const { limits, usage, faults } = this.#options;
    const identity = { queryId: randomBase32(15), principal, queryString: input.QueryString, maxRows: input.MaxRows };
    const source = await this.#open(input.QueryString, signal, { insights: input.QueryInsights?.Mode === 'ENABLED_WITH_RATE_CONTROL' });
    let cursor: QueryCursor;
    try {
      cursor = new QueryCursor(identity, source, limits, usage);
      this.#cursors.add(cursor);
    } catch (error) {
      source.close();
      throw error;
    }
    try {
      const answer = await cursor.nextAnswer(faults.pageFaults, () => this.#cursors.issueToken(cursor), signal);
      if (cursor.state === 'finished') this.#cursors.remove(cursor);
      return answer;
    } catch (error) {
      this.#cursors.remove(cursor);
      throw serviceErrorOf(error);
    }
  }

  async #nextPage(principal: string, queryString: string, nextToken: string): Promise<string> {
    const { cursor, token } = this.#cursors.useToken(nextToken, principal, queryString);
    // Two uses of a token at the same time are answered by the same page.
    token.answer ??= this.#slots.run(() => cursor.nextAnswer(this.#options.faults.pageFaults, () => this.#cursors.issueToken(cursor)));
    try {
      return await token.answer;
    } catch (error) {
      // A page that had no turn can still be fetched; one that failed is gone for good.
      if (error instanceof ServiceError && error.code === 'ThrottlingException') token.answer = undefined;
      throw serviceErrorOf(error);
    }
  }

  /** Compiles and starts the statement; once more if a table it names was deleted in between. */
  async #open(queryString: string, signal: AbortSignal, options: CompileOptions): Promise<RowSource> {
    try {
      return await this.#start(queryString, signal, options);
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('Catalog Error')) throw serviceErrorOf(error);
    }
    try {
      return await this.#start(queryString, signal, options);
    } catch (error) {
      throw serviceErrorOf(error);
    }
  }

  async #start(queryString: string, signal: AbortSignal, options: CompileOptions): Promise<RowSource> {
    const catalog = this.#catalog();
    const statement = this.#compile(queryString, catalog, options);
    // Before the database has planned for more columns than an answer can name.
    if (statement.kind === 'query') describeColumns(statement.query.columns, this.#options.limits);
    if (statement.kind === 'query' && statement.unload !== undefined) checkUnload(statement.unload);
    if (statement.kind === 'rows')
      return createListedRows(statement.columns, statement.rows, options.insights === true ? { QueryTableCount: 0 } : undefined);
    const { tableReads } = statement;
    const measure = tableReads && ((connection: DuckDBConnection) => measureReads(tableReads, connection, this.#options.arnOf));
    const { store } = this.#options;
    const source = new DuckdbRows(await store.connect(), statement.query, (connection) => store.release(connection));
    const interrupt = (): void => source.interrupt();
    let isLate = false as boolean;
    const timer = setTimeout(() => {
      isLate = true;
      source.interrupt();
    }, this.#options.limits.maxQueryCallMs);
    signal.addEventListener('abort', interrupt);
    try {
      await source.start(catalog.preparations, measure);
      return statement.unload === undefined ? source : await this.#unloaded(statement.unload, source);
    } catch (error) {
      source.close();
      if (isLate)
        throw new ServiceError(
          'QueryExecutionException',
          `The query did not give a page within ${this.#options.limits.maxQueryCallMs / 1000} seconds.`,
        );
      throw error;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', interrupt);
    }
  }

  /** Writes all rows of the source into the bucket; the answer is where they are. */
  async #unloaded(statement: UnloadStatement, source: RowSource): Promise<RowSource> {
    const { rows } = await this.#collect(source);
    source.close();
    const { columns, rows: listed, ...written } = await unload(statement, rows, this.#options.buckets);
    return createListedRows(columns, listed, source.insights && { ...source.insights, ...written });
  }

  /** All rows of a result that is needed whole. A statement of a few words can have more of them than there is memory. */
  async #collect(source: RowSource): Promise<{ readonly rows: readonly Row[]; readonly bytes: number }> {
    const { maxCollectedBytes } = this.#options.bounds;
    const rows: Row[] = [];
    let bytes = 0;
    for (let row = await source.next(); row !== undefined; row = await source.next()) {
      bytes += row.bytes;
      if (bytes > maxCollectedBytes)
        throw new ServiceError(
          'QueryExecutionException',
          `The result has more than the ${maxCollectedBytes} bytes that are collected here.`,
        );
      rows.push(JSON.parse(row.json) as Row);
    }
    return { rows, bytes };
  }

  #catalog(): CatalogView {
    const { store, clock, faults } = this.#options;
    return store.catalog({ nowMs: clock.nowMs(), hiddenAgeMs: faults.hiddenAgeMs });
  }

  #compile(queryString: string, catalog: CatalogView, options: CompileOptions): CompiledStatement {
    try {
      const nowNs = BigInt(Math.floor(this.#options.clock.nowMs())) * 1_000_000n;
      const clock = { nowNs: () => nowNs };
      const { answerFaults: faults, hiddenAgeMs } = this.#options.faults;
      const isPlain = options.parameters === undefined && options.insights !== true && Object.keys(faults).length === 0;
      if (isPlain && hiddenAgeMs === 0) return this.#statements.compile(queryString, catalog, clock);
      return compileStatement(queryString, catalog, clock, { ...options, faults });
    } catch (error) {
      throw serviceErrorOf(error);
    }
  }

  #checkLength(queryString: string): void {
    const { maxQueryStringBytes } = this.#options.limits;
    if (Buffer.byteLength(queryString) > maxQueryStringBytes)
      throw validationError(`The query string is longer than ${maxQueryStringBytes} bytes.`);
  }
}

/** What the statement is to blame for, in Timestream's terms; anything else stays what it is. */
function serviceErrorOf(error: unknown): unknown {
  if (error instanceof SqlError) return new ServiceError(error.kind, error.message, { cause: error });
  if (error instanceof ServiceError) return error;
  const known = executionError(error);
  return known === undefined ? error : new ServiceError(known.kind, known.message, { cause: error });
}
