import { describe, expect, it } from 'vitest';
import { ReadBudget } from '../../src/concurrency/read-budget.js';
import { METRICS } from '../../src/index.js';
import { RecordingMetrics } from '../support/recording-metrics.js';

const never = new AbortController().signal;

function createBudget(maxBytes: number, maxWaitMs = 60_000) {
  const metrics = new RecordingMetrics();
  const budget = new ReadBudget({ maxBytes, metrics, maxWaitMs });
  return { budget, heldBytes: () => metrics.sum(METRICS.readBytesInFlight) };
}

/** Whether it is still waited for. */
async function isWaiting(task: Promise<unknown>): Promise<boolean> {
  const pending = Symbol('pending');
  await new Promise((resolve) => setImmediate(resolve));
  return (await Promise.race([task.catch(() => undefined), Promise.resolve(pending)])) === pending;
}

describe('ReadBudget', () => {
  it('counts what is held, as it grows and shrinks, and nothing after the end of a request', async () => {
    const { budget, heldBytes } = createBudget(100);
    const share = budget.openShare(never);
    const [page, samples] = [share.hold(), share.hold()];
    await page.set(30);
    await samples.set(50);
    expect(heldBytes()).toBe(80);
    await samples.set(20);
    page.end();
    expect(heldBytes()).toBe(20);
    share.release();
    share.release();
    samples.end();
    expect(heldBytes()).toBe(0);
    await expect(page.set(1)).rejects.toMatchObject({ code: 'client-gone' });
    expect(heldBytes()).toBe(0);
  });

  it('refuses for good what would take more than there is for all, and names the option', async () => {
    const { budget, heldBytes } = createBudget(100);
    const share = budget.openShare(never);
    const held = share.hold();
    await held.set(60);
    await expect(share.hold().set(41)).rejects.toMatchObject({
      code: 'read-limit-exceeded',
      message: expect.stringMatching(/would hold 101 bytes, all reads together may hold 100 \(max-read-bytes-in-flight\)/) as string,
    });
    expect(heldBytes()).toBe(60);
  });

  it('lets requests wait for one another, who came first goes first, also before a smaller one', async () => {
    const { budget } = createBudget(100);
    const [first, second, third, fourth] = [
      budget.openShare(never),
      budget.openShare(never),
      budget.openShare(never),
      budget.openShare(never),
    ];
    const held = first.hold();
    await held.set(90);
    const done: string[] = [];
    // The fourth asks before the third, which came before it.
    const waits = [
      second.hold().set(40).then(() => done.push('second')),
      fourth.hold().set(5).then(() => done.push('fourth')),
      third.hold().set(60).then(() => done.push('third')),
    ]; // prettier-ignore
    expect(await isWaiting(Promise.race(waits))).toBe(true);
    await held.set(50);
    await waits[0];
    expect(done).toEqual(['second']);
    first.release();
    await waits[2];
    expect(done).toEqual(['second', 'third']);
    second.release();
    await waits[1];
    expect(done).toEqual(['second', 'third', 'fourth']);
  });

  it('refuses the last that came where all that hold something wait, so that the others go on', async () => {
    const { budget, heldBytes } = createBudget(100);
    const [early, late] = [budget.openShare(never), budget.openShare(never)];
    const [ofEarly, ofLate] = [early.hold(), late.hold()];
    await ofEarly.set(50);
    await ofLate.set(50);
    const earlyGrows = ofEarly.set(80);
    expect(await isWaiting(earlyGrows)).toBe(true);
    await expect(ofLate.set(60)).rejects.toMatchObject({
      code: 'overloaded',
      message: expect.stringContaining('max-read-bytes-in-flight') as string,
    });
    expect(await isWaiting(earlyGrows)).toBe(true);
    late.release();
    await earlyGrows;
    expect(heldBytes()).toBe(80);
  });

  it('waits no longer than it should, nor for a request that has gone, nor for one that has ended', async () => {
    const { budget, heldBytes } = createBudget(100, 30);
    const holder = budget.openShare(never);
    await holder.hold().set(100);
    await expect(budget.openShare(never).hold().set(1)).rejects.toMatchObject({ code: 'overloaded' });
    const client = new AbortController();
    const leaving = budget.openShare(client.signal).hold().set(1);
    client.abort();
    await expect(leaving).rejects.toMatchObject({ code: 'client-gone' });
    const ending = budget.openShare(never);
    const waiting = ending.hold().set(1);
    ending.release();
    await expect(waiting).rejects.toMatchObject({ code: 'client-gone' });
    holder.release();
    expect(heldBytes()).toBe(0);
    await budget.openShare(never).hold().set(100);
    expect(heldBytes()).toBe(100);
  });

  it('never holds more than there is, whatever comes in whatever order', async () => {
    const seed = Date.now() % 100_000;
    let state = seed;
    const below = (limit: number) => {
      state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
      return Math.floor((state / 2 ** 31) * limit);
    };
    const { budget, heldBytes } = createBudget(1_000, 20);
    let most = 0;
    const codes = new Set<unknown>();
    await Promise.all(
      Array.from({ length: 200 }, async () => {
        await new Promise((resolve) => setTimeout(resolve, below(30)));
        const share = budget.openShare(never);
        try {
          const pieces = [share.hold(), share.hold()];
          for (let step = 0; step < 5; step += 1) {
            await pieces[below(2)]?.set(below(400));
            most = Math.max(most, heldBytes());
            await new Promise((resolve) => setTimeout(resolve, below(3)));
          }
          codes.add('done');
        } catch (error) {
          codes.add((error as { readonly code?: unknown }).code);
        } finally {
          share.release();
        }
      }),
    );
    expect(most, `seed ${seed}`).toBeLessThanOrEqual(1_000);
    expect(heldBytes(), `seed ${seed}`).toBe(0);
    expect([...codes].sort(), `seed ${seed}`).toEqual(['done', 'overloaded']);
  });
});
