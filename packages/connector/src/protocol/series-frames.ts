import {
  chunkedReadFrameBytes,
  encodeChunkedReadFrame,
  encodeSeriesChunksInSteps,
  type TimeSeries,
} from '@timestream-prometheus/prom-codec';
import { seriesText } from '@timestream-prometheus/timestream-translator';
import { ConnectorError } from '../errors/connector-error.js';

/** What Prometheus' client takes for one frame (`config/config.go`, DefaultChunkedReadLimit), its length and checksum here included. */
const MAX_FRAME_BYTES = 50_000_000;

/** Frames go out together until they are this large: a write to a socket for every small series would cost more than the series. */
const PART_BYTES = 64 * 1024;

/**
 * The frames of a streamed answer, one for each series, joined to parts of some size. A series is never split: Prometheus' client takes
 * every frame for a series of its own, so PromQL would see the same series twice.
 *
 * `undefined` comes where nothing can go out yet and others may have their turn: in the middle of a large series.
 *
 * @throws ConnectorError read-limit-exceeded if a series does not fit into a frame; what came before it is whole
 */
export function* encodeSeriesFrames(
  timeseries: readonly TimeSeries[],
  queryIndex: number,
  maxFrameBytes = MAX_FRAME_BYTES,
): Generator<Uint8Array | undefined, void, undefined> {
  let frames: Uint8Array[] = [];
  let sizeBytes = 0;
  for (const { labels, samples, histograms } of timeseries) {
    const steps = encodeSeriesChunksInSteps(labels, samples, histograms);
    let step = steps.next();
    for (; step.done !== true; step = steps.next()) yield undefined;
    const response = { chunkedSeries: [step.value], queryIndex: BigInt(queryIndex) };
    const frameBytes = chunkedReadFrameBytes(response);
    if (frameBytes > maxFrameBytes) {
      throw new ConnectorError(
        'read-limit-exceeded',
        `series ${seriesText(labels)} has ${samples.timestampsMs.length + histograms.length} samples, a frame of ${frameBytes} bytes; Prometheus takes ${maxFrameBytes}: narrow the time range`,
      );
    }
    frames.push(encodeChunkedReadFrame(response));
    sizeBytes += frameBytes;
    if (sizeBytes < PART_BYTES) continue;
    yield joinBytes(frames);
    frames = [];
    sizeBytes = 0;
  }
  if (frames.length > 0) yield joinBytes(frames);
}

export function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts;
  return only !== undefined && parts.length === 1 ? only : Buffer.concat(parts);
}
