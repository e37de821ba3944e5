import { describe, expect, it } from 'vitest';
import { deadlineError, waitWhileAllowed } from '../../src/concurrency/deadline.js';

describe('what several requests wait for', () => {
  it('gives each of them its answer, or its failure', async () => {
    const { signal } = new AbortController();
    expect(await waitWhileAllowed(Promise.resolve(7), signal)).toBe(7);
    await expect(waitWhileAllowed(Promise.reject(new TypeError('no')), signal)).rejects.toThrow(TypeError);
  });

  it('holds up none of them for longer than it may take, and ends for none of the others', async () => {
    const [one, other] = [new AbortController(), new AbortController()];
    let answer: (value: number) => void = () => undefined;
    const shared = new Promise<number>((resolve) => (answer = resolve));
    const [first, second] = [waitWhileAllowed(shared, one.signal), waitWhileAllowed(shared, other.signal)];
    one.abort(deadlineError(5, 'write-timeout'));
    await expect(first).rejects.toThrow('not done within 5 ms (write-timeout)');
    await expect(waitWhileAllowed(shared, one.signal)).rejects.toMatchObject({ code: 'deadline-exceeded' });
    answer(7);
    expect(await second).toBe(7);
  });
});
