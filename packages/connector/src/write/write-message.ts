import type { LabelSetCache, SnappyDecoder, WriteColumns } from '@timestream-prometheus/prom-codec';
import type { WriteVersion } from '../protocol/content-headers.js';
import { decodeWrite } from '../protocol/decode-write.js';
import { uncompressBody, type BodyLimits, type MessageContext } from '../protocol/read-message.js';
import { handleWrite } from './handle-write.js';
import type { WriteContext } from './write-context.js';
import type { LeftOut } from './written-headers.js';

export interface WriteMessageOptions {
  readonly version: WriteVersion;
  readonly limits: Pick<BodyLimits, 'maxDecodedBytes'>;
  readonly decodeSnappy: SnappyDecoder;
  readonly labelSets: LabelSetCache;
  readonly held: MessageContext;
  /** Called when all of the message is understood. */
  readonly openContext: () => WriteContext | Promise<WriteContext>;
}

/**
 * Stores what a remote write message holds: all of a write that follows on the arrival of its body.
 *
 * @returns what a success leaves out
 * @throws ConnectorError as `decodeWrite` and `handleWrite` do
 */
export async function writeMessage(body: Uint8Array, options: WriteMessageOptions): Promise<readonly LeftOut[]> {
  const parts = await decodeBody(body, options);
  return handleWrite(parts, await options.openContext());
}

/** The bytes of the message are held only until all of it is decoded: they must not be in reach of what is done with it. */
async function decodeBody(
  body: Uint8Array,
  { version, limits, decodeSnappy, labelSets, held }: WriteMessageOptions,
): Promise<readonly WriteColumns[]> {
  const bytes = await uncompressBody(body, limits, decodeSnappy, held);
  const parts = await decodeWrite(bytes, version, labelSets, held);
  held.budget.giveBack(bytes.length);
  return parts;
}
