import { encodeReadResponse, encodeSnappy, type QueryResult } from '@timestream-prometheus/prom-codec';
import { ConnectorError } from '../connector-error.js';
import type { ConnectorResponse } from '../seam.js';

export interface AnswerLimits {
  readonly maxResponseBytes: number;
}

/** One way to answer a read: what a client calls it, and how the results become a response. */
export interface ReadResponseType {
  readonly name: string;
  /** @param results one per query, in order */
  readonly answer: (results: readonly QueryResult[], limits: AnswerLimits) => ConnectorResponse;
}

/** By number of the enum ReadRequest.ResponseType (`prompb/remote.proto`). */
const RESPONSE_TYPES: ReadonlyMap<number, ReadResponseType> = new Map([[0, { name: 'SAMPLES', answer: answerSamples }]]);

const SAMPLES = 0;

/**
 * The first of the client's types that we have, as Prometheus chooses (`storage/remote/codec.go`, NegotiateResponseType). A client that
 * lists none means SAMPLES.
 *
 * @throws ConnectorError unsupported-response-type
 */
export function negotiateResponseType(accepted: readonly number[]): ReadResponseType {
  for (const number of accepted.length === 0 ? [SAMPLES] : accepted) {
    const type = RESPONSE_TYPES.get(number);
    if (type !== undefined) return type;
  }
  const supported = Array.from(RESPONSE_TYPES.values(), ({ name }) => name).join(', ');
  throw new ConnectorError(
    'unsupported-response-type',
    `server does not support any of the requested response types: [${accepted.slice(0, 10).join(' ')}]; supported: ${supported}`,
  );
}

function answerSamples(results: readonly QueryResult[], { maxResponseBytes }: AnswerLimits): ConnectorResponse {
  const body = encodeSnappy(encodeReadResponse({ results }));
  if (body.length > maxResponseBytes) {
    throw new ConnectorError(
      'read-limit-exceeded',
      `the answer has ${body.length} bytes, ${maxResponseBytes} are allowed (max-response-bytes): narrow the time range or the matchers`,
    );
  }
  return { status: 200, headers: { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' }, body };
}
