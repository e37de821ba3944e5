import { describe, expect, it } from 'vitest';
import { createByteBudget } from '../../src/concurrency/create-byte-budget.js';

describe('createByteBudget', () => {
  it('refuses what would go over the limit together with others, and takes it when they are done', () => {
    const budget = createByteBudget(100, 'max-x');
    const release = budget.take(60);
    expect(() => budget.take(41)).toThrow(/60 bytes.*over 100 \(max-x\)/);
    budget.take(40);
    release();
    budget.take(60);
    expect(() => budget.take(1)).toThrow();
  });

  it('takes anything when there is nothing else', () => {
    const budget = createByteBudget(100, 'max-x');
    const release = budget.take(1000);
    expect(() => budget.take(1)).toThrow();
    release();
    budget.take(1000);
  });
});
