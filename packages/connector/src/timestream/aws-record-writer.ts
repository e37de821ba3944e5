import { RejectedRecordsException, WriteRecordsCommand, type TimestreamWriteClient } from '@aws-sdk/client-timestream-write';
import type { RecordWriter, WriteOutcome } from '../ports.js';
import { outcomeOfAnswer, outcomeOfRejections } from './write-outcome.js';
import { noteAttempts } from './note-attempts.js';
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
        send: (client, onFailedAttempt) => {
          noteAttempts(command, onFailedAttempt);
          return client.send(command, { abortSignal: signal });
        },
        resultOf: (output) => outcomeOfAnswer(output, batch.Records.length),
        expected: outcomeOfRejection,
      });
    },
  };
}

type TimestreamRecordInput = NonNullable<ConstructorParameters<typeof WriteRecordsCommand>[0]['Records']>[number];

function outcomeOfRejection(error: unknown): WriteOutcome | undefined {
  return error instanceof RejectedRecordsException ? outcomeOfRejections(error.RejectedRecords) : undefined;
}
