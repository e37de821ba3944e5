import { ConnectorError } from '../errors/connector-error.js';
import type { WriteOutcome } from '../ports.js';

/**
 * What a 2xx answer to WriteRecords says. It is believed only if it accounts for every record: an empty answer of something in between would
 * otherwise count as stored.
 *
 * @throws ConnectorError malformed-answer
 */
export function outcomeOfAnswer(answer: { readonly RecordsIngested?: unknown }, recordCount: number): WriteOutcome {
  const ingested = answer.RecordsIngested;
  const total: unknown = typeof ingested === 'object' && ingested !== null && 'Total' in ingested ? ingested.Total : undefined;
  if (total === recordCount) return { rejected: [] };
  const said = typeof total === 'number' ? `says that ${total} were stored` : 'does not say how many were stored';
  throw new ConnectorError('malformed-answer', `WriteRecords: an answer to ${recordCount} records that ${said}`);
}

interface Rejection {
  readonly RecordIndex?: number | undefined;
  readonly Reason?: string | undefined;
  readonly ExistingVersion?: number | undefined;
}

/**
 * What a RejectedRecordsException (HTTP 419) says. It is a partial success: what it does not list is stored. A list that is empty or does not say
 * which records it means is no promise of that kind, and no reason to give up a record either.
 *
 * @throws ConnectorError malformed-answer
 */
export function outcomeOfRejections(rejections: readonly Rejection[] | undefined): WriteOutcome {
  const rejected = (rejections ?? []).flatMap(({ RecordIndex, Reason, ExistingVersion }) =>
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
  if (rejected.length > 0 && rejected.length === rejections?.length) return { rejected };
  throw new ConnectorError('malformed-answer', 'WriteRecords: records were rejected, but the answer does not say which');
}
