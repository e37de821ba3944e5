import { createSharedSignal } from './deadline.js';

/**
 * Runs all tasks at the same time. The first failure aborts the signal that the others are given, as its reason, and is thrown, but not
 * before all of them have ended.
 *
 * @returns their results, in order
 */
export async function runTogether<T>(
  tasks: readonly ((signal: AbortSignal) => Promise<T>)[],
  callerSignal: AbortSignal,
): Promise<readonly T[]> {
  const failed = new AbortController();
  const signal = createSharedSignal(callerSignal, failed.signal);
  let failure: { readonly thrown: unknown } | undefined;
  const settled = await Promise.allSettled(
    tasks.map(async (task) => {
      try {
        return await task(signal);
      } catch (thrown) {
        failure ??= { thrown };
        failed.abort(thrown);
        throw thrown;
      }
    }),
  );
  if (failure !== undefined) throw failure.thrown;
  return settled.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
}
