import { randomBytes } from 'node:crypto';
import { decodeReadResponse, decodeSnappy, encodeReadRequest, encodeSnappy, floatFromBits } from '@timestream-prometheus/prom-codec';
import { collectBody } from '../../http/whole-body.js';
import type { Clock } from '../../ports.js';
import { bodyInHand, type Connector } from '../../seam.js';
import { ownWriteRequest } from '../../write/own-write-request.js';
import { failed, ok, skipped, warning, type Finding } from './finding.js';

export interface SampleExchange {
  readonly connector: Pick<Connector, 'handle'>;
  readonly authorization: string | undefined;
  readonly canRead: boolean;
  readonly clock: Clock;
  readonly wait: (ms: number) => Promise<void>;
  readonly signal: AbortSignal;
}

/** Always the same series: it takes one metric name, and no label that a table of samples does not have. */
export const DOCTOR_METRIC = 'timestream_prometheus_doctor';
const DOCTOR_LABELS = { __name__: DOCTOR_METRIC, job: 'doctor' };

/** What is written may be read "within a second or so"; Timestream promises no time. */
const READ_ATTEMPTS = 10;
const READ_PAUSE_MS = 1_000;

/** Room for an answer with one sample. */
const MAX_ANSWER_BYTES = 1 << 20;

/** Takes the way of a Prometheus: remote write, then remote read, and compares the bits. */
export async function* writeAndReadSample(exchange: SampleExchange): AsyncGenerator<Finding, void, undefined> {
  const { connector, authorization, canRead, clock, wait, signal } = exchange;
  const timestampMs = clock.nowMs();
  const value = finiteDouble();
  const written = await connector.handle(ownWriteRequest([{ labels: DOCTOR_LABELS, timestampMs, value }], authorization, signal));
  if (written.status >= 300) {
    const line = await textOf(written.body);
    yield line.startsWith('access-denied')
      ? failed('permission', `timestream:WriteRecords is denied. ${line}`, 'Allow it: attach the policy deploy/iam/execution.json')
      : failed(
          'sample',
          `a sample could not be written (status ${written.status}): ${line}`,
          `What that means: docs/errors.md#${line.split(':', 1)[0] ?? ''}`,
        );
    return;
  }
  yield ok('permission', 'timestream:WriteRecords is allowed');
  if (!canRead) {
    yield skipped('sample', 'a sample was written; it cannot be read back');
    return;
  }
  const query = {
    startTimestampMs: BigInt(timestampMs),
    endTimestampMs: BigInt(timestampMs),
    matchers: Object.entries(DOCTOR_LABELS).map(([name, text]) => ({ name, type: '=' as const, value: text })),
  };
  const body = encodeSnappy(encodeReadRequest({ queries: [query], acceptedResponseTypes: [] }));
  for (let attempt = 1; attempt <= READ_ATTEMPTS; attempt += 1) {
    const answer = await connector.handle({
      method: 'POST',
      path: '/api/v1/read',
      query: '',
      headers: {
        'content-type': 'application/x-protobuf',
        'content-encoding': 'snappy',
        'x-prometheus-remote-read-version': '0.1.0',
        ...(authorization === undefined ? {} : { authorization }),
      },
      ...bodyInHand(body),
      signal,
    });
    if (answer.status >= 300) {
      const line = await textOf(answer.body);
      yield failed(
        'sample',
        `a sample was written, but could not be read (status ${answer.status}): ${line}`,
        `What that means: docs/errors.md#${line.split(':', 1)[0] ?? ''}`,
      );
      return;
    }
    const { body: bytes } = await collectBody(answer, MAX_ANSWER_BYTES);
    const message = decodeReadResponse(decodeSnappy(bytes, { maxBytes: MAX_ANSWER_BYTES }));
    const bits = message.results[0]?.timeseries[0]?.samples.valueBits[0];
    if (bits !== undefined) {
      const isSame = Object.is(floatFromBits(bits), value);
      yield isSame
        ? ok('sample', `${DOCTOR_METRIC} was written and read back, bit for bit${attempt === 1 ? '' : `, after ${attempt - 1} s`}`)
        : failed('sample', `${value} was written, and ${floatFromBits(bits)} was read back`, 'Report this: docs/runbook.md');
      return;
    }
    if (attempt < READ_ATTEMPTS) await wait(READ_PAUSE_MS);
  }
  yield warning(
    'sample',
    `a sample was written, and is not there to be read after ${READ_ATTEMPTS - 1} s`,
    'Timestream may take longer to show it; run this again',
  );
}

/** Any bits but those of NaN, infinity and subnormal numbers: 52 of them must come back as they are. */
function finiteDouble(): number {
  const bytes = randomBytes(8);
  bytes[0] = 0x40;
  return bytes.readDoubleBE();
}

async function textOf(body: Uint8Array | AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  if (body instanceof Uint8Array) parts.push(body);
  else for await (const part of body) parts.push(part);
  return Buffer.concat(parts).toString().trim();
}
