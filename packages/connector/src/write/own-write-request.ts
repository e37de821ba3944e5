import { createSamples, encodeSnappy, encodeWriteRequest } from '@timestream-prometheus/prom-codec';
import { bodyInHand, type ConnectorRequest } from '../seam.js';

/** One sample of the program itself. */
export interface OwnSample {
  /** With `__name__`; an empty value is an absent label. */
  readonly labels: Readonly<Record<string, string>>;
  /** Milliseconds since the Unix epoch. */
  readonly timestampMs: number;
  readonly value: number;
}

/**
 * A remote-write request with samples that the program has to store itself. It takes the way of every other request: the same limits, the
 * same counts, the same answers.
 *
 * @param authorization the value of the header, undefined where the connector uses its own credentials
 */
export function ownWriteRequest(samples: readonly OwnSample[], authorization: string | undefined, signal: AbortSignal): ConnectorRequest {
  const timeseries = samples.map(({ labels, timestampMs, value }) => ({
    labels: Object.entries(labels)
      .filter(([, labelValue]) => labelValue !== '')
      .map(([name, labelValue]) => ({ name, value: labelValue })),
    samples: createSamples([[timestampMs, value]]),
    exemplars: [],
    histograms: [],
  }));
  return {
    method: 'POST',
    path: '/api/v1/write',
    query: '',
    headers: {
      'content-type': 'application/x-protobuf',
      'content-encoding': 'snappy',
      'x-prometheus-remote-write-version': '0.1.0',
      'user-agent': 'timestream-prometheus',
      ...(authorization === undefined ? {} : { authorization }),
    },
    ...bodyInHand(encodeSnappy(encodeWriteRequest({ timeseries, metadata: [] }))),
    signal,
    isOwn: true,
  };
}
