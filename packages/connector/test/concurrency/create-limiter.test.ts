import { describe, expect, it } from 'vitest';
import { createLimiter } from '../../src/concurrency/create-limiter.js';

function gate() {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

const never = new AbortController().signal;

describe('createLimiter', () => {
  it('starts waiting tasks in the order they came, one for each that ends', async () => {
    const limiter = createLimiter(2);
    const gates = [gate(), gate(), gate(), gate()];
    const startedTasks: number[] = [];
    const work = gates.map(({ opened }, index) =>
      limiter.run(() => {
        startedTasks.push(index);
        return opened;
      }, never),
    );
    await Promise.resolve();
    expect(startedTasks).toEqual([0, 1]);
    gates[1]?.open();
    await work[1];
    await expect.poll(() => startedTasks).toEqual([0, 1, 2]);
    for (const { open } of gates) open();
    await Promise.all(work);
    expect(startedTasks).toEqual([0, 1, 2, 3]);
  });

  it('never runs more than it may, though others come while turns are passed on', async () => {
    const limiter = createLimiter(2);
    let running = 0;
    let most = 0;
    let begun = 0;
    const run = async (generation: number): Promise<void> => {
      await limiter.run(async () => {
        begun += 1;
        most = Math.max(most, (running += 1));
        for (let step = 0; step <= begun % 3; step += 1) await Promise.resolve();
        running -= 1;
      }, never);
      if (generation > 0) await Promise.all([run(generation - 1), run(generation - 1)]);
    };
    await Promise.all([run(4), run(4), run(4)]);
    expect(begun).toBe(3 * 31);
    expect(most).toBe(2);
  });

  it('gives the turn back when a task fails', async () => {
    const limiter = createLimiter(1);
    await expect(limiter.run(() => Promise.reject(new Error('no')), never)).rejects.toThrow('no');
    expect(await limiter.run(() => Promise.resolve('next'), never)).toBe('next');
  });

  it('never starts a task whose caller has gone, and loses no turn by it', async () => {
    const limiter = createLimiter(1);
    const first = gate();
    const running = limiter.run(() => first.opened, never);
    const client = new AbortController();
    let isStarted = false;
    const waiting = limiter.run(() => {
      isStarted = true;
      return Promise.resolve();
    }, client.signal);
    const last = limiter.run(() => Promise.resolve('last'), never);
    client.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'client-gone' });
    first.open();
    await running;
    expect(await last).toBe('last');
    expect(isStarted).toBe(false);
    await expect(limiter.run(() => Promise.resolve(), client.signal)).rejects.toMatchObject({ code: 'client-gone' });
    expect(await limiter.run(() => Promise.resolve('again'), never)).toBe('again');
  });
});
