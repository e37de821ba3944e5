/** Drives what works in steps to its end at once. */
export function lastStepOf<Result>(steps: Generator<void, Result, void>): Result {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}
