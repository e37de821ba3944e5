import type { EmbeddedLogger } from '../logger.js';
import { ServiceError } from '../service-error.js';
import type { UsageCounters } from '../usage-counters.js';
import type { TableState } from '../store/table-state.js';
import { decodeJsonBody } from '../wire/json-body.js';
import { isValid, parseModel } from '../wire/model-shape.js';
import { cutLeanBody, scanLeanRecords } from '../write/lean-body.js';
import { parseRecords } from '../write/parse-records.js';
import type { ParsedRecord } from '../write/record.js';
import type { OperationContext } from './database-operations.js';
import { recordShape, type WriteRecordsShape } from './operation-shapes.js';
import { requireTable } from './resource.js';

/** Answers when every record that is not rejected is on disk. */
export async function writeRecords(
  context: OperationContext,
  shape: WriteRecordsShape,
  usage: UsageCounters,
  logger: EmbeddedLogger,
  bytes: Uint8Array,
): Promise<object> {
  const { table, records } = readLean(context, bytes) ?? readAny(context, shape, bytes);
  const { memoryStore, magneticStore, rejected, magneticRejected } = await context.store.write(table, records);
  usage.countWrite(memoryStore + magneticStore, rejected.length);
  if (magneticRejected > 0) {
    logger.warn(
      { table: table.tableName, records: magneticRejected },
      'The magnetic store refused records for their version; the service would report them to a bucket',
    );
  }
  if (rejected.length > 0) {
    const message = 'One or more records have been rejected. See RejectedRecords for details.';
    throw new ServiceError('RejectedRecordsException', message, { rejectedRecords: rejected });
  }
  return { RecordsIngested: { Total: memoryStore + magneticStore, MemoryStore: memoryStore, MagneticStore: magneticStore } };
}

interface ReadWrite {
  readonly table: TableState;
  readonly records: readonly ParsedRecord[];
}

const isRecord = (value: unknown): boolean => isValid(recordShape, value);

/** The quick way, for a body that is written leanly and has no fault; undefined for every other. */
function readLean({ store, limits }: OperationContext, bytes: Uint8Array): ReadWrite | undefined {
  const body = cutLeanBody(bytes, isRecord);
  const table = body && store.table(body.databaseName, body.tableName);
  const records = table && scanLeanRecords(body, table.heads, isRecord, limits);
  return records && { table, records };
}

function readAny({ store, limits }: OperationContext, shape: WriteRecordsShape, bytes: Uint8Array): ReadWrite {
  const input = parseModel(shape, decodeJsonBody(bytes));
  return { table: requireTable(store, input.DatabaseName, input.TableName), records: parseRecords(input, limits) };
}
