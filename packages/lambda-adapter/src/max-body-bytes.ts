/** Room in a result for everything but the body: the headers of the connector, field names, the status. */
const RESULT_FRAME_BYTES = 4096;

/** How many bytes of body fit into a result of `maxResultBytes`: a body that is no text travels as base64, 4 characters for 3 bytes. */
export function maxBodyBytesOf(maxResultBytes: number): number {
  return Math.max(0, Math.floor((maxResultBytes - RESULT_FRAME_BYTES) / 4) * 3);
}
