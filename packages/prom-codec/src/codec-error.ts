/**
 * What can be wrong with bytes from outside. The set is closed:
 *
 * - `truncated`: the message ends in the middle of a field.
 * - `malformed`: a field is not what the format allows (wire type, varint length, group, UTF-8, checksum, copy offset).
 * - `too-large`: a declared or accumulated size is over a limit of ours; nothing of that size was allocated.
 */
export type CodecErrorCode = 'truncated' | 'malformed' | 'too-large';

/** The only error that a decoder of this package throws. */
export class CodecError extends Error {
  override readonly name = 'CodecError';
  readonly code: CodecErrorCode;
  /** Byte offset in the input at which the fault was seen. */
  readonly offset: number;

  /** @param what the fault, naming message and field, e.g. `TimeSeries.labels: declared length 90 goes past the end` */
  constructor(code: CodecErrorCode, what: string, offset: number) {
    super(`${what} (at byte ${offset})`);
    this.code = code;
    this.offset = offset;
  }
}
