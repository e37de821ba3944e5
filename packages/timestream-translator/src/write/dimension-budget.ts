import { LABELS_DIMENSION, VALUE_COLUMN } from '../model/layout.js';
import { MAX_DIMENSIONS_PER_TABLE } from '../model/limits.js';

/**
 * Which label names are dimensions of one table. Timestream counts every dimension name that was ever written to it and allows 128; the
 * union of the label names of a Prometheus server can be more. First come, first served: a label that gets no place goes into
 * `prometheus_labels`, for which one place is always kept.
 */
export interface DimensionBudget {
  /** Takes note of dimensions that the table already has, e.g. from its description. They may be used even if they are over the limit. */
  learn(dimensionNames: Iterable<string>): void;
  /**
   * Whether a label may be a dimension as far as places go; if so it has one from now on. Names that Timestream forbids are not refused
   * here, see `noDimensionReason`. One is granted only if the table has it already: `v`, the name of a measure of ours.
   */
  claim(labelName: string): boolean;
  /** Whether a label was refused because no place was left. */
  readonly hasRefused: boolean;
  /** Places taken, the one for `prometheus_labels` included. */
  usedDimensions(): number;
  /** Whether values may go to the column `v`: not where that is a dimension, or anything else that is not ours. */
  readonly takesValueColumn: boolean;
  /** Timestream has refused values in the column `v`. */
  noteValueColumnTaken(): void;
  /** Changes when an answer of {@link claim} or {@link takesValueColumn} may no longer be the one that it would give now. */
  readonly revision: number;
}

/**
 * A budget for one table, to be kept as long as the table is written to: a budget per request would let the table run full.
 *
 * @param options.maxDimensions how many dimensions the table may have, 1 to 128 (the default); less leaves room for other writers
 * @throws RangeError if `maxDimensions` is none of these
 */
export function createDimensionBudget(options: { readonly maxDimensions?: number } = {}): DimensionBudget {
  const { maxDimensions = MAX_DIMENSIONS_PER_TABLE } = options;
  if (!Number.isInteger(maxDimensions) || maxDimensions < 1 || maxDimensions > MAX_DIMENSIONS_PER_TABLE) {
    throw new RangeError(`maxDimensions is ${maxDimensions}, allowed are whole numbers from 1 to ${MAX_DIMENSIONS_PER_TABLE}`);
  }
  const taken = new Set([LABELS_DIMENSION]);
  let isValueColumnTaken = false;
  let hasRefused = false;
  let revision = 0;
  return {
    learn(dimensionNames) {
      const before = taken.size;
      for (const name of dimensionNames) taken.add(name);
      if (taken.size !== before) revision += 1;
    },
    claim(labelName) {
      if (taken.has(labelName)) return true;
      // No new dimension may have the name of our measure; one that the table has is used as it always was.
      if (labelName === VALUE_COLUMN) return false;
      if (taken.size >= maxDimensions) {
        hasRefused = true;
        return false;
      }
      taken.add(labelName);
      return true;
    },
    get hasRefused() {
      return hasRefused;
    },
    usedDimensions: () => taken.size,
    get takesValueColumn() {
      return !isValueColumnTaken && !taken.has(VALUE_COLUMN);
    },
    noteValueColumnTaken() {
      if (!isValueColumnTaken) revision += 1;
      isValueColumnTaken = true;
    },
    get revision() {
      return revision;
    },
  };
}
