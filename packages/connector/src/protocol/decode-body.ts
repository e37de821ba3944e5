import { CodecError, decodeSnappy } from '@timestream-prometheus/prom-codec';
import { ConnectorError } from '../errors/connector-error.js';
import type { ByteBudget } from '../concurrency/create-byte-budget.js';

export interface BodyLimits {
  readonly maxBodyBytes: number;
  readonly maxDecodedBytes: number;
}

/**
 * Decodes the message in a snappy-compressed body and gives it to `use`. Every size is checked before memory is taken for it, and the
 * decompressed size counts against the budget until `use` is done.
 *
 * @throws ConnectorError body-too-large, decoded-body-too-large, malformed-body, overloaded, and whatever `use` throws
 */
export async function withDecodedBody<Message, Result>(
  body: Uint8Array,
  limits: BodyLimits,
  budget: ByteBudget,
  decodeMessage: (bytes: Uint8Array) => Message,
  use: (message: Message) => Promise<Result>,
): Promise<Result> {
  if (body.length > limits.maxBodyBytes) {
    throw new ConnectorError(
      'body-too-large',
      `the body is over ${limits.maxBodyBytes} bytes (max-body-bytes): send fewer samples per request`,
    );
  }
  const decoded = decode(() => decodeSnappy(body, { maxBytes: limits.maxDecodedBytes }));
  const release = budget.take(decoded.length);
  try {
    return await use(decode(() => decodeMessage(decoded)));
  } finally {
    release();
  }
}

function decode<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    throw new ConnectorError(error.code === 'too-large' ? 'decoded-body-too-large' : 'malformed-body', error.message, { cause: error });
  }
}
