import { RE2JS } from 're2js';
import type { Predicate } from '../../src/sql/predicate.js';

/** A row as a condition sees it: texts by column, null for NULL, and its time. A column that is not there may not be named. */
export interface EvaluatedRow {
  readonly columns: ReadonlyMap<string, string | null>;
  readonly timeNs: bigint;
}

/** SQL's three values: null is neither true nor false. */
export function evaluatePredicate(predicate: Predicate, row: EvaluatedRow): boolean | null {
  switch (predicate.kind) {
    case 'constant':
      return predicate.value;
    case 'all':
    case 'any': {
      const absorbing = predicate.kind === 'any';
      const values = predicate.of.map((part) => evaluatePredicate(part, row));
      return values.includes(absorbing) ? absorbing : values.includes(null) ? null : !absorbing;
    }
    case 'null':
      return (textOf(row, predicate.column) === null) !== predicate.negated;
    case 'time':
      return (
        row.timeNs >= BigInt(predicate.fromMs) * 1_000_000n &&
        (predicate.beforeMs === null || row.timeNs < BigInt(predicate.beforeMs) * 1_000_000n)
      );
    case 'in': {
      const text = textOf(row, predicate.column);
      return text === null ? null : predicate.values.includes(text) !== predicate.negated;
    }
    case 'like': {
      const text = textOf(row, predicate.column);
      return text === null ? null : isLike(text, predicate.pattern) !== predicate.negated;
    }
    case 'regexp': {
      const text = textOf(row, predicate.column);
      // The dialect of these patterns means the same to RE2 and Java; java-pattern.test.ts asks Java.
      return text === null ? null : RE2JS.compile(predicate.pattern).test(text) !== predicate.negated;
    }
  }
}

function textOf(row: EvaluatedRow, column: string): string | null {
  const text = row.columns.get(column);
  if (text === undefined) throw new Error(`Column '${column}' does not exist`);
  return text;
}

function isLike(text: string, pattern: readonly string[]): boolean {
  const expression = pattern.map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('[^]*');
  return new RegExp(`^${expression}$`, 'u').test(text);
}
