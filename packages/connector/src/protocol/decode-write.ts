import {
  decodeWriteColumns,
  decodeWriteColumnsV2,
  DEFAULT_WRITE_REQUEST_LIMITS,
  type LabelSetCache,
  type WriteColumns,
} from '@timestream-prometheus/prom-codec';
import { ConnectorError } from '../errors/connector-error.js';
import type { WriteVersion } from './content-headers.js';
import { decodeChecked, type MessageContext } from './read-message.js';
import { memoryOfWrite } from './memory-of-write.js';
import { splitMessage } from './split-message.js';

/** Some thousand samples, which take some milliseconds, or some tens of them if all their series are new. */
const PIECE_BYTES = 1024 * 1024;

/**
 * Decodes a remote write message of either version.
 *
 * @throws ConnectorError malformed-body, decoded-body-too-large, overloaded, client-gone, deadline-exceeded
 */
export async function decodeWrite(
  bytes: Uint8Array,
  version: WriteVersion,
  labelSets: LabelSetCache,
  held: MessageContext,
): Promise<readonly WriteColumns[]> {
  if (version === '1.0') return decodeWriteV1(bytes, labelSets, held);
  // In one piece: any series may refer to any symbol. Labels are written out to be looked up, so they may come to as much as a body of 1.0 holds.
  const part = decodeChecked(() => decodeWriteColumnsV2(bytes, { labelSets }));
  held.budget.take(memoryOfWrite(part, labelSets));
  return [part];
}

/**
 * Decodes a message of remote write 1.0 in pieces, one in each turn. All of it is decoded before any of it is used: a message with a fault anywhere is
 * refused as a whole. What is decoded counts against the budget.
 *
 * @throws ConnectorError malformed-body, decoded-body-too-large, overloaded, client-gone, deadline-exceeded
 */
async function decodeWriteV1(
  bytes: Uint8Array,
  labelSets: LabelSetCache,
  { budget, turns, signal }: MessageContext,
): Promise<readonly WriteColumns[]> {
  const parts: WriteColumns[] = [];
  const total = { maxSeries: 0, maxSamples: 0, maxHistograms: 0, maxExemplars: 0, maxMetadata: 0 };
  for (const piece of splitMessage(bytes, PIECE_BYTES)) {
    if (parts.length > 0) await turns.next(signal);
    const part = decodeChecked(() => decodeWriteColumns(piece, { labelSets }));
    total.maxSeries += part.labelSets.length;
    total.maxSamples += part.timestampsMs.length;
    total.maxHistograms += part.histograms.length;
    total.maxExemplars += part.exemplars.length;
    total.maxMetadata += part.metadata.length;
    assertWithinLimits(total);
    budget.take(memoryOfWrite(part, labelSets));
    parts.push(part);
  }
  if (total.maxSeries === 0 && total.maxMetadata === 0 && REMOTE_WRITE_V2_TAGS.includes(bytes[0] ?? 0)) {
    throw new ConnectorError(
      'malformed-body',
      'the body is a message of remote write 2.0, the content type says 1.0: send application/x-protobuf;proto=io.prometheus.write.v2.Request',
    );
  }
  return parts;
}

/** Fields 4 (symbols) and 5 (timeseries) of a 2.0 message: unknown to 1.0, which would skip them and find nothing. */
const REMOTE_WRITE_V2_TAGS: readonly number[] = [0x22, 0x2a];

/** The decoder knows its limits for each piece; these are for all of them. */
function assertWithinLimits(total: Readonly<Record<keyof typeof NOUNS, number>>): void {
  for (const name of Object.keys(NOUNS) as (keyof typeof NOUNS)[]) {
    const limit = DEFAULT_WRITE_REQUEST_LIMITS[name];
    if (total[name] > limit) {
      throw new ConnectorError('decoded-body-too-large', `the request has more than ${limit} ${NOUNS[name]}: send less in one request`);
    }
  }
}

const NOUNS = {
  maxSeries: 'series',
  maxSamples: 'samples',
  maxHistograms: 'native histograms',
  maxExemplars: 'exemplars',
  maxMetadata: 'metadata entries',
} as const;
