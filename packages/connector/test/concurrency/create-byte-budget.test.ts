import { describe, expect, it } from 'vitest';
import { createByteBudget } from '../../src/concurrency/create-byte-budget.js';

const budgetOf = (maxBytes: number) => createByteBudget({ maxBytes, optionName: 'max-x', maxBytesAlone: 10_000 });

describe('createByteBudget', () => {
  it('refuses what would go over the limit together with others, and takes it when they are done', () => {
    const budget = budgetOf(100);
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
    const share = budgetOf(100).openShare();
    share.release();
    expect(() => share.take(1)).toThrow(expect.objectContaining({ code: 'client-gone' }));
  });

  it('is given back once what a request held, though its work gives some of it back after the end', () => {
    const budget = budgetOf(100);
    const [one, other] = [budget.openShare(), budget.openShare()];
    one.take(60);
    one.release();
    one.giveBack(60);
    other.take(60);
    expect(() => budget.openShare().take(41)).toThrow(/60 bytes/);
    one.release();
    expect(() => budget.openShare().take(41)).toThrow(/60 bytes/);
  });

  it('takes anything of one request when there is no other, however often it takes', () => {
    const budget = budgetOf(100);
    const [one, other] = [budget.openShare(), budget.openShare()];
    one.take(1000);
    one.take(1000);
    expect(() => other.take(1)).toThrow();
    one.release();
    one.release();
    other.take(1000);
  });

  it('refuses one request for good above what it may hold alone', () => {
    const share = budgetOf(100).openShare();
    share.take(10_000);
    expect(() => share.take(1)).toThrow(expect.objectContaining({ code: 'decoded-body-too-large' }));
  });

  it('leaves half to bodies that are complete, however many are arriving', () => {
    const budget = budgetOf(100);
    const [one, other, third] = [budget.openShare(), budget.openShare(), budget.openShare()];
    one.takeArriving(30);
    other.takeArriving(20);
    expect(() => third.takeArriving(1)).toThrow(/over 100/);
    one.noteArrived();
    one.take(50);
    one.giveBack(30);
    third.takeArriving(30);
    expect(() => third.takeArriving(1)).toThrow(/over 100/);
    other.release();
    third.takeArriving(20);
  });

  it('judges a declared length by what is held, and keeps nothing for it', () => {
    const budget = budgetOf(100);
    budget.assertRoomFor(1000);
    const one = budget.openShare();
    one.takeArriving(30);
    expect(() => budget.assertRoomFor(21)).toThrow(/over 100/);
    budget.assertRoomFor(20);
    budget.assertRoomFor(20);
    one.noteArrived();
    expect(() => budget.assertRoomFor(71)).toThrow(/over 100/);
    budget.assertRoomFor(70);
  });
});
