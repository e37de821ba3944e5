/* oxlint-disable typescript/no-non-null-assertion -- every index here is below the length of its column, and this runs for every sample */
import { MAX_RECORDS_PER_WRITE } from '../model/limits.js';
import { groupRecords } from './group-records.js';
import type { InternedName } from './interned-label.js';
import type { StoredSeries } from './stored-series.js';
import { compareTargets, type Target, type TargetScheme } from './target-cells.js';
import type { RecordColumns } from './translate-columns.js';

/** How many series are looked at to learn which labels tell targets apart. */
const MAX_SAMPLED_SERIES = 256;

/** A label that fewer records than this have in common, on average, is not worth sorting by. */
const MIN_SHARING_RECORDS = 12;

const MAX_TARGET_LABELS = 8;

const COMPARED_PAIRS = 32;

const GOLDEN_RATIO = (1 + Math.sqrt(5)) / 2;

/**
 * The orders in which records may be cut into calls, each a permutation of the records' indexes: by target, then metric, and by metric, then
 * target, the one first that looks cheaper and only one if the other would be the same; and in groups, see {@link groupRecords}. The records of
 * one series stay together, in time order.
 *
 * A call states once what its records share. The samples of one scrape share the labels of their target, those of one metric its name; which
 * of the two is cheaper depends on the request.
 */
export function recordOrders(records: RecordColumns): readonly Uint32Array[] {
  const asTheyCame = indexesTo(records.count);
  if (records.count <= 1) return [asTheyCame];
  const grouped = groupRecords(records, ++lastPass);
  const others = otherOrders(records, asTheyCame);
  return grouped === undefined ? others : [...others, grouped];
}

function otherOrders(records: RecordColumns, asTheyCame: Uint32Array): readonly Uint32Array[] {
  const cells = new CellTable(records, records.cache.targets.schemeOf(targetLabelsOf(records)));
  const { targetCount, measureCount } = cells;
  if (targetCount === 1 && measureCount === 1) return [asTheyCame];
  if (measureCount === 1) return [cells.order('target')];
  if (targetCount === 1) return [cells.order('measure')];
  const [byTarget, byMeasure] = [cells.order('target'), cells.order('measure')];
  return sharedBytesIn(records, byTarget) >= sharedBytesIn(records, byMeasure) ? [byTarget, byMeasure] : [byMeasure, byTarget];
}

/**
 * The names of the labels that tell targets apart, the one first that takes the most bytes (the name of a pod brings its node and namespace
 * with it). A label tells targets apart if enough records share each of its values.
 */
function targetLabelsOf({ count, series }: RecordColumns): readonly InternedName[] {
  const usageByName = new Map<InternedName, { bytes: number; uses: number; readonly values: Set<number> }>();
  const sampleCount = Math.min(count, MAX_SAMPLED_SERIES);
  for (let sample = 0; sample < sampleCount; sample++) {
    // Steps of the golden ratio spread evenly and, unlike steps of equal length, fall in with no period of the records.
    const record = Math.floor(((sample * GOLDEN_RATIO) % 1) * count);
    for (const { internedName, bytes, id } of series[record]?.labels ?? []) {
      let usage = usageByName.get(internedName);
      if (usage === undefined) {
        usage = { bytes: 0, uses: 0, values: new Set() };
        usageByName.set(internedName, usage);
      }
      usage.bytes += bytes;
      usage.uses += 1;
      usage.values.add(id);
    }
  }
  const callCount = Math.ceil(count / MAX_RECORDS_PER_WRITE);
  const shared = Array.from(usageByName).filter(([, { uses, values }]) => {
    const sharingRecords = ((uses / sampleCount) * count) / values.size;
    return values.size > 1 && (values.size <= callCount || sharingRecords >= MIN_SHARING_RECORDS);
  });
  shared.sort(([leftName, left], [rightName, right]) => right.bytes - left.bytes || (leftName.name < rightName.name ? -1 : 1));
  return shared.slice(0, MAX_TARGET_LABELS).map(([name]) => name);
}

