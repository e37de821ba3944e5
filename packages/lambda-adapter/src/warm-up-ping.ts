import { isRecord } from './event-fields.js';

/**
 * Whether an event only keeps the process warm: a scheduled event of EventBridge (user guide, "Scheduled Event") or `{"warmup": true}`. Nothing else
 * counts: an event of another kind may be a request that an integration has put into the wrong form, and its samples must not be answered as stored.
 */
export function isWarmUpPing(event: unknown): boolean {
  if (!isRecord(event)) return false;
  return event['warmup'] === true || (event['source'] === 'aws.events' && event['detail-type'] === 'Scheduled Event');
}
