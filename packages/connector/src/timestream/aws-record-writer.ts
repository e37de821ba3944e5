import {
  RejectedRecordsException,
  WriteRecordsCommand,
  type TimestreamWriteClient,
  type WriteRecordsCommandOutput,
} from '@aws-sdk/client-timestream-write';
import { PlannedBatch, type WriteBatch } from '@timestream-prometheus/timestream-translator';
import type { RecordWriter, WriteOutcome } from '../ports.js';
import { countOf, EncodedBatch } from '../write/encoded-batch.js';
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
  const headBytes = Buffer.from(head);
  const bodyOf = (batch: WriteBatch): Uint8Array | undefined => {
    if (batch instanceof PlannedBatch) return Buffer.from(`${head}${batch.json()}}`);
    return batch instanceof EncodedBatch ? Buffer.concat([headBytes, batch.json(), END]) : undefined;
  };
  return {
    write(batch, signal, turn) {
      return caller.call<LeanAnswer | WriteRecordsCommandOutput, WriteOutcome>({
        operation: 'WriteRecords',
        signal,
        turn,
        send: (client) => {
          const sendBySdk = (lastStep?: LastStep) => {
            const command = createCommand(batch);
            if (lastStep !== undefined) command.middlewareStack.add(lastStep, LAST_STEP);
            return client.send(command, { abortSignal: signal });
          };
          const body = leanSender === undefined ? undefined : bodyOf(batch);
          return leanSender === undefined || body === undefined ? sendBySdk() : leanSender.send(client.config, body, sendBySdk, signal);
        },
        resultOf: (output) => outcomeOfAnswer('json' in output ? output.json : output, countOf(batch)),
        expected: outcomeOfRejection,
      });
    },
  };
}

const END = Buffer.from('}');

type TimestreamRecordInput = NonNullable<ConstructorParameters<typeof WriteRecordsCommand>[0]['Records']>[number];

function outcomeOfRejection(error: unknown): WriteOutcome | undefined {
  return error instanceof RejectedRecordsException ? outcomeOfRejections(error.RejectedRecords) : undefined;
}
