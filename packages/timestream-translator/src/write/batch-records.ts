import { cutCalls } from './cut-calls.js';
import { PlannedBatch } from './planned-batch.js';
import { recordOrders } from './record-orders.js';
import type { RecordColumns } from './translate-columns.js';

/**
 * Groups records into WriteRecords calls of at most 100, so that they cost as little as we know how: see {@link recordOrders} for what is put
 * together, and {@link cutCalls} for where a call ends. The cheapest order is taken.
 */
export function batchRecords(records: RecordColumns): PlannedBatch[] {
  if (records.count === 0) return [];
  const [first, ...others] = recordOrders(records).map((order) => ({ order, cuts: cutCalls(records, order) }));
  if (first === undefined) return [];
  const { order, cuts } = others.reduce((best, plan) => (isCheaper(plan.cuts, best.cuts) ? plan : best), first);
  let start = 0;
  return cuts.ends.map((end, index) => {
    const batch = new PlannedBatch(records, order.subarray(start, end), cuts.bytes[index]);
    start = end;
    return batch;
  });
}

type Cuts = ReturnType<typeof cutCalls>;

function isCheaper(left: Cuts, right: Cuts): boolean {
  return left.meteredUnits < right.meteredUnits || (left.meteredUnits === right.meteredUnits && left.ends.length < right.ends.length);
}
