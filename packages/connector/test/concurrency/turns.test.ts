import { describe, expect, it } from 'vitest';
import { Turns } from '../../src/concurrency/turns.js';

const never = new AbortController().signal;

describe('Turns', () => {
  it('gives one turn in each round of the event loop, in the order in which they were asked for', async () => {
    const turns = new Turns();
    const events: string[] = [];
    const work = [1, 2, 3].map(async (name) => {
      await turns.next(never);
      events.push(`turn ${name}`);
      // Runs in the next round, before the next turn only if that one waits for it.
      await new Promise<void>((resolve) => setTimeout(resolve, 0));
    });
    let round = 0;
    const count = () => {
      round += 1;
      events.push(`round ${round}`);
      if (round < 4) setImmediate(count);
    };
    setImmediate(count);
    await Promise.all(work);
    const turnRounds = events.flatMap((event, index) => (event.startsWith('turn') ? [index] : []));
    expect(events.filter((event) => event.startsWith('turn'))).toEqual(['turn 1', 'turn 2', 'turn 3']);
    for (const [earlier, later] of [turnRounds.slice(0, 2), turnRounds.slice(1)]) {
      expect(events.slice(earlier, later).some((event) => event.startsWith('round'))).toBe(true);
    }
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
