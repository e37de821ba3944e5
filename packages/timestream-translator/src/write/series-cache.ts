/* oxlint-disable typescript/no-non-null-assertion -- every index here is below the length of its column, and this runs for every sample */

import { compareUtf8, type Label, type LabelSet } from '@timestream-prometheus/prom-codec';
import { CommonPartsCache } from './common-parts.js';
import type { DimensionBudget } from './dimension-budget.js';
import { EXEMPLAR_MEASURE_NAME, METRIC_NAME_LABEL } from '../model/layout.js';
import { MAX_RECORD_BYTES } from '../model/limits.js';
import { type InternedLabel, InternedLabels, type InternedName, StoredMeasure } from './interned-label.js';
import { TIME_BYTES } from './record-size.js';
import { type LabelFault, parseSeriesLabels } from './series-labels.js';
import { isStoredAlike, storeSeries, type StoredSeries } from './stored-series.js';
import { TargetSchemes } from './target-cells.js';

/** Estimates, in bytes, of a series and of each place that one of its labels takes in it. */
const SERIES_BYTES = 700;
const LABEL_PLACE_BYTES = 16;

const EXEMPLAR_MEASURE = new StoredMeasure(EXEMPLAR_MEASURE_NAME);

/** One series, whatever the spelling of the label set that it came as: equal labels of one cache are the same object. */
export class CachedSeries {
  /** Sorted, `__name__` included, no empty values. */
  readonly labels: readonly InternedLabel[];
  readonly metric: InternedLabel;
  readonly hash: number;
  /** Another series with the same hash. */
  next: CachedSeries | undefined;
  /** What the translation at hand notes; it means nothing to any other. */
  request = 0;
  lastRecord = -1;
  latestTimestampMs = -1;
  #stored: StoredSeries | undefined;
  #budget: DimensionBudget | undefined;
  #revision = -1;
  #exemplars: { readonly stored: StoredSeries; readonly budget: DimensionBudget; readonly revision: number } | undefined;

  constructor(labels: readonly InternedLabel[], metric: InternedLabel, hash: number) {
    this.labels = labels;
    this.metric = metric;
    this.hash = hash;
  }

  /** How the table of this budget stores the series; claims dimensions for its labels. */
  storedIn(budget: DimensionBudget, interned: InternedLabels): StoredSeries {
    const { revision } = budget;
    if (this.#stored === undefined || this.#budget !== budget || this.#revision !== revision) {
      // Most tables have room for all labels, so that most series are stored alike in all of them.
      if (this.#stored === undefined || !isStoredAlike(this.#stored, budget)) {
        this.#stored = storeSeries(this.labels, this.metric, budget, interned);
      }
      this.#budget = budget;
      this.#revision = revision;
    }
    return this.#stored;
  }

  /** The same for its exemplars, which have a measure name of their own. */
  exemplarsStoredIn(budget: DimensionBudget, interned: InternedLabels): StoredSeries {
    const { revision } = budget;
    if (this.#exemplars?.budget !== budget || this.#exemplars.revision !== revision) {
      this.#exemplars = { stored: storeSeries(this.labels, this.metric, budget, interned, EXEMPLAR_MEASURE), budget, revision };
    }
    return this.#exemplars.stored;
  }
}

export interface SeriesCacheOptions {
  /**
   * How much memory to take, estimated, in bytes. When a request finds the cache above it, everything is forgotten and made anew as it comes;
   * so the memory taken is at most this and what one request adds.
   */
  readonly maxBytes: number;
  /** Start of the hash, 32 bits. Random if left out, so that a sender cannot know which series collide. */
  readonly seed?: number;
}

/**
 * What never changes of a series: its labels in order, its stored form and the texts that its records are written with. Found by the
 * identity of the label set, which the codec keeps for equal bytes. One for a process, whatever the tables: a stored form remembers the
 * budget that it was made for.
 */
export class SeriesCache {
  readonly interned = new InternedLabels();
  /** What calls shared, and which series come from one target: as batches were made before. */
  readonly commonParts = new CommonPartsCache();
  readonly targets = new TargetSchemes();
  readonly #maxBytes: number;
  readonly #seed: number;
  #byLabelSet = new Map<LabelSet, CachedSeries>();
  #byHash = new Map<number, CachedSeries>();
  /** Of the translation at hand: series whose label sets nobody keeps. Kept themselves, most of them would be kept in vain. */
  #passing = new Map<number, CachedSeries>();
  #bytes = 0;
  #request = 0;

  /** @throws RangeError if `maxBytes` is not a positive number */
  constructor({ maxBytes, seed = Math.floor(Math.random() * 2 ** 32) }: SeriesCacheOptions) {
    if (!(maxBytes > 0)) throw new RangeError(`maxBytes must be above 0, not ${maxBytes}`);
    this.#maxBytes = maxBytes;
    this.#seed = seed | 0;
  }

