import { ConnectorError } from '@timestream-prometheus/connector';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEADLINE_GRACE_MS, DEADLINE_MARGIN_MS, startInvocationDeadline, workTimeMs } from '../src/invocation-deadline.js';

const limits = { remainingMs: 60_000, timeoutMs: 45_000, maxWaitMs: 30_000, receivedAtMs: undefined, nowMs: 1_000_000 };

describe('workTimeMs', () => {
  it.each([
    ['the gateway is the first to give up', limits, 29_000],
    ['the function ends first', { ...limits, remainingMs: 5_000 }, 4_000],
    ['the option ends first', { ...limits, timeoutMs: 10_000 }, 9_000],
    ['nothing but the function limits', { ...limits, maxWaitMs: undefined }, 44_000],
    ['a cold start used up some of the gateway’s patience', { ...limits, receivedAtMs: 997_500 }, 26_500],
    ['the gateway’s clock is ahead', { ...limits, receivedAtMs: 1_000_400 }, 29_000],
    ['the event is a replayed one', { ...limits, receivedAtMs: 0 }, 29_000],
    ['no time is left', { ...limits, remainingMs: 300 }, 0],
  ])('when %s', (_case, given, expected) => {
    expect(workTimeMs(given)).toBe(expected);
  });

  it('always leaves the margin to whoever gives up first', () => {
    const time = fc.integer({ min: 0, max: 900_000 });
    fc.assert(
      fc.property(time, time, fc.option(time, { nil: undefined }), (remainingMs, timeoutMs, maxWaitMs) => {
        const workMs = workTimeMs({ ...limits, remainingMs, timeoutMs, maxWaitMs });
        const firstMs = Math.min(remainingMs, timeoutMs, maxWaitMs ?? Number.POSITIVE_INFINITY);
        expect(workMs).toBe(Math.max(0, firstMs - DEADLINE_MARGIN_MS));
      }),
    );
  });

  it('leaves time for the answer after the grace of the core', () => {
    expect(DEADLINE_GRACE_MS).toBeLessThan(DEADLINE_MARGIN_MS);
  });
});

describe('startInvocationDeadline', () => {
  it('aborts with the error that the client is told', async () => {
    const deadline = startInvocationDeadline({ ...limits, remainingMs: DEADLINE_MARGIN_MS + 5 });
    await new Promise((resolve) => deadline.signal.addEventListener('abort', resolve));
    deadline.clear();
    expect(deadline.signal.reason).toBeInstanceOf(ConnectorError);
    expect(deadline.signal.reason).toMatchObject({ code: 'deadline-exceeded' });
  });

  it('answers in place of work that does not come back', async () => {
    const deadline = startInvocationDeadline({ ...limits, remainingMs: 0 });
    await expect(deadline.bound(new Promise(() => undefined))).rejects.toMatchObject({ code: 'deadline-exceeded' });
    deadline.clear();
  });

  it('gives back what the work gives, and lets go of its timers', async () => {
    const deadline = startInvocationDeadline(limits);
    await expect(deadline.bound(Promise.resolve('done'))).resolves.toBe('done');
    deadline.clear();
    expect(deadline.signal.aborted).toBe(false);
  });
});
