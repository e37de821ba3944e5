import { describe, expect, it } from 'vitest';
import { createByteBudget } from '../../src/concurrency/create-byte-budget.js';

describe('createByteBudget', () => {
  it('refuses what would go over the limit together with others, and takes it when they are done', () => {
    const budget = createByteBudget(100, 'max-x');
    const [one, other] = [budget.openShare(), budget.openShare()];
    one.take(40);
    one.take(20);
    expect(() => other.take(41)).toThrow(/60 bytes.*over 100 \(max-x\)/);
    other.take(40);
    one.release();
    other.take(59);
    expect(() => other.take(1)).not.toThrow();
    expect(() => budget.openShare().take(60)).toThrow(/over 100/);
  });

  it('takes nothing more for a request that has ended', () => {
    const share = createByteBudget(100, 'max-x').openShare();
    share.release();
    expect(() => share.take(1)).toThrow(expect.objectContaining({ code: 'client-gone' }));
  });

  it('takes anything of one request when there is no other, however often it takes', () => {
    const budget = createByteBudget(100, 'max-x');
    const [one, other] = [budget.openShare(), budget.openShare()];
    one.take(1000);
    one.take(1000);
    expect(() => other.take(1)).toThrow();
    one.release();
    one.release();
    other.take(1000);
  });
});
