import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { createDimensionBudget } from '../../src/write/dimension-budget.js';
import { LABELS_DIMENSION } from '../../src/model/layout.js';

const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `label_${index}`);

describe('createDimensionBudget', () => {
  it('gives 127 labels a place and keeps the 128th for prometheus_labels', () => {
    const budget = createDimensionBudget();
    expect(names(127).every((name) => budget.claim(name))).toBe(true);
    expect(budget.claim('one_more')).toBe(false);
    expect(budget.claim('label_0')).toBe(true);
    expect(budget.claim(LABELS_DIMENSION)).toBe(true);
    expect(budget.usedDimensions()).toBe(128);
  });

  it('lets known dimensions be used, even those over the limit, and counts them', () => {
    const budget = createDimensionBudget({ maxDimensions: 3 });
    budget.learn(['a', 'b', 'c', LABELS_DIMENSION]);
    expect(['a', 'b', 'c'].every((name) => budget.claim(name))).toBe(true);
    expect(budget.claim('d')).toBe(false);
    expect(budget.usedDimensions()).toBe(4);
  });

  it('makes no dimension of a label v, which is the name of our measure, but uses one that the table has', () => {
    const budget = createDimensionBudget();
    expect(budget.claim('v')).toBe(false);
    expect(budget.usedDimensions()).toBe(1);
    const before = budget.revision;
    budget.learn(['v']);
    expect(budget.revision).not.toBe(before);
    expect(budget.claim('v')).toBe(true);
    expect(budget.takesValueColumn).toBe(false);
  });

  it('takes no values in v after they were refused there, and makes no dimension of it either', () => {
    const budget = createDimensionBudget();
    expect(budget.takesValueColumn).toBe(true);
    const before = budget.revision;
    budget.noteValueColumnTaken();
    expect(budget.revision).not.toBe(before);
    expect(budget.takesValueColumn).toBe(false);
    expect(budget.claim('v')).toBe(false);
  });

  it('gives no label a place if the only dimension is ours', () => {
    expect(createDimensionBudget({ maxDimensions: 1 }).claim('a')).toBe(false);
  });

  it.each([0, 129, 1.5, NaN, -1])('refuses %d as the number of dimensions', (maxDimensions) => {
    expect(() => createDimensionBudget({ maxDimensions })).toThrow(
      `maxDimensions is ${maxDimensions}, allowed are whole numbers from 1 to 128`,
    );
  });

  it('never lets claims go over the limit, and never takes a place back', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 128 }),
        fc.array(fc.constantFrom(...names(150)), { maxLength: 400 }),
        (maxDimensions, claims) => {
          const budget = createDimensionBudget({ maxDimensions });
          const granted = new Set(claims.filter((name) => budget.claim(name)));
          expect(budget.usedDimensions()).toBe(granted.size + 1);
          expect(budget.usedDimensions()).toBeLessThanOrEqual(maxDimensions);
          for (const name of granted) expect(budget.claim(name)).toBe(true);
          for (const name of claims) expect(granted.has(name)).toBe(budget.claim(name));
        },
      ),
    );
  });
});
