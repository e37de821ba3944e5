import type { ResponseType } from '@timestream-prometheus/prom-codec';
import { ConnectorError } from '../errors/connector-error.js';

/** By number of the enum ReadRequest.ResponseType (`prompb/remote.proto`). */
const RESPONSE_TYPES: readonly ResponseType[] = ['SAMPLES', 'STREAMED_XOR_CHUNKS'];

/**
 * The first of the client's types that we have, as Prometheus chooses (`storage/remote/codec.go`, NegotiateResponseType). A client that
 * lists none means SAMPLES.
 *
 * @param accepted numbers of the enum, unknown ones included
 * @throws ConnectorError unsupported-response-type
 */
export function negotiateResponseType(accepted: readonly number[]): ResponseType {
  if (accepted.length === 0) return 'SAMPLES';
  for (const number of accepted) {
    const type = RESPONSE_TYPES[number];
    if (type !== undefined) return type;
  }
  throw new ConnectorError(
    'unsupported-response-type',
    `server does not support any of the requested response types: [${accepted.slice(0, 10).join(' ')}]; supported: ${RESPONSE_TYPES.join(', ')}`,
  );
}
