import type { LabelReader } from './label.js';
import { writeLabels } from './label.js';
import { assertWithin } from './limits.js';
import type { Exemplar, Label } from './model.js';
import { type MessageShape, type ProtobufReader, WIRE_BYTES, WIRE_FIXED64, WIRE_VARINT } from './protobuf-reader.js';
import type { ProtobufWriter } from './protobuf-writer.js';

/** `prompb/types.proto`, Exemplar. */
const EXEMPLAR: MessageShape = { name: 'Exemplar', fields: { 1: 'labels', 2: 'value', 3: 'timestamp' } };

/** Reads the exemplars of one message, counting them against a limit. */
export class ExemplarReader {
  readonly #reader: ProtobufReader;
  readonly #labels: LabelReader;
  readonly #maxExemplars: number;
  #count = 0;

  constructor(reader: ProtobufReader, labels: LabelReader, limits: { readonly maxExemplars: number }) {
    this.#reader = reader;
    this.#labels = labels;
    this.#maxExemplars = limits.maxExemplars;
  }

  /** Read the exemplar at hand. */
  read(): Exemplar {
    const reader = this.#reader;
    assertWithin(this.#maxExemplars, 'maxExemplars', ++this.#count, 'TimeSeries.exemplars', reader.position);
    const outerEnd = reader.enter('TimeSeries.exemplars');
    const labels: Label[] = [];
    let valueBits = 0n;
    let timestampMs = 0n;
    while (!reader.atEnd()) {
      const tag = reader.readTag(EXEMPLAR);
      if (tag === ((1 << 3) | WIRE_BYTES)) this.#labels.readInto(labels, 'Exemplar.labels');
      else if (tag === ((2 << 3) | WIRE_FIXED64)) valueBits = reader.readFixed64Bits('Exemplar.value');
      else if (tag === ((3 << 3) | WIRE_VARINT)) timestampMs = reader.readInt64('Exemplar.timestamp');
      else reader.skip(tag, EXEMPLAR);
    }
    reader.leave(outerEnd);
    return { labels, valueBits, timestampMs };
  }
}

/** Field 3 of a TimeSeries. */
export function writeExemplar(writer: ProtobufWriter, exemplar: Exemplar): void {
  const start = writer.begin(3);
  writeLabels(writer, 1, exemplar.labels);
  writer.presentDouble(2, exemplar.valueBits);
  writer.int64(3, exemplar.timestampMs);
  writer.end(start);
}
