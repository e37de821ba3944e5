import { describe, expect, it } from 'vitest';
import { CallQueue, type CallShare } from '../../src/concurrency/call-queue.js';

const never = new AbortController().signal;

/** Lets everything happen that waits for nothing. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A queue whose calls end when the test says so, at the time that the test says. */
function createQueue(maxConcurrency: number, maxConcurrencyPerRequest: number) {
  let nowMs = 0;
  const queue = new CallQueue({ maxConcurrency, maxConcurrencyPerRequest, clock: { nowMs: () => nowMs } });
  const running: { readonly name: string; end: () => void }[] = [];
  const started: string[] = [];
  const callsOf = (share: CallShare, name: string, count: number, signal = never) =>
    Array.from({ length: count }, () =>
      share.run(async () => {
        started.push(name);
        const startMs = nowMs;
        await new Promise<void>((resolve) => running.push({ name, end: resolve }));
        queue.noteCall(nowMs - startMs, signal.aborted);
      }, signal),
    );
  /** Ends every call in flight, after `durationMs`. */
  const endAll = async (durationMs: number) => {
    await settle();
    nowMs += durationMs;
    for (const { end } of running.splice(0)) end();
    await settle();
  };
  return { queue, callsOf, endAll, started };
}

describe('CallQueue', () => {
  it('makes the calls of the request that came first before those of later ones, whoever asks first', async () => {
    const { queue, callsOf, endAll, started } = createQueue(2, 2);
    const [first, second] = [
      queue.open({ tenant: 'any', callCount: 4, deadlineMs: 1e9 }),
      queue.open({ tenant: 'any', callCount: 2, deadlineMs: 1e9 }),
    ];
    const work = [...callsOf(second, 'second', 2), ...callsOf(first, 'first', 4)];
    await settle();
    // Nobody else wanted the turns when the second one asked.
    expect(started).toEqual(['second', 'second']);
    await endAll(10);
    await endAll(10);
    await endAll(10);
    expect(started).toEqual(['second', 'second', 'first', 'first', 'first', 'first']);
    await Promise.all(work);
  });

  it('gives the turns that one request may not have to the next one', async () => {
    const { queue, callsOf, endAll, started } = createQueue(5, 3);
    const [first, second] = [
      queue.open({ tenant: 'any', callCount: 4, deadlineMs: 1e9 }),
      queue.open({ tenant: 'any', callCount: 4, deadlineMs: 1e9 }),
    ];
    const work = [...callsOf(first, 'first', 4), ...callsOf(second, 'second', 4)];
    await settle();
    expect(started).toEqual(['first', 'first', 'first', 'second', 'second']);
    await endAll(10);
    await endAll(10);
    await Promise.all(work);
  });

  it('refuses a request before it is read if not even one call of it would end in time, and keeps no place for it', async () => {
    const { queue, callsOf, endAll } = createQueue(2, 2);
    const first = queue.open({ tenant: 'any', callCount: 22, deadlineMs: 100_000 });
    const work = callsOf(first, 'first', 2);
    // Nothing is known yet of how long a call takes.
    queue.assertHope({ tenant: 'any', deadlineMs: 1 });
    await endAll(1_000);
    await Promise.all(work);
    // 20 calls, two at a time, of a second each.
    expect(() => {
      queue.assertHope({ tenant: 'any', deadlineMs: 11_000 });
    }).toThrow(/20 calls of earlier requests come first/);
    queue.assertHope({ tenant: 'any', deadlineMs: 20_000 });
    first.close();
    queue.assertHope({ tenant: 'any', deadlineMs: 1_001 });
  });

  it('refuses at once a request that could not end in time behind those before it, and says when to come again', async () => {
    const { queue, callsOf, endAll } = createQueue(2, 2);
    const first = queue.open({ tenant: 'any', callCount: 20, deadlineMs: 100_000 });
    const work = callsOf(first, 'first', 20);
    await endAll(2000);
    // 18 calls before it and 2 of its own, two at a time: 20 s and a tenth.
    expect(() => queue.open({ tenant: 'any', callCount: 2, deadlineMs: 2000 + 21_000 })).toThrow(
      expect.objectContaining({
        code: 'overloaded',
        retryAfterSeconds: 1,
        message: expect.stringMatching(/18 calls of earlier requests/) as string,
      }),
    );
    queue.open({ tenant: 'any', callCount: 2, deadlineMs: 2000 + 22_001 }).close();
    expect(() => queue.open({ tenant: 'any', callCount: 2, deadlineMs: 0 })).toThrow(expect.objectContaining({ retryAfterSeconds: 22 }));
    for (let round = 0; round < 10; round += 1) await endAll(2000);
    await Promise.all(work);
  });

  it('refuses who waits, as soon as it is seen that the time will not do, but never who has begun or is alone', async () => {
    const { queue, callsOf, endAll, started } = createQueue(2, 2);
    const shares = [1, 2, 3].map(() => queue.open({ tenant: 'any', callCount: 4, deadlineMs: 5000 }));
    const [first, second, third] = shares.map((share, index) => callsOf(share, `request ${index + 1}`, 4));
    const outcome = Promise.allSettled(third ?? []);
    await endAll(1000);
    // Four calls of each, two at a time, a second for each: the third would need 6 s in all.
    expect((await outcome).map((settled) => (settled.status === 'rejected' ? (settled.reason as { code: string }).code : 'made'))).toEqual([
      'overloaded',
      'overloaded',
      'overloaded',
      'overloaded',
    ]);
    for (let round = 0; round < 4; round += 1) await endAll(1000);
    await Promise.all([...(first ?? []), ...(second ?? [])]);
    expect(started.filter((name) => name === 'request 3')).toEqual([]);
    for (const share of shares) share.close();
    const alone = queue.open({ tenant: 'any', callCount: 1000, deadlineMs: 0 });
    const call = callsOf(alone, 'alone', 1);
    await endAll(1);
    await Promise.all(call);
  });

  it('counts of calls that were given up those that took longer than usual: they would have taken at least that', () => {
    const { queue } = createQueue(1, 1);
    queue.noteCall(60_000, true);
    queue.open({ tenant: 'any', callCount: 1, deadlineMs: 1e9 });
    // Of how long a call takes nothing is known by that: it was given up for another reason.
    queue.assertHope({ tenant: 'any', deadlineMs: 1 });
    queue.noteCall(100, false);
    queue.noteCall(1, true);
    queue.assertHope({ tenant: 'any', deadlineMs: 221 });
    queue.noteCall(10_000, true);
    expect(() => {
      queue.assertHope({ tenant: 'any', deadlineMs: 4_000 });
    }).toThrow(/a call takes 2080 ms/);
  });

  it('refuses a request that has too few turns of its own, though there are enough for all', () => {
    const { queue } = createQueue(10, 2);
    queue.noteCall(1_000, false);
    queue.open({ tenant: 'any', callCount: 1, deadlineMs: 1e9 });
    queue.open({ tenant: 'any', callCount: 10, deadlineMs: 5_501 }).close();
    expect(() => queue.open({ tenant: 'any', callCount: 10, deadlineMs: 5_499 })).toThrow(/would need 5500 ms and has 5499 ms/);
  });

  it('lets who has begun go on behind others, though its time will not do', async () => {
    const { queue, callsOf, endAll, started } = createQueue(2, 1);
    const work = [
      callsOf(queue.open({ tenant: 'any', callCount: 5, deadlineMs: 1e9 }), 'first', 5),
      callsOf(queue.open({ tenant: 'any', callCount: 5, deadlineMs: 2000 }), 'second', 5),
    ];
    for (let round = 0; round < 5; round += 1) await endAll(1000);
    await Promise.all(work.flat());
    expect(started.filter((name) => name === 'second')).toHaveLength(5);
  });

  it('gives the turn of a request that has gone to the next one', async () => {
    const { queue, callsOf, endAll, started } = createQueue(1, 1);
    const client = new AbortController();
    const [first, second] = [
      queue.open({ tenant: 'any', callCount: 2, deadlineMs: 1e9 }),
      queue.open({ tenant: 'any', callCount: 1, deadlineMs: 1e9 }),
    ];
    const [running, waiting] = callsOf(first, 'first', 2, client.signal);
    const other = callsOf(second, 'second', 1);
    client.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'client-gone' });
    await endAll(10);
    await endAll(10);
    await Promise.all([running, ...other]);
    first.close();
    expect(started).toEqual(['first', 'second']);
  });

  it('passes on what a call throws, and goes on', async () => {
    const { queue } = createQueue(1, 1);
    const share = queue.open({ tenant: 'any', callCount: 2, deadlineMs: 1e9 });
    await expect(share.run(() => Promise.reject(new Error('no')), never)).rejects.toThrow('no');
    expect(await share.run(() => Promise.resolve('next'), never)).toBe('next');
  });

  it('holds a request until the calls before it that are to begin are fewer than can be in flight', async () => {
    const { queue, callsOf, endAll } = createQueue(2, 2);
    const first = queue.open({ tenant: 'any', callCount: 6, deadlineMs: 1e9 });
    const work = callsOf(first, 'first', 6);
    const place = queue.reserve({ tenant: 'any', callCount: 1, deadlineMs: 1e9 });
    let isNear = false;
    const near = place.waitUntilNear(1, never).then(() => (isNear = true));
    await settle();
    expect([place.isNear(), isNear]).toEqual([false, false]);
    await endAll(10_000);
    // Two are done, two in flight, and two are to begin.
    expect(isNear).toBe(false);
    await endAll(10_000);
    expect(isNear).toBe(true);
    await near;
    const own = callsOf(place.open({ callCount: 1, deadlineMs: 1e9 }), 'own', 1);
    await endAll(10_000);
    await endAll(10_000);
    await Promise.all([...work, ...own]);
  });

  it('holds nobody behind calls that are quick', async () => {
    const { queue, callsOf, endAll } = createQueue(2, 2);
    const first = queue.open({ tenant: 'any', callCount: 100, deadlineMs: 1e9 });
    const work = callsOf(first, 'first', 2);
    expect(queue.reserve({ tenant: 'any', callCount: 1, deadlineMs: 1e9 }).isNear()).toBe(false);
    await endAll(20);
    expect(queue.reserve({ tenant: 'any', callCount: 1, deadlineMs: 1e9 }).isNear()).toBe(true);
    await Promise.all(work);
  });

  it('lets the next request come near when one before it leaves, and forgets one that gives up', async () => {
    const { queue } = createQueue(1, 1);
    const [first, second, third] = [1, 2, 3].map(() => queue.reserve({ tenant: 'any', callCount: 1, deadlineMs: 1e9 }));
    const client = new AbortController();
    const given = second?.waitUntilNear(1, client.signal);
    const waiting = third?.waitUntilNear(1, never);
    client.abort();
    await expect(given).rejects.toMatchObject({ code: 'client-gone' });
    second?.leave();
    first?.leave();
    await waiting;
  });

  it('refuses a request that waits to come near as soon as it is seen that it cannot end in time, and nobody for what another may come to', async () => {
    const { queue, callsOf, endAll } = createQueue(1, 1);
    const first = queue.open({ tenant: 'any', callCount: 4, deadlineMs: 1e9 });
    const work = callsOf(first, 'first', 4);
    const place = queue.reserve({ tenant: 'any', callCount: 1, deadlineMs: 5_000 });
    const waiting = place.waitUntilNear(1, never);
    const refused = expect(waiting).rejects.toMatchObject({ code: 'overloaded' });
    await endAll(2_000);
    await refused;
    // Three calls of two seconds, and one of its own.
    await expect(queue.reserve({ tenant: 'any', callCount: 1, deadlineMs: 9_000 }).waitUntilNear(1, never)).rejects.toThrow(
      /3 calls of earlier requests/,
    );
    queue.reserve({ tenant: 'any', callCount: 1_000, deadlineMs: 1e9 });
    queue.open({ tenant: 'any', callCount: 1, deadlineMs: 12_000 }).close();
    for (let round = 0; round < 3; round += 1) await endAll(2_000);
    await Promise.all(work);
  });

  it('gives the place of a call that pauses to another tenant, and brings the call back before those of its request that have not begun', async () => {
    const { queue, callsOf, endAll, started } = createQueue(2, 2);
    const busy = queue.open({ tenant: 'busy', callCount: 4, deadlineMs: 1e9 });
    const other = queue.open({ tenant: 'other', callCount: 4, deadlineMs: 1e9 });
    const resumed: (() => void)[] = [];
    const pausing = [1, 2].map((number) =>
      busy.run(async (turn) => {
        await turn.pause(() => new Promise<void>((resolve) => resumed.push(resolve)));
        started.push(`busy again ${number}`);
      }, never),
    );
    const work = [...callsOf(busy, 'busy', 2), ...callsOf(other, 'other', 4)];
    await settle();
    // Both places are free, but the busy one has as many calls in hand as there are places.
    expect(started).toEqual(['other', 'other']);
    for (const resume of resumed) resume();
    await settle();
    expect(started).toEqual(['other', 'other']);
    await endAll(10);
    expect(started.slice(2)).toEqual(['busy again 1', 'busy again 2', 'busy', 'busy']);
    await endAll(10);
    await endAll(10);
    await Promise.all([...pausing, ...work]);
    expect(started.slice(6)).toEqual(['other', 'other']);
  });

  it('lets no tenant have more calls in flight and pausing than there are places, over all of its requests', async () => {
    const { queue } = createQueue(3, 2);
    const shares = Array.from({ length: 4 }, () => queue.open({ tenant: 'busy', callCount: 2, deadlineMs: 1e9 }));
    let resume = (): void => undefined;
    const resumed = new Promise<void>((resolve) => (resume = resolve));
    let begun = 0;
    const work = shares.flatMap((share) =>
      [1, 2].map(() =>
        share.run((turn) => {
          begun += 1;
          return turn.pause(() => resumed);
        }, never),
      ),
    );
    await settle();
    expect(begun).toBe(3);
    resume();
    await Promise.all(work);
    expect(begun).toBe(8);
  });

  it('holds a request of one tenant behind none of the calls of another that all pause, and one of the same tenant behind all', async () => {
    const { queue } = createQueue(2, 2);
    const busy = queue.open({ tenant: 'busy', callCount: 50, deadlineMs: 1e9 });
    let resume = (): void => undefined;
    const resumed = new Promise<void>((resolve) => (resume = resolve));
    const isNear = (tenant: string): boolean => {
      const place = queue.reserve({ tenant, callCount: 1, deadlineMs: 1e9 });
      const isSo = place.isNear();
      place.leave();
      return isSo;
    };
    const pause = () => busy.run((turn) => turn.pause(() => resumed), never);
    const work = [pause()];
    await settle();
    expect([isNear('other'), isNear('busy')]).toEqual([false, false]);
    const waiting = queue.reserve({ tenant: 'other', callCount: 1, deadlineMs: 1e9 }).waitUntilNear(1, never);
    work.push(pause());
    await waiting;
    expect([isNear('other'), isNear('busy')]).toEqual([true, false]);
    resume();
    await Promise.all(work);
    // Nothing pauses any more, and 48 calls are to begin.
    expect(isNear('other')).toBe(false);
  });

  it('needs no place for a call that is given up while it pauses or waits to come back, and keeps none for it', async () => {
    const { queue, callsOf, endAll, started } = createQueue(1, 1);
    const giving = queue.open({ tenant: 'giving', callCount: 1, deadlineMs: 1e9 });
    for (const isBack of [false, true]) {
      const client = new AbortController();
      let resume = (): void => undefined;
      const given = giving.run((turn) => turn.pause(() => new Promise<void>((resolve) => (resume = resolve))), client.signal);
      await settle();
      const other = callsOf(queue.open({ tenant: 'other', callCount: 1, deadlineMs: 1e9 }), 'other', 1);
      await settle();
      if (isBack) resume();
      await settle();
      client.abort();
      resume();
      await given;
      await endAll(10);
      await Promise.all(other);
    }
    expect(started).toEqual(['other', 'other']);
    await Promise.all([...callsOf(giving, 'own', 1), endAll(10)]);
    expect(started).toEqual(['other', 'other', 'own']);
  });
});
