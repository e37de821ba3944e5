/**
 * fast-check as the tests import it; vitest.base.ts puts it in the place of fast-check.
 *
 * `PROPERTY_RUNS=few` gives a tenth of the runs that a property asks for, and at least ten, for `npm run check`. Seeds and paths stay what they
 * are. A text of the unit `binary` begins sooner: fast-check makes a table of all 1.1 million characters, to shrink those that it did not make
 * itself, which took a second or two of every process that tests; here it is computed.
 */
import process from 'node:process';
import * as fastCheck from 'fast-check';

export * from 'fast-check';

const DEFAULT_RUNS = 100; // fast-check's own
const FIRST_SURROGATE = 0xd800;
const SURROGATES = 0x800;
const CODE_POINTS = 0x110000 - SURROGATES;

const hasFewRuns = process.env['PROPERTY_RUNS'] === 'few';

interface Runs {
  readonly numRuns?: number;
}

/** How many runs stand for so many. */
export function fewRunsOf(runs: number): number {
  return hasFewRuns ? Math.min(runs, Math.max(10, Math.ceil(runs / 10))) : runs;
}

const few = <Settings extends Runs>(parameters: Settings | undefined): Settings | undefined =>
  hasFewRuns ? ({ ...parameters, numRuns: fewRunsOf(parameters?.numRuns ?? DEFAULT_RUNS) } as Settings) : parameters;

export const assert = ((property: never, parameters?: fastCheck.Parameters<never>) =>
  fastCheck.assert(property, few(parameters))) as typeof fastCheck.assert;

export const sample = <Value>(
  generator: Parameters<typeof fastCheck.sample<Value>>[0],
  parameters?: number | fastCheck.Parameters<Value>,
): Value[] => fastCheck.sample(generator, typeof parameters === 'number' ? fewRunsOf(parameters) : few(parameters));

/** Any character but half of a surrogate pair; small ones are simple. */
const anyCharacter = fastCheck.nat({ max: CODE_POINTS - 1 }).map(
  (index) => String.fromCodePoint(index < FIRST_SURROGATE ? index : index + SURROGATES),
  (character) => {
    const codePoint = typeof character === 'string' ? character.codePointAt(0) : undefined;
    if (codePoint === undefined || character !== String.fromCodePoint(codePoint)) throw new TypeError('no character');
    if (codePoint < FIRST_SURROGATE) return codePoint;
    if (codePoint < FIRST_SURROGATE + SURROGATES) throw new TypeError('half of a character');
    return codePoint - SURROGATES;
  },
);

export const string = (constraints: fastCheck.StringConstraints = {}): fastCheck.Arbitrary<string> =>
  fastCheck.string(constraints.unit === 'binary' ? { ...constraints, unit: anyCharacter } : constraints);

export default { ...fastCheck.default, assert, sample, string };
