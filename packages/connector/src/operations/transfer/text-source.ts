import { createSamples, type TimeSeries } from '@timestream-prometheus/prom-codec';
import { parseSampleLine, type ParsedSample, type TextFormat } from './parse-sample-line.js';
import type { Portion, SampleSource, SourceFault, SourcePosition } from './sample-source.js';

export interface TextFile {
  readonly name: string;
  readonly sizeBytes: number;
  /** Changes when the file does. */
  readonly version: string;
  read(fromByte: number, signal: AbortSignal): AsyncIterable<Uint8Array>;
}

/** Longer lines are no samples: 2 KB of labels are all that Timestream takes. */
const MAX_LINE_BYTES = 1 << 20;

/** OpenMetrics text, or what `promtool tsdb dump` prints: which of them, the first sample shows. */
export function createTextSource(file: TextFile): SampleSource {
  return {
    identity: `${file.name} ${file.version}`,
    size: file.sizeBytes,
    sampleCount: undefined,
    minTimeMs: undefined,
    async *portions(from, maxSamples, signal) {
      let format = from?.['format'] as TextFormat | undefined;
      let lineNumber = Number(from?.['line'] ?? 0);
      let byte = Number(from?.['byte'] ?? 0);
      let collected = new Collector();
      for await (const { text, bytes } of linesOf(file.read(byte, signal))) {
        lineNumber += 1;
        byte += bytes;
        if (text === undefined)
          collected.faults.push({ place: `${file.name}:${lineNumber}`, reason: `the line is longer than ${MAX_LINE_BYTES} bytes` });
        else {
          if (text.startsWith('# EOF')) break;
          format ??= formatOf(text);
          collected.take(text, format ?? 'openmetrics', `${file.name}:${lineNumber}`);
        }
        if (collected.size < maxSamples) continue;
        yield collected.portion({ byte, line: lineNumber, ...(format === undefined ? {} : { format }) }, byte);
        collected = new Collector();
      }
      if (collected.size > 0)
        yield collected.portion({ byte: file.sizeBytes, line: lineNumber, format: format ?? 'openmetrics' }, file.sizeBytes);
    },
  };
}

/** Of a line with a sample: promtool writes the name as a label, and milliseconds. */
function formatOf(line: string): TextFormat | undefined {
  if (line.trim() === '' || line.startsWith('#')) return undefined;
  return line.startsWith('{__name__=') || /^\{.*\} \S+ \d{12,}$/.test(line) ? 'dump' : 'openmetrics';
}

/** Samples of one portion, by series. */
class Collector {
  readonly faults: SourceFault[] = [];
  readonly #bySeries = new Map<string, ParsedSample[]>();
  #samples = 0;

  get size(): number {
    return this.#samples + this.faults.length;
  }

  take(line: string, format: TextFormat, place: string): void {
    try {
      const sample = parseSampleLine(line, format);
      if (sample === undefined) return;
      const key = JSON.stringify(sample.labels);
      const known = this.#bySeries.get(key);
      if (known === undefined) this.#bySeries.set(key, [sample]);
      else known.push(sample);
      this.#samples += 1;
    } catch (error) {
      this.faults.push({ place, reason: error instanceof Error ? error.message : String(error) });
    }
  }

  portion(next: SourcePosition, done: number): Portion {
    const timeseries: TimeSeries[] = Array.from(this.#bySeries.values(), (samples) => ({
      labels: samples[0]?.labels ?? [],
      samples: createSamples(samples.map(({ timestampMs, valueBits }) => [timestampMs, valueBits] as const)),
      exemplars: [],
      histograms: [],
    }));
    return { timeseries, faults: this.faults, next, done };
  }
}

interface Line {
  /** Undefined if it is too long. */
  readonly text: string | undefined;
  /** With its end. */
  readonly bytes: number;
}

async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Line, void, undefined> {
  let rest: Buffer = Buffer.alloc(0);
  let skippedBytes = 0;
  for await (const chunk of chunks) {
    let bytes: Buffer = rest.length === 0 ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength) : Buffer.concat([rest, chunk]);
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10)) {
      const isLong = skippedBytes + end > MAX_LINE_BYTES;
      yield { text: isLong ? undefined : bytes.toString('utf8', 0, end).replace(/\r$/, ''), bytes: skippedBytes + end + 1 };
      bytes = bytes.subarray(end + 1);
      skippedBytes = 0;
    }
    if (skippedBytes + bytes.length > MAX_LINE_BYTES) {
      skippedBytes += bytes.length;
      bytes = Buffer.alloc(0);
    }
    rest = bytes;
  }
  if (rest.length > 0 || skippedBytes > 0)
    yield { text: skippedBytes > 0 ? undefined : rest.toString(), bytes: skippedBytes + rest.length };
}