/** How much records of a call have in common in this order, judged by some pairs. */
function sharedBytesIn({ count, series }: RecordColumns, order: Uint32Array): number {
  let bytes = 0;
  for (let pair = 0; pair < COMPARED_PAIRS; pair++) {
    // Up to a third of a call apart: farther ones seldom share a call. Places are spread evenly.
    const distance = Math.min(1 + pair, count - 1);
    const place = Math.floor(((pair * GOLDEN_RATIO) % 1) * (count - distance));
    const left = series[order[place]!]!;
    const right = series[order[place + distance]!]!;
    if (left.measure === right.measure) bytes += left.measure.bytes;
    let found = 0;
    for (const label of left.labels) {
      // Labels come in one order of names: what stands elsewhere for the same name is another value.
      if (right.labels[found]?.internedName !== label.internedName) found = Math.max(found, right.labels.indexOf(label, found));
      if (right.labels[found] === label) bytes += label.bytes;
      if (right.labels[found]?.internedName === label.internedName) found += 1;
    }
  }
  return bytes;
}

/** Passes over records are counted, so that none takes another's notes for its own. */
let lastPass = 0;

/** Records in cells of one target and one metric; an order of the records is an order of the cells. */
class CellTable {
  readonly targetCount: number;
  readonly measureCount: number;
  /** By record. */
  readonly #cells: Uint32Array;
  /** By cell, in the order that they were met in. */
  readonly #targets: number[] = [];
  readonly #measures: number[] = [];
  /** By target: its place in the order of targets. */
  readonly #targetPlaces: Uint32Array;

  constructor({ count, series }: RecordColumns, scheme: TargetScheme) {
    this.#cells = new Uint32Array(count);
    const pass = ++lastPass;
    const targets: Target[] = [];
    let measureCount = 0;
    let previous: StoredSeries | undefined;
    let index = 0;
    for (let record = 0; record < count; record++) {
      const stored = series[record]!;
      if (stored !== previous) {
        previous = stored;
        const cell = scheme.cellOf(stored);
        if (cell.pass !== pass) {
          const { target, measure } = cell;
          if (target.pass !== pass) {
            target.pass = pass;
            target.index = targets.push(target) - 1;
          }
          if (measure.pass !== pass) {
            measure.pass = pass;
            measure.index = measureCount++;
          }
          cell.pass = pass;
          cell.index = this.#targets.push(target.index) - 1;
          this.#measures.push(measure.index);
        }
        index = cell.index;
      }
      this.#cells[record] = index;
    }
    this.targetCount = targets.length;
    this.measureCount = measureCount;
    this.#targetPlaces = placesOf(targets);
  }

  order(first: 'target' | 'measure'): Uint32Array {
    const cells = indexesTo(this.#targets.length);
    const targetPlaces = new Uint32Array(cells.length);
    for (let cell = 0; cell < cells.length; cell++) targetPlaces[cell] = this.#targetPlaces[this.#targets[cell]!]!;
    const byTarget = (items: Uint32Array) => sortByPlace(items, targetPlaces, this.targetCount);
    const byMeasure = (items: Uint32Array) => sortByPlace(items, this.#measures, this.measureCount);
    const ordered = first === 'target' ? byTarget(byMeasure(cells)) : byMeasure(byTarget(cells));
    const cellPlaces = new Uint32Array(ordered.length);
    for (let place = 0; place < ordered.length; place++) cellPlaces[ordered[place]!] = place;
    const recordPlaces = new Uint32Array(this.#cells.length);
    for (let record = 0; record < recordPlaces.length; record++) recordPlaces[record] = cellPlaces[this.#cells[record]!]!;
    return sortByPlace(indexesTo(recordPlaces.length), recordPlaces, ordered.length);
  }
}

/** What does not fill a call is put together with its neighbours: see {@link compareTargets}. */
function placesOf(targets: readonly Target[]): Uint32Array {
  const places = new Uint32Array(targets.length);
  for (const [place, { index }] of [...targets].sort(compareTargets).entries()) places[index] = place;
  return places;
}

/** Stable counting sort of indexes by the places that stand at them. */
function sortByPlace(items: Uint32Array, places: ArrayLike<number>, placeCount: number): Uint32Array {
  const starts = new Uint32Array(placeCount + 1);
  for (const item of items) starts[places[item]! + 1]! += 1;
  for (let place = 0; place < placeCount; place++) starts[place + 1]! += starts[place]!;
  const sorted = new Uint32Array(items.length);
  for (const item of items) sorted[starts[places[item]!]!++] = item;
  return sorted;
}

function indexesTo(count: number): Uint32Array {
  const indexes = new Uint32Array(count);
  for (let index = 0; index < count; index++) indexes[index] = index;
  return indexes;
}
