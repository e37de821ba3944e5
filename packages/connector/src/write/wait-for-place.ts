import { countEntries, type SnappyDecoder } from '@timestream-prometheus/prom-codec';
import { MAX_RECORDS_PER_WRITE } from '@timestream-prometheus/timestream-translator';
import type { CallPlace } from '../concurrency/call-queue.js';
import type { WriteVersion } from '../protocol/content-headers.js';
import { decodeChecked, type BodyLimits, type MessageContext } from '../protocol/read-message.js';

/** What the samples of one call take in a body, about: 100 samples of some 40 bytes each, compressed. */
const BODY_BYTES_PER_CALL = 4_096;

/** What a write comes to before its samples are counted. */
export function guessedCallCount(body: Uint8Array): number {
  return Math.ceil(body.length / BODY_BYTES_PER_CALL);
}

export interface WaitForPlaceOptions {
  readonly version: WriteVersion;
  readonly limits: Pick<BodyLimits, 'maxDecodedBytes'>;
  readonly decodeSnappy: SnappyDecoder;
  readonly held: MessageContext;
}

/**
 * Holds a write whose body has come until its calls are near. Behind a crowd its samples are counted, and it is refused if they cannot be stored in time, before its labels are looked
 * at. While it waits there is nothing of it but its compressed body, and what is sent next does not wait for what is sent last to be decoded.
 *
 * @throws ConnectorError overloaded; decoded-body-too-large, malformed-body, client-gone, deadline-exceeded
 */
export async function waitForPlace(
  place: CallPlace,
  body: Uint8Array,
  { version, limits, decodeSnappy, held }: WaitForPlaceOptions,
): Promise<void> {
  const { budget, turns, signal } = held;
  if (place.isNear()) return;
  await turns.next(signal);
  const bytes = decodeChecked(() => decodeSnappy(body, { maxBytes: limits.maxDecodedBytes }));
  budget.take(bytes.length);
  const count = countEntries(bytes, version);
  budget.giveBack(bytes.length);
  await place.waitUntilNear(Math.ceil(count / MAX_RECORDS_PER_WRITE), signal);
}
