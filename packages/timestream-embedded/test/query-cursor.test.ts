import { describe, expect, it } from 'vitest';
import { serviceLimits } from '../src/limits.js';
import { QueryCursor } from '../src/query/query-cursor.js';
import type { RowSource } from '../src/query/row-source.js';
import { UsageCounters } from '../src/usage-counters.js';

/** Rows that never come until someone interrupts, as DuckDB does it. */
function createEndlessSource(): RowSource & { readonly closes: number } {
  let fail: ((error: Error) => void) | undefined;
  const state = { closes: 0 };
  return {
    columns: [{ Name: 'x', Type: { ScalarType: 'BIGINT' } }],
    isMetered: true,
    next: () => new Promise((_, reject) => (fail = reject)),
    interrupt: () => fail?.(new Error('INTERRUPT Error: Interrupted!')),
    close: () => void (state.closes += 1),
    get closes() {
      return state.closes;
    },
  };
}

const identity = { queryId: 'A', principal: 'p', queryString: 'q', maxRows: undefined };

describe('a cursor whose page is being computed', () => {
  it('fails the page with ConflictException when it is cancelled, and gives its connection back', async () => {
    const source = createEndlessSource();
    const cursor = new QueryCursor(identity, source, serviceLimits, new UsageCounters());
    const page = cursor.nextAnswer({}, () => 'token');
    expect(cursor.isBusy).toBe(true);
    expect(cursor.cancel()).toBe(true);
    await expect(page).rejects.toMatchObject({ code: 'ConflictException' });
    expect(cursor).toMatchObject({ state: 'cancelled', isBusy: false });
    expect(source.closes).toBe(1);
    await expect(cursor.nextAnswer({}, () => 'token')).rejects.toMatchObject({ code: 'ConflictException' });
    expect(cursor.cancel()).toBe(false);
  });

  it('fails the page when the client goes away', async () => {
    const source = createEndlessSource();
    const cursor = new QueryCursor(identity, source, serviceLimits, new UsageCounters());
    const abort = new AbortController();
    const page = cursor.nextAnswer({}, () => 'token', abort.signal);
    abort.abort();
    await expect(page).rejects.toMatchObject({ code: 'QueryExecutionException' });
    expect(source.closes).toBe(1);
  });

  it('refuses a result whose columns take more to describe than the service allows', () => {
    const limits = { ...serviceLimits, maxResultMetadataBytes: 10 };
    expect(() => new QueryCursor(identity, createEndlessSource(), limits, new UsageCounters())).toThrow(/10 are allowed/);
  });
});
