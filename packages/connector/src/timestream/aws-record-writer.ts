import { RejectedRecordsException, WriteRecordsCommand, type TimestreamWriteClient } from '@aws-sdk/client-timestream-write';
import type { RecordWriter, WriteOutcome } from '../ports.js';
import type { TimestreamCaller } from './timestream-caller.js';

export interface AwsRecordWriterOptions {
  readonly database: string;
  readonly table: string;
}

/** Writes by WriteRecords. The SDK retries throttling, 5xx and broken connections before anything is thrown. */
export function createAwsRecordWriter(
  caller: TimestreamCaller<TimestreamWriteClient>,
  { database, table }: AwsRecordWriterOptions,
): RecordWriter {
  return {
    write(batch, signal) {
      const command = new WriteRecordsCommand({
        DatabaseName: database,
        TableName: table,
        Records: batch.Records as TimestreamRecordInput[],
        ...(batch.CommonAttributes === undefined ? {} : { CommonAttributes: batch.CommonAttributes }),
      });
      return caller.call({
        operation: 'WriteRecords',
        signal,
        send: (client) => client.send(command, { abortSignal: signal }),
        resultOf: (): WriteOutcome => ({ rejected: [] }),
        expected: rejectionOf,
      });
    },
  };
}

type TimestreamRecordInput = NonNullable<ConstructorParameters<typeof WriteRecordsCommand>[0]['Records']>[number];

/**
 * HTTP 419 is a partial success: what it does not list is stored. A list that is empty or does not say which records it means is no
 * promise of that kind; then the call counts as refused.
 */
function rejectionOf(error: unknown): WriteOutcome | undefined {
  if (!(error instanceof RejectedRecordsException)) return undefined;
  const rejected = (error.RejectedRecords ?? []).flatMap(({ RecordIndex, Reason, ExistingVersion }) =>
    RecordIndex === undefined
      ? []
      : [
          {
            recordIndex: RecordIndex,
            reason: Reason ?? 'no reason given',
            ...(ExistingVersion === undefined ? {} : { existingVersion: ExistingVersion }),
          },
        ],
  );
  return rejected.length === 0 || rejected.length !== error.RejectedRecords?.length ? undefined : { rejected };
}
