/* eslint-disable @typescript-eslint/no-non-null-assertion -- every index here is below the length of its column, and this runs for every sample */

import type { LabelSet } from '@timestream-prometheus/prom-codec';
import { CommonPartsCache } from './common-parts.js';
import type { DimensionBudget } from './dimension-budget.js';
import { EXEMPLAR_MEASURE_NAME } from '../model/layout.js';
import { type InternedLabel, InternedLabels, StoredMeasure } from './interned-label.js';
import { type LabelFault, parseSeriesLabels } from './series-labels.js';
import { storeSeries, type StoredSeries } from './stored-series.js';
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
  readonly next: CachedSeries | undefined;
  /** What the translation at hand notes; it means nothing to any other. */
  request = 0;
  lastRecord = -1;
  latestTimestampMs = -1;
  #stored: StoredSeries | undefined;
  #budget: DimensionBudget | undefined;
  #revision = -1;
  #exemplars: { readonly stored: StoredSeries; readonly budget: DimensionBudget; readonly revision: number } | undefined;

  constructor(labels: readonly InternedLabel[], metric: InternedLabel, hash: number, next: CachedSeries | undefined) {
    this.labels = labels;
    this.metric = metric;
    this.hash = hash;
    this.next = next;
  }

  /** How the table of this budget stores the series; claims dimensions for its labels. */
  storedIn(budget: DimensionBudget, interned: InternedLabels): StoredSeries {
    if (this.#stored === undefined || this.#budget !== budget || this.#revision !== budget.revision) {
      this.#stored = storeSeries(this.labels, this.metric, budget, interned);
      this.#budget = budget;
      this.#revision = budget.revision;
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
    const known = this.#byLabelSet.get(labelSet);
    if (known !== undefined) return known;
    const parsed = parseSeriesLabels(labelSet.labels);
    if ('reason' in parsed) return parsed;
    const labels = new Array<InternedLabel>(parsed.labels.length);
    let hash = this.#seed;
    let index = 0;
    for (const { name, value } of parsed.labels) {
      const label = this.interned.intern(name, value);
      hash = mix(hash, label.id);
      labels[index++] = label;
    }
    const series = this.#findSame(labels, hash) ?? this.#add(labels, parsed.metricIndex, hash);
    this.#byLabelSet.set(labelSet, series);
    this.#bytes += SERIES_BYTES / 4 + labelSet.byteLength;
    return series;
  }

  #findSame(labels: readonly InternedLabel[], hash: number): CachedSeries | undefined {
    let series = this.#byHash.get(hash);
    while (series !== undefined && !haveSameLabels(series.labels, labels)) series = series.next;
    return series;
  }

  #add(labels: readonly InternedLabel[], metricIndex: number, hash: number): CachedSeries {
    const series = new CachedSeries(labels, labels[metricIndex]!, hash, this.#byHash.get(hash));
    this.#byHash.set(hash, series);
    this.#bytes += SERIES_BYTES + LABEL_PLACE_BYTES * labels.length;
    return series;
  }
}

function haveSameLabels(left: readonly InternedLabel[], right: readonly InternedLabel[]): boolean {
  return left.length === right.length && left.every((label, index) => label === right[index]);
}

/** The last steps are those of MurmurHash3, which spread each bit over all. */
function mix(hash: number, id: number): number {
  let mixed = Math.imul(hash ^ id, 0x9e3779b1);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  return Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35) ^ (mixed << 7);
}
