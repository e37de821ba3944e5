import { assertWithin, type SeriesLimits } from './limits.js';
import { type MessageShape, type ProtobufReader, WIRE_FIXED64, WIRE_VARINT } from './protobuf-reader.js';

/** `Sample` of `prompb/types.proto`. */
const SAMPLE: MessageShape = { name: 'Sample', fields: { 1: 'value', 2: 'timestamp' } };
/** `Sample` of `io/prometheus/write/v2/types.proto`, which may also say when its counter began. */
const SAMPLE_V2: MessageShape = { name: 'Sample', fields: { 1: 'value', 2: 'timestamp', 3: 'start_timestamp' } };

/** Reads one sample after another into the same fields, as halves of 64 bits: a request has a hundred thousand. */
export class SampleReader {
  valueLow = 0;
  valueHigh = 0;
  timestampLow = 0;
  timestampHigh = 0;
  /** Both halves are 0 where the message has none, as in remote write 1.0 always. */
  startTimestampLow = 0;
  startTimestampHigh = 0;
  readonly #reader: ProtobufReader;
  readonly #limits: Pick<SeriesLimits, 'maxSamples'>;
  readonly #shape: MessageShape;

  constructor(reader: ProtobufReader, limits: Pick<SeriesLimits, 'maxSamples'>, version: 'v1' | 'v2' = 'v1') {
    this.#reader = reader;
    this.#limits = limits;
    this.#shape = version === 'v1' ? SAMPLE : SAMPLE_V2;
  }

  /**
   * Reads the sample at hand, the `count`th of its request.
   * @throws {CodecError} when it is malformed, or one more than `maxSamples`
   */
  read(count: number): void {
    const reader = this.#reader;
    const shape = this.#shape;
    assertWithin(this.#limits.maxSamples, 'maxSamples', count, 'TimeSeries.samples', reader.position);
    const outerEnd = reader.enter('TimeSeries.samples');
    this.valueLow = 0;
    this.valueHigh = 0;
    this.timestampLow = 0;
    this.timestampHigh = 0;
    this.startTimestampLow = 0;
    this.startTimestampHigh = 0;
    while (!reader.atEnd()) {
      const tag = reader.readTag(shape);
      if (tag === ((1 << 3) | WIRE_FIXED64)) {
        reader.readFixed64('Sample.value');
        this.valueLow = reader.low;
        this.valueHigh = reader.high;
      } else if (tag === ((2 << 3) | WIRE_VARINT)) {
        reader.readVarint('Sample.timestamp');
        this.timestampLow = reader.low;
        this.timestampHigh = reader.high;
      } else if (tag === ((3 << 3) | WIRE_VARINT) && shape === SAMPLE_V2) {
        reader.readVarint('Sample.start_timestamp');
        this.startTimestampLow = reader.low;
        this.startTimestampHigh = reader.high;
      } else reader.skip(tag, shape);
    }
    reader.leave(outerEnd);
  }
}
