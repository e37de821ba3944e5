import {
  RejectedRecordsException,
  WriteRecordsCommand,
  type TimestreamWriteClient,
  type WriteRecordsCommandOutput,
} from '@aws-sdk/client-timestream-write';
import { PlannedBatch, recordCountOf, type WriteBatch } from '@timestream-prometheus/timestream-translator';
import type { RecordWriter, WriteOutcome } from '../ports.js';
import { LAST_STEP, type LastStep, type LeanAnswer, type LeanSender } from './lean-sender.js';
import type { TimestreamCaller } from './timestream-caller.js';
import { outcomeOfAnswer, outcomeOfRejections } from './write-outcome.js';

export interface AwsRecordWriterOptions {
  readonly database: string;
  readonly table: string;
  /** Undefined: every call is the SDK's own. */
  readonly leanSender: LeanSender | undefined;
}

/** Writes by WriteRecords. */
export function createAwsRecordWriter(
  caller: TimestreamCaller<TimestreamWriteClient>,
  { database, table, leanSender }: AwsRecordWriterOptions,
): RecordWriter {
  const head = `{"DatabaseName":${JSON.stringify(database)},"TableName":${JSON.stringify(table)},`;
  const createCommand = ({ Records, CommonAttributes }: WriteBatch) =>
    new WriteRecordsCommand({
      DatabaseName: database,
      TableName: table,
      Records: Records as TimestreamRecordInput[],
      ...(CommonAttributes === undefined ? {} : { CommonAttributes }),
    });
  return {
    write(batch, signal) {
      return caller.call<LeanAnswer | WriteRecordsCommandOutput, WriteOutcome>({
        operation: 'WriteRecords',
        signal,
        send: (client) => {
          const sendBySdk = (lastStep?: LastStep) => {
            const command = createCommand(batch);
            if (lastStep !== undefined) command.middlewareStack.add(lastStep, LAST_STEP);
            return client.send(command, { abortSignal: signal });
          };
          if (leanSender === undefined || !(batch instanceof PlannedBatch)) return sendBySdk();
          return leanSender.send(client.config, Buffer.from(`${head}${batch.json()}}`), sendBySdk, signal);
        },
        resultOf: (output) => outcomeOfAnswer('json' in output ? output.json : output, recordCountOf(batch)),
        expected: outcomeOfRejection,
      });
    },
  };
}

type TimestreamRecordInput = NonNullable<ConstructorParameters<typeof WriteRecordsCommand>[0]['Records']>[number];

function outcomeOfRejection(error: unknown): WriteOutcome | undefined {
  return error instanceof RejectedRecordsException ? outcomeOfRejections(error.RejectedRecords) : undefined;
}
