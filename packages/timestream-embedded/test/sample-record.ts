import { WriteRecordsCommand, type _Record, type RejectedRecord, type TimestreamWriteClient } from '@aws-sdk/client-timestream-write';

/** A valid record of now, with what a test changes in it. */
export function sampleRecord(changes: Partial<_Record> = {}): _Record {
  return {
    Dimensions: [{ Name: 'job', Value: 'node' }],
    MeasureName: 'up',
    MeasureValue: '1',
    MeasureValueType: 'DOUBLE',
    Time: String(Date.now()),
    ...changes,
  };
}

/** A valid multi-measure record. */
export function multiRecord(measures: _Record['MeasureValues'], changes: Partial<_Record> = {}): _Record {
  return { ...sampleRecord({ MeasureValueType: 'MULTI', MeasureValue: undefined }), MeasureValues: measures, ...changes };
}

export interface WriteAnswer {
  /** Undefined when the answer was an error. */
  readonly total: number | undefined;
  readonly memory: number | undefined;
  readonly magnetic: number | undefined;
  readonly error: string | undefined;
  readonly status: number | undefined;
  readonly message: string;
  readonly rejected: readonly RejectedRecord[];
}

/** Writes to `db.t` and tells the answer, error or not, in one form. */
export async function writeTo(client: TimestreamWriteClient, records: _Record[], common?: _Record, tableName = 't'): Promise<WriteAnswer> {
  const input = {
    DatabaseName: 'db',
    TableName: tableName,
    Records: records,
    ...(common === undefined ? {} : { CommonAttributes: common }),
  };
  try {
    const { RecordsIngested: ingested } = await client.send(new WriteRecordsCommand(input));
    return {
      total: ingested?.Total,
      memory: ingested?.MemoryStore,
      magnetic: ingested?.MagneticStore,
      error: undefined,
      status: 200,
      message: '',
      rejected: [],
    };
  } catch (error) {
    const known = error as Error & { $metadata?: { httpStatusCode?: number }; RejectedRecords?: RejectedRecord[] };
    return {
      total: undefined,
      memory: undefined,
      magnetic: undefined,
      error: known.name,
      status: known.$metadata?.httpStatusCode,
      message: known.message,
      rejected: known.RejectedRecords ?? [],
    };
  }
}
