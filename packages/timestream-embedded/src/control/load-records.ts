import { createTable } from '../operations/table-operations.js';
import { createDatabase, type OperationContext } from '../operations/database-operations.js';
import { writeRecordsShape } from '../operations/operation-shapes.js';
import { validationError } from '../service-error.js';
import { parseModel, type ModelValue } from '../wire/model-shape.js';
import { parseRecords } from '../write/parse-records.js';

const maxRecordsPerLine = 10_000;
const shape = writeRecordsShape(maxRecordsPerLine);

/**
 * Writes the requests of a seed: WriteRecords requests as JSON, one a line or as one array. Databases and tables that are missing are made,
 * with the longest retention, so that records of any time are taken.
 *
 * @returns how many records were stored.
 * @throws {ServiceError} for the first line that is no such request, or has a record that is rejected.
 */
export async function loadRecords(context: OperationContext, text: string): Promise<number> {
  let stored = 0;
  for (const [index, request] of requestsOf(text).entries()) {
    const input = parseModel(shape, request);
    await ensureTable(context, input);
    const table = context.store.table(input.DatabaseName, input.TableName);
    if (table === undefined) throw new Error('the table was made just now');
    const outcome = await context.store.write(table, parseRecords(input, context.limits));
    const [rejected] = outcome.rejected;
    if (rejected !== undefined)
      throw validationError(`Request ${index + 1}, record ${rejected.RecordIndex + 1} of the seed: ${rejected.Reason}`);
    stored += outcome.memoryStore + outcome.magneticStore;
  }
  return stored;
}

function requestsOf(text: string): unknown[] {
  const parse = (json: string, line: number): unknown => {
    try {
      return JSON.parse(json);
    } catch (error) {
      throw validationError(`Line ${line} of the seed is not JSON: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  if (text.trimStart().startsWith('[')) {
    const requests = parse(text, 1);
    return Array.isArray(requests) ? requests : [];
  }
  return text.split('\n').flatMap((line, index) => (line.trim() === '' ? [] : [parse(line, index + 1)]));
}

async function ensureTable(context: OperationContext, { DatabaseName, TableName }: ModelValue<typeof shape>): Promise<void> {
  if (context.store.database(DatabaseName) === undefined) await createDatabase(context, { DatabaseName });
  if (context.store.table(DatabaseName, TableName) !== undefined) return;
  await createTable(context, {
    DatabaseName,
    TableName,
    RetentionProperties: { MemoryStoreRetentionPeriodInHours: 8766, MagneticStoreRetentionPeriodInDays: 73_000 },
    MagneticStoreWriteProperties: { EnableMagneticStoreWrites: true },
  });
}
