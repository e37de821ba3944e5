import { describe, expect, it } from 'vitest';
import { Turns } from '../../src/concurrency/turns.js';
import { compileQueries } from '../../src/read/compile-matchers.js';

describe('the matchers of many queries in one request', () => {
  const queries = Array.from({ length: 20 }, (_none, index) => ({
    matchers: [{ name: 'l', type: '=~' as const, value: `a${index}[0-9a-f]{0,300}b` }],
  }));

  it('are compiled one query in each turn, so that others have theirs in between', async () => {
    let others = 0;
    const turns = new Turns();
    const compiling = compileQueries(queries, turns, new AbortController().signal);
    const asOthersDo = Array.from({ length: 10 }, async () => {
      await turns.next();
      others += 1;
    });
    const compiled = await compiling;
    expect(compiled).toHaveLength(20);
    expect(others).toBe(10);
    await Promise.all(asOthersDo);
  });

  it('are left when the request is given up between two of them', async () => {
    const request = new AbortController();
    const compiling = compileQueries(queries, new Turns(), request.signal);
    request.abort();
    await expect(compiling).rejects.toMatchObject({ code: 'client-gone' });
  });
});
