import type { EmbeddedClock } from '../clock.js';
import type { EmbeddedLogger } from '../logger.js';
import type { FinishedInsights, UnloadInsights } from '../query/query-insights.js';
import type { QueryService } from '../query/query-service.js';
import type { BucketFolder } from '../schedule/bucket-folder.js';
import { recordsOfRows } from '../schedule/records-of-rows.js';
import { parseSchedule } from '../schedule/schedule-expression.js';
import { ServiceError } from '../service-error.js';
import type { QueryParameters } from '../sql/engine.js';
import { parseModel, type ModelValue } from '../wire/model-shape.js';
import { randomBase32 } from '../wire/request-id.js';
import { parseRecords } from '../write/parse-records.js';
import type { OperationContext } from './database-operations.js';
import { namePage } from './name-page.js';
import { requireTable } from './resource.js';
import { scheduledQueryShapes as shapes } from './scheduled-query-shapes.js';

type Definition = ModelValue<(typeof shapes)['CreateScheduledQuery']>;

interface Run {
  readonly InvocationTime: number;
  readonly TriggerTime: number;
  readonly RunStatus: `${'AUTO' | 'MANUAL'}_TRIGGER_${'SUCCESS' | 'FAILURE'}`;
  readonly ExecutionStats: { readonly ExecutionTimeInMillis: number; readonly RecordsIngested: number; readonly QueryResultRows: number };
  readonly ErrorReportLocation?: { readonly S3ReportLocation: { readonly BucketName: string; readonly ObjectKey: string } };
  readonly FailureReason?: string;
  readonly QueryInsightsResponse?: ScheduledInsights;
}

/** Beside a result that goes to a table there is nothing that UNLOAD wrote. */
type ScheduledInsights = Omit<FinishedInsights, keyof UnloadInsights>;

interface Written {
  readonly rows: number;
  readonly records: number;
  readonly insights?: ScheduledInsights;
}

interface ScheduledQuery {
  readonly arn: string;
  readonly definition: Definition;
  readonly createdMs: number;
  state: 'ENABLED' | 'DISABLED';
  previousMs?: number;
  nextMs?: number;
  lastRun?: Run;
  failedRuns: readonly Run[];
}

export interface ScheduledQueriesOptions {
  readonly context: OperationContext;
  readonly queries: QueryService;
  readonly clock: EmbeddedClock;
  readonly buckets: BucketFolder;
  readonly logger: EmbeddedLogger;
}

const keyPrefix = 'scheduled-query/';
const maxFailedRuns = 5;

/** Scheduled queries: kept in the file, run when their time has come, their results written to the table that they name. */
export class ScheduledQueries {
  readonly #options: ScheduledQueriesOptions;
  readonly #byArn = new Map<string, ScheduledQuery>();
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(options: ScheduledQueriesOptions) {
    this.#options = options;
  }

  /** Reads what the file has, and starts to look at the clock. */
  async start(): Promise<void> {
    for (const stored of await this.#options.context.store.settings.list(keyPrefix)) {
      const query = stored as ScheduledQuery;
      this.#byArn.set(query.arn, query);
    }
    this.#timer = setInterval(() => void this.runDue(), 200);
    this.#timer.unref();
  }

  /** Runs what is due now, one after another; the promise is for who wants to wait for it. */
  runDue(): Promise<void> {
    const nowMs = this.#options.clock.nowMs();
    for (const query of this.#byArn.values()) {
      const { nextMs } = query;
      if (query.state !== 'ENABLED' || nextMs === undefined || nextMs > nowMs) continue;
      this.#plan(query, nowMs);
      this.#running = this.#running.then(() => this.#run(query, nextMs, 'AUTO'));
    }
    return this.#running;
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
  }

  /** Forgets all, for a reset. */
  async clear(): Promise<void> {
    await this.#running;
    this.#byArn.clear();
    await this.#options.context.store.settings.remove(keyPrefix);
  }

