import { gunzipSync } from 'node:zlib';
import type { EmbeddedClock } from '../clock.js';
import type { BucketFolder } from '../schedule/bucket-folder.js';
import { parseCsv } from '../schedule/csv.js';
import { recordsOfRows, type AttributeMapping, type RecordMapping } from '../schedule/records-of-rows.js';
import { ServiceError, validationError } from '../service-error.js';
import type { ColumnInfo, Row } from '../sql/engine.js';
import { parseModel, structure, type ModelValue } from '../wire/model-shape.js';
import { randomBase32 } from '../wire/request-id.js';
import { parseRecords } from '../write/parse-records.js';
import type { WireRecord } from '../write/record.js';
import type { OperationContext } from './database-operations.js';
import { namePage } from './name-page.js';
import { requireTable } from './resource.js';

const name = { type: 'string', min: 1 } as const;
const scalarType = { type: 'string', values: ['DOUBLE', 'BIGINT', 'BOOLEAN', 'VARCHAR', 'TIMESTAMP'] } as const;
const attributes = {
  type: 'list',
  min: 1,
  member: structure({ SourceColumn: name, TargetMultiMeasureAttributeName: name, MeasureValueType: scalarType }, 'SourceColumn'),
} as const;
const bucket = { type: 'string', min: 3, max: 63 } as const;

const createShape = structure(
  {
    ClientToken: { type: 'string', min: 1, max: 64 },
    DataModelConfiguration: structure({
      DataModel: structure(
        {
          TimeColumn: name,
          TimeUnit: { type: 'string', values: ['MILLISECONDS', 'SECONDS', 'MICROSECONDS', 'NANOSECONDS'] },
          DimensionMappings: { type: 'list', min: 1, member: structure({ SourceColumn: name, DestinationColumn: name }) },
          MultiMeasureMappings: structure(
            { TargetMultiMeasureName: name, MultiMeasureAttributeMappings: attributes },
            'MultiMeasureAttributeMappings',
          ),
          MixedMeasureMappings: {
            type: 'list',
            min: 1,
            member: structure(
              {
                MeasureName: name,
                SourceColumn: name,
                TargetMeasureName: name,
                MeasureValueType: { type: 'string', values: ['DOUBLE', 'BIGINT', 'BOOLEAN', 'VARCHAR', 'TIMESTAMP', 'MULTI'] },
                MultiMeasureAttributeMappings: attributes,
              },
              'MeasureValueType',
            ),
          },
          MeasureNameColumn: name,
        },
        'DimensionMappings',
      ),
      DataModelS3Configuration: structure({ BucketName: bucket, ObjectKey: name }),
    }),
    DataSourceConfiguration: structure(
      {
        DataSourceS3Configuration: structure({ BucketName: bucket, ObjectKeyPrefix: { type: 'string', max: 1024 } }, 'BucketName'),
        CsvConfiguration: structure({
          ColumnSeparator: { type: 'string', min: 1, max: 1 },
          EscapeChar: { type: 'string', min: 1, max: 1 },
          QuoteChar: { type: 'string', min: 1, max: 1 },
          NullValue: { type: 'string', min: 1, max: 256 },
          TrimWhiteSpace: { type: 'boolean' },
        }),
        DataFormat: { type: 'string', values: ['CSV'] },
      },
      'DataSourceS3Configuration',
      'DataFormat',
    ),
    ReportConfiguration: structure({
      ReportS3Configuration: structure({ BucketName: bucket, ObjectKeyPrefix: name }, 'BucketName'),
    }),
    TargetDatabaseName: name,
    TargetTableName: name,
    RecordVersion: { type: 'long' },
  },
  'DataSourceConfiguration',
  'ReportConfiguration',
  'TargetDatabaseName',
  'TargetTableName',
);
const namedShape = structure({ TaskId: { type: 'string', min: 3, max: 32 } }, 'TaskId');
const listShape = structure({
  NextToken: { type: 'string' },
  MaxResults: { type: 'integer', min: 1, max: 100 },
  TaskStatus: { type: 'string' },
});

type Definition = ModelValue<typeof createShape>;

/** DOUBLE where a mapping does not say (API model, MeasureValueType). */
const withTypes = (list: ModelValue<typeof attributes>): AttributeMapping[] =>
  list.map((each) => ({ ...each, MeasureValueType: each.MeasureValueType ?? 'DOUBLE' }));

