import { getEventListeners } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { createSharedSignal } from '../../src/concurrency/deadline.js';
import { runInTurns, Turns } from '../../src/concurrency/turns.js';

const never = createSharedSignal(new AbortController().signal);

/** Whoever has had his turn listens no longer. */
afterEach(() => expect(getEventListeners(never, 'abort')).toEqual([]));

describe('Turns', () => {
  /** The order in which pieces of work and rounds of the event loop come; each piece keeps the loop busy for so long. */
  async function eventsOf(pieces: number, busyMs: number): Promise<readonly string[]> {
    const turns = new Turns();
    const events: string[] = [];
    const work = Array.from({ length: pieces }, async (_, index) => {
      await turns.next(never);
      events.push(`turn ${index + 1}`);
      const endMs = performance.now() + busyMs;
      while (performance.now() < endMs);
    });
    let isDone = false;
    const count = () => {
      events.push('round');
      if (!isDone) setImmediate(count);
    };
    setImmediate(count);
    await Promise.all(work);
    isDone = true;
    return events;
  }

  it('lets the event loop go round between pieces that take long, which come in the order in which they were asked for', async () => {
    const events = await eventsOf(4, 25);
    expect(events.filter((event) => event !== 'round')).toEqual(['turn 1', 'turn 2', 'turn 3', 'turn 4']);
    for (let index = 1; index <= 3; index += 1) {
      const between = events.slice(events.indexOf(`turn ${index}`), events.indexOf(`turn ${index + 1}`));
      expect(between, `${index}`).toContain('round');
    }
  });

  it('takes each step of what works in steps in a turn of its own, and leaves the rest when it is told to end', async () => {
    const turns = new Turns();
    let isOver = false;
    let rounds = 0;
    const count = () => {
      rounds += 1;
      if (!isOver) setImmediate(count);
    };
    setImmediate(count);
    function* work(): Generator<void, string, void> {
      for (let step = 1; step <= 5; step += 1) {
        const endMs = performance.now() + 25;
        while (performance.now() < endMs);
        yield;
      }
      return 'done';
    }
    expect(await runInTurns(work(), turns, never)).toBe('done');
    isOver = true;
    expect(rounds).toBeGreaterThanOrEqual(4);
    const leaving = new AbortController();
    function* endless(): Generator<void, string, void> {
      for (let step = 1; ; step += 1) {
        if (step === 3) leaving.abort(new Error('left'));
        yield;
      }
    }
    await expect(runInTurns(endless(), turns, leaving.signal)).rejects.toThrow('given up');
  });

  it('takes what calls to Timestream wait for before a crowd that came earlier', async () => {
    const turns = new Turns();
    const order: string[] = [];
    const crowd = Array.from({ length: 50 }, async (_, index) => {
      await turns.next(never);
      order.push(`decode ${index + 1}`);
      if (index > 0) return;
      await turns.nextForCalls(never);
      order.push('calls of 1');
    });
    await Promise.all(crowd);
    expect(order.slice(0, 3)).toEqual(['decode 1', 'calls of 1', 'decode 2']);
    expect(order).toHaveLength(51);
  });

  it('forgets what calls wait for when its request is given up', async () => {
    const turns = new Turns();
    const leaving = new AbortController();
    const given = turns.nextForCalls(leaving.signal);
    leaving.abort(new Error('left'));
    await expect(given).rejects.toThrow('given up');
    await expect(turns.nextForCalls(leaving.signal)).rejects.toThrow('given up');
    await turns.next(never);
  });

  it('gives many short pieces in a round, so that a slow round holds up nobody once for each of them', async () => {
    const events = await eventsOf(1_000, 0);
    expect(events.filter((event) => event === 'round').length).toBeLessThan(500);
    expect(events.at(-1)).toBe('turn 1000');
  });

  it('lets hundreds of connections come first that come one after the other, and then gives a turn all the same', async () => {
    const turns = new Turns();
    let arrivals = 0;
    const arrive = () => {
      arrivals += 1;
      turns.noteArrival();
      arriving = setImmediate(arrive);
    };
    let arriving = setImmediate(arrive);
    const waits: number[] = [];
    for (let turn = 1; turn <= 3; turn += 1) {
      const before = arrivals;
      await turns.next(never);
      waits.push(arrivals - before);
    }
    clearImmediate(arriving);
    for (const waited of waits) {
      expect(waited).toBeGreaterThan(400);
      expect(waited).toBeLessThan(600);
    }
    const arrivedBefore = arrivals;
    await turns.next();
    await turns.next();
    expect(arrivals).toBe(arrivedBefore);
  });

  it('gives none to who has gone, and goes on with the next', async () => {
    const turns = new Turns();
    const client = new AbortController();
    const gone = turns.next(client.signal);
    const next = turns.next(never);
    client.abort();
    await expect(gone).rejects.toMatchObject({ code: 'client-gone' });
    await next;
    await expect(turns.next(client.signal)).rejects.toMatchObject({ code: 'client-gone' });
  });
});
