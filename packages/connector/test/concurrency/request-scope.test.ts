import { describe, expect, it } from 'vitest';
import { RequestScope } from '../../src/concurrency/request-scope.js';
import { ConnectorError } from '../../src/errors/connector-error.js';

const never = new AbortController().signal;

describe('what a request holds', () => {
  it('is given back once when it ends, the last thing first, with the failure that it ended with', () => {
    const scope = new RequestScope(never, 0);
    const released: unknown[] = [];
    scope.hold((failure) => released.push(['first', failure?.code]));
    scope.hold((failure) => released.push(['second', failure?.code]));
    scope.end(new ConnectorError('throttled', 'slow down'));
    scope.end();
    expect(released).toEqual([
      ['second', 'throttled'],
      ['first', 'throttled'],
    ]);
  });

  it('is given back at once where it is acquired after the end, by work that outlives its request', () => {
    const scope = new RequestScope(never, 0);
    scope.end();
    let released = 0;
    scope.hold(() => (released += 1));
    expect(released).toBe(1);
  });

  it('has its time from its arrival, and leaves no timer behind', () => {
    const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    const before = timers();
    const scope = new RequestScope(never, 5_000);
    scope.limitTime(25_000, 'write-timeout');
    expect(scope.deadlineMs).toBe(30_000);
    expect(timers()).toBe(before + 1);
    scope.end();
    expect(timers()).toBe(before);
  });
});