  /** Memory taken, estimated. */
  get bytes(): number {
    return this.#bytes + this.interned.bytes + this.commonParts.bytes + this.targets.bytes;
  }

  /** Label sets known. */
  get size(): number {
    return this.#byLabelSet.size;
  }

  /**
   * Starts a translation, which must end before the next one starts. Nothing is forgotten in between, so that a series stays one object.
   *
   * @returns a number that no other translation has
   */
  startRequest(): number {
    if (this.#passing.size > 0) this.#passing = new Map();
    if (this.bytes > this.#maxBytes) {
      this.#byLabelSet = new Map();
      this.#byHash = new Map();
      this.#bytes = 0;
      this.interned.clear();
      this.commonParts.clear();
      this.targets.clear();
    }
    return ++this.#request;
  }

  /** The series that the labels mean, or what is wrong with them. */
  seriesOf(labelSet: LabelSet): CachedSeries | LabelFault {
    const isPassing = labelSet.isPassing === true;
    if (!isPassing) {
      const known = this.#byLabelSet.get(labelSet);
      if (known !== undefined) return known;
    }
    const series = this.#recognise(labelSet.labels, isPassing);
    if ('reason' in series || isPassing) return series;
    this.#byLabelSet.set(labelSet, series);
    this.#bytes += SERIES_BYTES / 4 + labelSet.byteLength;
    return series;
  }

  #recognise(received: readonly Label[], isPassing: boolean): CachedSeries | LabelFault {
    const plain = this.#internPlain(received);
    if (plain !== undefined) return this.#seriesWith(plain, this.#plainMetricIndex, isPassing);
    const parsed = parseSeriesLabels(received);
    if ('reason' in parsed) return parsed;
    const labels = Array.from(parsed.labels, ({ name, value }) => this.interned.intern(name, value));
    return this.#seriesWith(labels, parsed.metricIndex, isPassing);
  }

  /** Of the labels that {@link #internPlain} gave last. */
  #plainMetricIndex = -1;

  /**
   * Labels as Prometheus sends them, in order and with nothing wrong, recognised by what is known of each of them. Undefined if they are not
   * certainly of that form: `parseSeriesLabels` judges them.
   */
  #internPlain(received: readonly Label[]): InternedLabel[] | undefined {
    const labels = new Array<InternedLabel>(received.length);
    let metricIndex = -1;
    let leastBytes = TIME_BYTES;
    let units = 0;
    let previous: InternedName | undefined;
    for (let index = 0; index < received.length; index++) {
      const { name, value } = received[index]!;
      // No label that makes a record too large is kept.
      units += name.length + value.length;
      if (name === '' || value === '' || units > MAX_RECORD_BYTES) return undefined;
      const label = this.interned.intern(name, value);
      const { internedName } = label;
      if (previous !== undefined && previous.after !== internedName) {
        if (compareUtf8(previous.name, name) >= 0) return undefined;
        previous.after = internedName;
      }
      leastBytes += label.bytes;
      if (name === METRIC_NAME_LABEL) {
        metricIndex = index;
        leastBytes -= internedName.bytes;
      }
      previous = internedName;
      labels[index] = label;
    }
    if (metricIndex < 0 || leastBytes > MAX_RECORD_BYTES) return undefined;
    this.#plainMetricIndex = metricIndex;
    return labels;
  }

  #seriesWith(labels: readonly InternedLabel[], metricIndex: number, isPassing: boolean): CachedSeries {
    let hash = this.#seed;
    for (const { id } of labels) hash = mix(hash, id);
    const first = this.#byHash.get(hash);
    for (let series = first; series !== undefined; series = series.next) if (haveSameLabels(series.labels, labels)) return series;
    const passing = this.#passing.get(hash);
    const isSame = passing !== undefined && haveSameLabels(passing.labels, labels);
    if (isSame && isPassing) return passing;
    const series = isSame ? passing : new CachedSeries(labels, labels[metricIndex]!, hash);
    // One for each hash: two of a hash in one request are rare enough to be kept.
    if (isPassing && passing === undefined) {
      this.#passing.set(hash, series);
      return series;
    }
    if (isSame) this.#passing.delete(hash);
    series.next = first;
    this.#byHash.set(hash, series);
    this.#bytes += SERIES_BYTES + LABEL_PLACE_BYTES * labels.length;
    return series;
  }
}

function haveSameLabels(left: readonly InternedLabel[], right: readonly InternedLabel[]): boolean {
  if (left.length !== right.length) return false;
  for (let index = 0; index < left.length; index++) if (left[index] !== right[index]) return false;
  return true;
}

/** The last steps are those of MurmurHash3, which spread each bit over all. */
function mix(hash: number, id: number): number {
  let mixed = Math.imul(hash ^ id, 0x9e3779b1);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  return Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35) ^ (mixed << 7);
}