  async create(body: unknown): Promise<object> {
    const definition = parseModel(shapes.CreateScheduledQuery, body);
    const { context, clock, queries } = this.#options;
    const known = [...this.#byArn.values()].find((query) => query.definition.Name === definition.Name);
    if (known !== undefined) {
      if (definition.ClientToken !== undefined && known.definition.ClientToken === definition.ClientToken) return { Arn: known.arn };
      throw new ServiceError('ConflictException', `A scheduled query with the name ${definition.Name} already exists.`);
    }
    // What is wrong with the statement or the target is said now and not at the first run.
    queries.prepare(definition.QueryString, runtimeParameter(clock.nowMs()));
    const target = definition.TargetConfiguration?.TimestreamConfiguration;
    if (target !== undefined) requireTable(context.store, target.DatabaseName, target.TableName);
    const { region, accountId } = context.account;
    const arn = `arn:aws:timestream:${region}:${accountId}:scheduled-query/${definition.Name}-${randomBase32(10).toLowerCase()}`;
    const query: ScheduledQuery = { arn, definition, createdMs: clock.nowMs(), state: 'ENABLED', failedRuns: [] };
    this.#plan(query, clock.nowMs());
    this.#byArn.set(arn, query);
    await this.#save(query);
    if (definition.Tags !== undefined) await context.store.tags.put(arn, definition.Tags);
    return { Arn: arn };
  }

  has(arn: string): boolean {
    return this.#byArn.has(arn);
  }

  describe(body: unknown): object {
    const query = this.#require(parseModel(shapes.Named, body).ScheduledQueryArn);
    const { definition, lastRun, failedRuns } = query;
    // Tags have an operation of their own, and a token is for the client that sent it.
    const described = { ...definition, Tags: undefined, ClientToken: undefined };
    return {
      ScheduledQuery: { ...described, ...summary(query), ...(lastRun && { LastRunSummary: lastRun }), RecentlyFailedRuns: failedRuns },
    };
  }

  list(body: unknown): object {
    const input = parseModel(shapes.ListScheduledQueries, body);
    const { items, ...token } = namePage([...this.#byArn.values()], ({ arn }) => arn, input.MaxResults ?? 1000, input.NextToken);
    const listed = items.map((query) => {
      const { ErrorReportConfiguration, TargetConfiguration } = query.definition;
      const target = TargetConfiguration?.TimestreamConfiguration;
      return {
        ...summary(query),
        ErrorReportConfiguration,
        ...(target && { TargetDestination: { TimestreamDestination: { DatabaseName: target.DatabaseName, TableName: target.TableName } } }),
        ...(query.lastRun && { LastRunStatus: query.lastRun.RunStatus }),
      };
    });
    return { ScheduledQueries: listed, ...token };
  }

  async update(body: unknown): Promise<object> {
    const { ScheduledQueryArn, State } = parseModel(shapes.UpdateScheduledQuery, body);
    const query = this.#require(ScheduledQueryArn);
    query.state = State;
    this.#plan(query, this.#options.clock.nowMs());
    await this.#save(query);
    return {};
  }

  async delete(body: unknown): Promise<object> {
    const { arn } = this.#require(parseModel(shapes.Named, body).ScheduledQueryArn);
    this.#byArn.delete(arn);
    const { store } = this.#options.context;
    await store.settings.remove(keyPrefix + arn);
    await store.tags.removeAll(arn);
    return {};
  }

  /** Runs it now, as of the time that is given; answers when it has run. */
  async execute(body: unknown): Promise<object> {
    const { ScheduledQueryArn, InvocationTime, QueryInsights } = parseModel(shapes.ExecuteScheduledQuery, body);
    const query = this.#require(ScheduledQueryArn);
    const insights = QueryInsights?.Mode === 'ENABLED_WITH_RATE_CONTROL';
    if (insights) this.#options.queries.admitInsights();
    await this.#run(query, InvocationTime * 1000, 'MANUAL', insights);
    return {};
  }

  #require(arn: string): ScheduledQuery {
    const query = this.#byArn.get(arn);
    if (query === undefined) throw new ServiceError('ResourceNotFoundException', `The scheduled query ${arn} does not exist.`);
    return query;
  }

  #plan(query: ScheduledQuery, afterMs: number): void {
    const nextMs = parseSchedule(query.definition.ScheduleConfiguration.ScheduleExpression, query.createdMs)(afterMs);
    if (nextMs === undefined || query.state === 'DISABLED') delete query.nextMs;
    else query.nextMs = nextMs;
  }

  async #run(query: ScheduledQuery, invocationMs: number, trigger: 'AUTO' | 'MANUAL', asksInsights = false): Promise<void> {
    const { clock, logger } = this.#options;
    const startedMs = performance.now();
    const base = { InvocationTime: invocationMs / 1000, TriggerTime: clock.nowMs() / 1000 };
    const stats = { ExecutionTimeInMillis: 0, RecordsIngested: 0, QueryResultRows: 0 };
    let failure: string | undefined;
    let measured: ScheduledInsights | undefined;
    try {
      const { rows, records, insights } = await this.#write(query, invocationMs, asksInsights);
      measured = insights;
      stats.QueryResultRows = rows;
      stats.RecordsIngested = records;
    } catch (error) {
      failure = error instanceof Error ? error.message : String(error);
    }
    stats.ExecutionTimeInMillis = Math.round(performance.now() - startedMs);
    const report = failure === undefined ? undefined : await this.#report(query, invocationMs, failure);
    const run: Run = {
      ...base,
      RunStatus: `${trigger}_TRIGGER_${failure === undefined ? 'SUCCESS' : 'FAILURE'}`,
      ExecutionStats: stats,
      ...(report && { ErrorReportLocation: { S3ReportLocation: report } }),
      ...(failure === undefined ? {} : { FailureReason: failure }),
      ...(measured && { QueryInsightsResponse: measured }),
    };
    query.lastRun = run;
    query.previousMs = invocationMs;
    if (failure !== undefined) query.failedRuns = [run, ...query.failedRuns].slice(0, maxFailedRuns);
    if (this.#byArn.get(query.arn) === query) await this.#save(query);
    // In place of a message to the topic.
    const { TopicArn } = query.definition.NotificationConfiguration.SnsConfiguration;
    logger.warn(
      { topic: TopicArn, type: `${trigger}_TRIGGER_${failure === undefined ? 'SUCCESS' : 'FAILURE'}`, arn: query.arn, run },
      'A scheduled query has run',
    );
  }

  async #write({ definition, arn }: ScheduledQuery, invocationMs: number, asksInsights: boolean): Promise<Written> {
    const { queries, context, clock } = this.#options;
    const answer = await queries.rows(definition.QueryString, runtimeParameter(invocationMs), asksInsights);
    const { columns, rows } = answer;
    const insights = answer.insights && { insights: answer.insights };
    const target = definition.TargetConfiguration?.TimestreamConfiguration;
    if (target === undefined || rows.length === 0) return { rows: rows.length, records: 0, ...insights };
    const table = requireTable(context.store, target.DatabaseName, target.TableName);
    // A later run replaces what an earlier one has written for the same time.
    const records = recordsOfRows(columns, rows, target, Math.max(1, Math.floor(clock.nowMs())));
    const outcome = await context.store.write(table, parseRecords({ ...target, Records: records }, context.limits));
    const [rejected] = outcome.rejected;
    if (rejected !== undefined)
      throw new Error(
        `${outcome.rejected.length} of ${records.length} records of ${arn} were rejected, the first because: ${rejected.Reason}`,
      );
    return { rows: rows.length, records: records.length, ...insights };
  }

