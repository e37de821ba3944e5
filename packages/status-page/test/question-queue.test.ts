import { describe, expect, it } from 'vitest';
import { QuestionQueue } from '../src/browser/question-queue.js';
import { RequestError } from '../src/browser/request-error.js';

/** A queue whose time passes when the test says so. */
function createQueue(maxAtOnce: number) {
  const pauses: (number | undefined)[] = [];
  const waits: { milliseconds: number; end: () => void }[] = [];
  const queue = new QuestionQueue({
    maxAtOnce,
    onPause: (untilMs) => pauses.push(untilMs),
    nowMs: () => 0,
    wait: (milliseconds) => new Promise((end) => waits.push({ milliseconds, end })),
  });
  return { queue, pauses, waits };
}

/** Questions that answer or refuse when the test says so. */
function createServer() {
  const asked: { name: string; answer: () => void; refuse: (error: Error) => void }[] = [];
  const question = (name: string) => () =>
    new Promise<string>((resolve, reject) => asked.push({ name, answer: () => resolve(name), refuse: reject }));
  return { asked, question };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const never = new AbortController().signal;
const overloaded = (retryAfterSeconds?: number): RequestError => new RequestError(503, 'overloaded', retryAfterSeconds);

describe('questions to the server', () => {
  it('are a few at a time, in their order', async () => {
    const { queue } = createQueue(2);
    const { asked, question } = createServer();
    const answers = Promise.all(['a', 'b', 'c'].map((name) => queue.ask(question(name), never)));
    expect(asked.map(({ name }) => name)).toEqual(['a', 'b']);
    asked[1]?.answer();
    await settled();
    expect(asked.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
    expect(queue.isIdle).toBe(false);
    asked[0]?.answer();
    asked[2]?.answer();
    expect(await answers).toEqual(['a', 'b', 'c']);
    await settled();
    expect(queue.isIdle).toBe(true);
  });

  it('wait after 503 as long as the server says, then one goes first and the others follow its answer', async () => {
    const { queue, pauses, waits } = createQueue(3);
    const { asked, question } = createServer();
    const answers = Promise.all(['a', 'b', 'c', 'd'].map((name) => queue.ask(question(name), never)));
    for (const refused of asked.splice(0)) refused.refuse(overloaded(7));
    await settled();
    expect([asked.length, waits.map(({ milliseconds }) => milliseconds), pauses]).toEqual([0, [7_000], [7_000]]);
    waits.shift()?.end();
    await settled();
    expect(asked).toHaveLength(1);
    // Still too much: twice as long as the least.
    asked.shift()?.refuse(overloaded(1));
    await settled();
    expect([asked.length, waits.map(({ milliseconds }) => milliseconds)]).toEqual([0, [10_000]]);
    waits.shift()?.end();
    await settled();
    asked.shift()?.answer();
    await settled();
    expect([asked.length, pauses.at(-1)]).toEqual([3, undefined]);
    for (const { answer } of asked) answer();
    expect(await answers).toEqual(['a', 'b', 'c', 'd']);
  });

  it('never wait longer than a minute, and five seconds where the server does not say', async () => {
    const { queue, waits } = createQueue(1);
    const { asked, question } = createServer();
    void queue.ask(question('a'), never);
    const waited: (number | undefined)[] = [];
    for (let round = 0; round < 6; round += 1) {
      asked.shift()?.refuse(overloaded());
      await settled();
      waited.push(waits[0]?.milliseconds);
      waits.shift()?.end();
      await settled();
    }
    expect(waited).toEqual([5_000, 10_000, 20_000, 40_000, 60_000, 60_000]);
  });

  it('are told any other refusal at once, and those that nobody waits for any more are not asked', async () => {
    const { queue } = createQueue(1);
    const { asked, question } = createServer();
    const stop = new AbortController();
    const refused = queue.ask(question('a'), never);
    const left = queue.ask(question('b'), stop.signal);
    const last = queue.ask(question('c'), never);
    stop.abort();
    asked[0]?.refuse(new RequestError(422, 'too large'));
    await expect(refused).rejects.toThrow('too large');
    await expect(left).rejects.toThrow('aborted');
    await settled();
    expect(asked.map(({ name }) => name)).toEqual(['a', 'c']);
    asked[1]?.answer();
    expect(await last).toBe('c');
  });
});
