import { createSamples, decodeSnappy, decodeWriteRequest, encodeSnappy, encodeWriteRequest, STALE_NAN_BITS } from '../src/index.js';

// What Prometheus posts: one series, a value and then the staleness marker.
const body = encodeSnappy(
  encodeWriteRequest({
    timeseries: [
      {
        labels: [{ name: '__name__', value: 'up' }],
        samples: createSamples([
          [1_795_340_322_000, 1],
          [1_795_340_337_000, STALE_NAN_BITS],
        ]),
        exemplars: [],
        histograms: [],
      },
    ],
    metadata: [],
  }),
);

// What a receiver does with it.
export const request = decodeWriteRequest(decodeSnappy(body, { maxBytes: 32 * 1024 * 1024 }));
