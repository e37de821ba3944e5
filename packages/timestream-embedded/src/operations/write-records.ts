import type { EmbeddedLogger } from '../logger.js';
import { ServiceError } from '../service-error.js';
import type { UsageCounters } from '../usage-counters.js';
import { parseModel } from '../wire/model-shape.js';
import { parseRecords } from '../write/parse-records.js';
import type { OperationContext } from './database-operations.js';
import type { WriteRecordsShape } from './operation-shapes.js';
import { requireTable } from './resource.js';

/** Answers when every record that is not rejected is on disk. */
export async function writeRecords(
  context: OperationContext,
  shape: WriteRecordsShape,
  usage: UsageCounters,
  logger: EmbeddedLogger,
  body: unknown,
): Promise<object> {
  const input = parseModel(shape, body);
  const table = requireTable(context.store, input.DatabaseName, input.TableName);
  const { memoryStore, magneticStore, rejected, magneticRejected } = await context.store.write(table, parseRecords(input, context.limits));
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
