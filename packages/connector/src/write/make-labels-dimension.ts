import { labelsDimensionBatch } from '@timestream-prometheus/timestream-translator';
import type { RecordWriter } from '../ports.js';

/** Several requests may wait for it, so it ends with none of them. */
const TIMEOUT_MS = 10_000;

/** Writes the record that makes a table have `prometheus_labels`. @returns false if Timestream has refused it @throws ConnectorError */
export async function makeLabelsDimension(writer: RecordWriter, nowMs: number): Promise<boolean> {
  const { rejected } = await writer.write(labelsDimensionBatch(nowMs), AbortSignal.timeout(TIMEOUT_MS));
  return rejected.length === 0;
}
