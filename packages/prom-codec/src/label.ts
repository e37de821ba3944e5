import { assertWithin } from './limits.js';
import type { Label } from './model.js';
import type { MessageShape, ProtobufReader } from './protobuf-reader.js';
import type { ProtobufWriter } from './protobuf-writer.js';

const LABEL: MessageShape = { name: 'Label', fields: { 1: 'name', 2: 'value' } };

interface LabelLimits {
  readonly maxLabels: number;
  readonly maxLabelsPerSeries: number;
}

/** Reads the labels of one message (`prompb/types.proto`, Label), counting them against the limits. */
export class LabelReader {
  readonly #reader: ProtobufReader;
  readonly #limits: LabelLimits;
  /** Labels read so far, or known to have been read before. */
  count = 0;

  constructor(reader: ProtobufReader, limits: LabelLimits) {
    this.#reader = reader;
    this.#limits = limits;
  }

  /** Read the label at hand to the end of `labels`. `field` names the owner, e.g. `TimeSeries.labels`. */
  readInto(labels: Label[], field: string): void {
    labels.push(this.read(labels.length, field));
  }

  /** The label at hand, of which its owner has `before` already. */
  read(before: number, field: string): Label {
    const reader = this.#reader;
    assertWithin(this.#limits.maxLabels, 'maxLabels', ++this.count, field, reader.position);
    assertWithin(this.#limits.maxLabelsPerSeries, 'maxLabelsPerSeries', before + 1, field, reader.position);
    const outerEnd = reader.enter(field);
    let name = '';
    let value = '';
    while (!reader.atEnd()) {
      const tag = reader.readTag(LABEL);
      if (tag === 0x0a) name = reader.readString('Label.name');
      else if (tag === 0x12) value = reader.readString('Label.value');
      else reader.skip(tag, LABEL);
    }
    reader.leave(outerEnd);
    return { name, value };
  }
}

export function writeLabels(writer: ProtobufWriter, field: number, labels: readonly Label[]): void {
  for (const label of labels) {
    const start = writer.begin(field);
    writer.string(1, label.name);
    writer.string(2, label.value);
    writer.end(start);
  }
}
