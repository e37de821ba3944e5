import { cutCalls, CutSearch, type CallCuts } from './cut-calls.js';
import { PlannedBatch } from './planned-batch.js';
import { recordOrders } from './record-orders.js';
import type { RecordColumns } from './translate-columns.js';

/**
 * Groups records into WriteRecords calls of at most 100, so that they cost as little as we know how: see {@link recordOrders} for what is put
 * together, and {@link cutCalls} for where a call ends. The cheapest order is taken.
 */
export function batchRecords(records: RecordColumns): PlannedBatch[] {
  if (records.count === 0) return [];
  let best: { readonly order: Uint32Array; readonly cuts: CallCuts } | undefined;
  const search = new CutSearch(records);
  for (const order of recordOrders(records)) {
    const cuts = cutCalls(records, order, best?.cuts, search);
    if (cuts !== undefined) best = { order, cuts };
  }
  if (best === undefined) return [];
  const { order, cuts } = best;
  let start = 0;
  return cuts.ends.map((end, index) => {
    const batch = new PlannedBatch(records, order.subarray(start, end), {
      bytes: cuts.bytes[index] ?? 0,
      sharedBytes: cuts.sharedBytes[index] ?? 0,
    });
    start = end;
    return batch;
  });
}
