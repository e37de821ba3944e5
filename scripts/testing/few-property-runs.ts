/**
 * fast-check with a tenth of the runs that a property asks for, and at least ten. `PROPERTY_RUNS=few` puts it in the place of fast-check
 * (vitest.base.ts), for `npm run check`. Seeds and paths stay what they are.
 */
import * as fastCheck from 'fast-check';

export * from 'fast-check';

const DEFAULT_RUNS = 100; // fast-check's own

interface Runs {
  readonly numRuns?: number;
}

const few = <Settings extends Runs>(parameters: Settings | undefined): Settings =>
  ({ ...parameters, numRuns: fewRunsOf(parameters?.numRuns ?? DEFAULT_RUNS) }) as Settings;

/** How many runs stand for so many. */
export function fewRunsOf(runs: number): number {
  return Math.min(runs, Math.max(10, Math.ceil(runs / 10)));
}

export const assert = ((property: never, parameters?: fastCheck.Parameters<never>) =>
  fastCheck.assert(property, few(parameters))) as typeof fastCheck.assert;

export const sample = <Value>(
  generator: Parameters<typeof fastCheck.sample<Value>>[0],
  parameters?: number | fastCheck.Parameters<Value>,
): Value[] => fastCheck.sample(generator, typeof parameters === 'number' ? fewRunsOf(parameters) : few(parameters));

export default { ...fastCheck.default, assert, sample };