interface Task {
  readonly id: string;
  readonly definition: Definition;
  readonly createdMs: number;
  updatedMs: number;
  status: 'CREATED' | 'IN_PROGRESS' | 'SUCCEEDED' | 'FAILED';
  error?: string;
  processed: number;
  ingested: number;
  rejected: number;
}

const recordsPerWrite = 5_000;
const maxTasks = 1_000;

/** Batch load from the folder that stands for S3. Tasks are remembered until the server stops. */
export class BatchLoads {
  readonly #context: OperationContext;
  readonly #buckets: BucketFolder;
  readonly #clock: EmbeddedClock;
  readonly #tasks = new Map<string, Task>();
  #running: Promise<void> = Promise.resolve();

  constructor(context: OperationContext, buckets: BucketFolder, clock: EmbeddedClock) {
    this.#context = context;
    this.#buckets = buckets;
    this.#clock = clock;
  }

  create(body: unknown): object {
    const definition = parseModel(createShape, body);
    requireTable(this.#context.store, definition.TargetDatabaseName, definition.TargetTableName);
    if (!this.#buckets.isThere)
      throw validationError('A batch load reads from a folder that stands for S3: start the server with --buckets-dir or --data-dir.');
    if (this.#tasks.size >= maxTasks)
      throw new ServiceError('ServiceQuotaExceededException', `There are ${maxTasks} batch load tasks already.`);
    const nowMs = this.#clock.nowMs();
    const id = randomBase32(26);
    const task: Task = { id, definition, createdMs: nowMs, updatedMs: nowMs, status: 'CREATED', processed: 0, ingested: 0, rejected: 0 };
    this.#tasks.set(id, task);
    this.#running = this.#running.then(() => this.#run(task));
    return { TaskId: id };
  }

  describe(body: unknown): object {
    const { TaskId } = parseModel(namedShape, body);
    const task = this.#tasks.get(TaskId);
    if (task === undefined) throw new ServiceError('ResourceNotFoundException', `The batch load task ${TaskId} does not exist.`);
    const { definition, error, processed, ingested, rejected } = task;
    const { DataModelConfiguration, DataSourceConfiguration, ReportConfiguration, TargetDatabaseName, TargetTableName } = definition;
    const described = { DataModelConfiguration, DataSourceConfiguration, ReportConfiguration, TargetDatabaseName, TargetTableName };
    return {
      BatchLoadTaskDescription: {
        ...described,
        ...summary(task),
        ...(error === undefined ? {} : { ErrorMessage: error }),
        ProgressReport: {
          RecordsProcessed: processed,
          RecordsIngested: ingested,
          ParseFailures: 0,
          RecordIngestionFailures: rejected,
          FileFailures: 0,
          BytesMetered: 0,
        },
      },
    };
  }

  list(body: unknown): object {
    const { MaxResults, NextToken, TaskStatus } = parseModel(listShape, body);
    const tasks = [...this.#tasks.values()].filter(({ status }) => TaskStatus === undefined || status === TaskStatus);
    const { items, ...token } = namePage(tasks, ({ id }) => id, MaxResults ?? 100, NextToken);
    return { BatchLoadTasks: items.map(summary), ...token };
  }

  /** Waits for what runs. */
  async stop(): Promise<void> {
    await this.#running;
  }

  async #run(task: Task): Promise<void> {
    task.status = 'IN_PROGRESS';
    try {
      await this.#load(task);
      task.status = task.rejected > 0 ? 'FAILED' : 'SUCCEEDED';
      if (task.rejected > 0) task.error = `${task.rejected} records were rejected; see the report.`;
    } catch (error) {
      task.status = 'FAILED';
      task.error = error instanceof Error ? error.message : String(error);
    }
    task.updatedMs = this.#clock.nowMs();
  }

  async #load(task: Task): Promise<void> {
    const { definition } = task;
    const model = await this.#model(definition);
    const { DataSourceS3Configuration: source, CsvConfiguration: csv = {} } = definition.DataSourceConfiguration;
    const keys = await this.#buckets.list(source.BucketName, source.ObjectKeyPrefix ?? '');
    if (keys.length === 0) throw new Error(`There is no file s3://${source.BucketName}/${source.ObjectKeyPrefix ?? ''}*.`);
    const format = { separator: csv.ColumnSeparator ?? ',', quote: csv.QuoteChar ?? '"', escape: csv.EscapeChar ?? csv.QuoteChar ?? '"' };
    const reasons: object[] = [];
    for (const key of keys) {
      const bytes = await this.#buckets.read(source.BucketName, key);
      const text = (key.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8').replace(/^\ufeff/, '');
      const [header = [], ...lines] = parseCsv(text, format);
      const columns = header.map((Name): ColumnInfo => ({ Name: Name.trim(), Type: { ScalarType: 'VARCHAR' } }));
      const rows = lines.map((cells): Row => ({
        Data: header.map((_, index) => {
          const cell = csv.TrimWhiteSpace === true ? cells[index]?.trim() : cells[index];
          return cell === undefined || cell === '' || cell === csv.NullValue ? { NullValue: true } : { ScalarValue: cell };
        }),
      }));
      task.processed += rows.length;
      await this.#store(task, recordsOfRows(columns, rows, model.mapping, Number(definition.RecordVersion ?? 1), model.unit), reasons);
    }
    const { ReportS3Configuration: report } = definition.ReportConfiguration;
    if (reasons.length > 0 && report !== undefined) {
      const prefix = report.ObjectKeyPrefix === undefined ? '' : `${report.ObjectKeyPrefix}/`;
      await this.#buckets.write(report.BucketName, `${prefix}${task.id}/ingestion-failures.json`, JSON.stringify(reasons, undefined, 2));
    }
  }

  async #store(task: Task, records: readonly WireRecord[], reasons: object[]): Promise<void> {
    const { store, limits } = this.#context;
    const { TargetDatabaseName: DatabaseName, TargetTableName: TableName } = task.definition;
    const table = requireTable(store, DatabaseName, TableName);
    for (let start = 0; start < records.length; start += recordsPerWrite) {
      const Records = records.slice(start, start + recordsPerWrite);
      const outcome = await store.write(table, parseRecords({ DatabaseName, TableName, Records }, limits));
      task.ingested += Records.length - outcome.rejected.length;
      task.rejected += outcome.rejected.length;
      reasons.push(...outcome.rejected.slice(0, 100).map(({ RecordIndex, Reason }) => ({ record: start + RecordIndex, reason: Reason })));
    }
  }

  /** From the request, or from a file in a bucket. */
  async #model({ DataModelConfiguration: given }: Definition): Promise<{ mapping: RecordMapping; unit: WireRecord['TimeUnit'] }> {
    const location = given?.DataModelS3Configuration;
    const text = location?.BucketName === undefined ? undefined : await this.#buckets.read(location.BucketName, location.ObjectKey ?? '');
    const model =
      text === undefined
        ? given?.DataModel
        : parseModel(structure({ DataModel: createShape.members.DataModelConfiguration.members.DataModel }, 'DataModel'), {
            DataModel: JSON.parse(text.toString('utf8')) as unknown,
          }).DataModel;
    if (model === undefined) throw validationError('A batch load needs a DataModel.');
    const { MultiMeasureMappings: multi, MixedMeasureMappings: mixed } = model;
    return {
      unit: model.TimeUnit ?? 'MILLISECONDS',
      mapping: {
        TimeColumn: model.TimeColumn ?? 'time',
        DimensionMappings: model.DimensionMappings.map(({ SourceColumn = '', DestinationColumn }) => ({
          Name: DestinationColumn ?? SourceColumn,
          Source: SourceColumn,
        })),
        ...(model.MeasureNameColumn === undefined ? {} : { MeasureNameColumn: model.MeasureNameColumn }),
        ...(multi === undefined
          ? {}
          : { MultiMeasureMappings: { ...multi, MultiMeasureAttributeMappings: withTypes(multi.MultiMeasureAttributeMappings) } }),
        ...(mixed === undefined
          ? {}
          : {
              MixedMeasureMappings: mixed.map(({ MultiMeasureAttributeMappings: list, ...each }) => ({
                ...each,
                ...(list === undefined ? {} : { MultiMeasureAttributeMappings: withTypes(list) }),
              })),
            }),
      },
    };
  }
}

function summary({ id, definition, createdMs, updatedMs, status }: Task): object {
  return {
    TaskId: id,
    TaskStatus: status,
    DatabaseName: definition.TargetDatabaseName,
    TableName: definition.TargetTableName,
    CreationTime: createdMs / 1000,
    LastUpdatedTime: updatedMs / 1000,
  };
}
