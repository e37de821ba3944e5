import { CodecError, decodeSnappy } from '@timestream-prometheus/prom-codec';
import { ConnectorError } from '../connector-error.js';

export interface BodyLimits {
  readonly maxBodyBytes: number;
  readonly maxDecodedBytes: number;
}

/**
 * The message in a snappy-compressed body. Every size is checked before memory is taken for it.
 *
 * @throws ConnectorError body-too-large, decoded-body-too-large, malformed-body
 */
export function decodeBody<T>(body: Uint8Array, limits: BodyLimits, decodeMessage: (bytes: Uint8Array) => T): T {
  if (body.length > limits.maxBodyBytes) {
    throw new ConnectorError(
      'body-too-large',
      `the body is over ${limits.maxBodyBytes} bytes (max-body-bytes): send fewer samples per request`,
    );
  }
  try {
    return decodeMessage(decodeSnappy(body, { maxBytes: limits.maxDecodedBytes }));
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    throw new ConnectorError(error.code === 'too-large' ? 'decoded-body-too-large' : 'malformed-body', error.message, { cause: error });
  }
}