  /** The error report as a file in the bucket's folder; undefined where there are no buckets. */
  async #report(
    query: ScheduledQuery,
    invocationMs: number,
    reason: string,
  ): Promise<{ BucketName: string; ObjectKey: string } | undefined> {
    const { BucketName, ObjectKeyPrefix } = query.definition.ErrorReportConfiguration.S3Configuration;
    if (!this.#options.buckets.isThere) return undefined;
    const prefix = ObjectKeyPrefix === undefined ? '' : `${ObjectKeyPrefix}/`;
    const ObjectKey = `${prefix}${query.definition.Name}/${new Date(invocationMs).toISOString()}/error-report.json`;
    const report = { reportId: randomBase32(26), reason, scheduledQuery: query.arn };
    await this.#options.buckets.write(BucketName, ObjectKey, JSON.stringify(report, undefined, 2));
    return { BucketName, ObjectKey };
  }

  #save(query: ScheduledQuery): Promise<void> {
    return this.#options.context.store.settings.put(keyPrefix + query.arn, query);
  }
}

/** `@scheduled_runtime`: the time that a run is for. */
function runtimeParameter(invocationMs: number): QueryParameters {
  return new Map([['scheduled_runtime', { type: 'timestamp', value: BigInt(Math.floor(invocationMs)) * 1_000_000n }]]);
}

function summary({ arn, definition, createdMs, state, previousMs, nextMs }: ScheduledQuery): object {
  return {
    Arn: arn,
    Name: definition.Name,
    CreationTime: createdMs / 1000,
    State: state,
    ...(previousMs === undefined ? {} : { PreviousInvocationTime: previousMs / 1000 }),
    ...(nextMs === undefined ? {} : { NextInvocationTime: nextMs / 1000 }),
  };
}
