import type { Label } from '@timestream-prometheus/prom-codec';
import type { Dimension } from '../model/record.js';
import { canBeDimension } from '../names/label-dimension.js';
import { encodeMeasureName } from '../names/measure-name.js';
import { utf8ByteLength } from '../text/text-codec.js';
import type { DimensionBudget } from './dimension-budget.js';

/** A label name, once for all labels that have it. */
export interface InternedName {
  readonly name: string;
  readonly bytes: number;
  readonly canBeDimension: boolean;
  readonly labels: Map<string, InternedLabel>;
  /** A name that is known to come after this one in the order of UTF-8 bytes: most often the one that comes next. */
  after: InternedName | undefined;
  /** The budget that granted the name a dimension last, and its revision then. */
  grantedBy: DimensionBudget | undefined;
  grantedAt: number;
  /** Who was told last that the name is a dimension. */
  toldTo: object | undefined;
  /** Notes as those of {@link StoredMeasure}. */
  pass: number;
  index: number;
}

/** A name that records are stored under: of a metric, or one of those that are ours. */
export class StoredMeasure {
  readonly name: string;
  /** UTF-8 bytes that each record pays for it, unless all records of a call share it. */
  readonly bytes: number;
  /** As it stands in a record, with the comma behind it. */
  readonly json: string;
  /** Notes of whoever goes over many records without giving up control in between: the pass, and the number of the metric in it. */
  pass = 0;
  index = 0;

  /** @param name as it is stored */
  constructor(name: string) {
    this.name = name;
    this.bytes = utf8ByteLength(this.name);
    this.json = `"MeasureName":${JSON.stringify(this.name)},`;
  }
}

/** A label that is kept once, however many series have it: equal labels of one {@link InternedLabels} are the same object. */
export class InternedLabel implements Label {
  /** Greater than 0, and different from every other label's. */
  readonly id: number;
  readonly internedName: InternedName;
  readonly value: string;
  /** UTF-8 bytes that each record pays for it, unless all records of a call share it. */
  readonly bytes: number;
  /** Notes as those of {@link StoredMeasure}. */
  pass = 0;
  index = 0;
  #dimension: Dimension | undefined;
  #json: string | undefined;
  #measure: StoredMeasure | undefined;

  constructor(id: number, internedName: InternedName, value: string) {
    this.id = id;
    this.internedName = internedName;
    this.value = value;
    this.bytes = internedName.bytes + utf8ByteLength(value);
  }

  get name(): string {
    return this.internedName.name;
  }

  get dimension(): Dimension {
    return (this.#dimension ??= { Name: this.name, Value: this.value });
  }

  /** The dimension as it stands in a request. */
  get json(): string {
    return (this.#json ??= JSON.stringify(this.dimension));
  }

  /** For a label `__name__`: what its value is stored under. */
  get measure(): StoredMeasure {
    return (this.#measure ??= new StoredMeasure(encodeMeasureName(this.value)));
  }
}

/** Estimates, in bytes: objects, map entries and what is made of them later. Texts count double, for they are kept as JSON too. */
const NAME_BYTES = 400;
const LABEL_BYTES = 320;

export class InternedLabels {
  #names = new Map<string, InternedName>();
  #lastId = 0;
  #bytes = 0;

  /** Memory taken, estimated. */
  get bytes(): number {
    return this.#bytes;
  }

  intern(name: string, value: string): InternedLabel {
    let internedName = this.#names.get(name);
    if (internedName === undefined) {
      internedName = {
        name,
        bytes: utf8ByteLength(name),
        canBeDimension: canBeDimension(name),
        labels: new Map(),
        after: undefined,
        grantedBy: undefined,
        grantedAt: 0,
        toldTo: undefined,
        pass: 0,
        index: 0,
      };
      this.#names.set(name, internedName);
      this.#bytes += NAME_BYTES + 2 * name.length;
    }
    let label = internedName.labels.get(value);
    if (label === undefined) {
      label = new InternedLabel(++this.#lastId, internedName, value);
      internedName.labels.set(value, label);
      this.#bytes += LABEL_BYTES + 2 * (name.length + 2 * value.length);
    }
    return label;
  }

  clear(): void {
    this.#names = new Map();
    this.#bytes = 0;
  }
}
