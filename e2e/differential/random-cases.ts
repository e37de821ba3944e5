import { compareLabels, type Label, type LabelMatcher, type MatcherType } from '@timestream-prometheus/prom-codec';
import type { PlainSeries } from './selection-oracle.js';
import type { SeededRandom } from './seeded-random.js';

const metricNames = [
  'up',
  'a',
  'a:b',
  'a:b:sum',
  'time',
  'ts_up',
  'measure_name',
  'UP',
  'up%3A',
  'a%3Ab',
  'métrique',
  'x'.repeat(300),
  'with "quotes"',
  '_',
];
const labelNames = [
  'job',
  'instance',
  'Job',
  'JOB',
  'le',
  'time',
  'measure_name',
  'ts_zone',
  'sample_value',
  'v',
  'prometheus_labels',
  'select',
  'with:colon',
  'ünï',
  'l'.repeat(70),
  'dot.ted',
  '__proto__',
  '0',
  '"',
];
const labelValues = [
  '', 'x', 'xx', 'xxx', 'X', 'y', 'z', 'xy', 'x|y', '1', '01', '10', 'true', 'NULL', 'x\ny', '\n', ' x', 'x ', "it's", 'say "x"', 'back\\slash', '%', '_', 'x%', 'a_b', '.*', 'é', 'e\u0301', '🎉', '\ufffd', '\u{10ffff}', '{}', '{"job":"x"}', 'a\u0000b', '\u2028', '\ufeff', '\ufeffx', 'x'.repeat(500),
]; // oxfmt-ignore
/** Patterns that JavaScript (flags s, u) and RE2 understand alike, so that the oracle shares no engine with the connector. */
const patterns = [
  '', '.*', '.+', 'x', 'x*', 'x+', 'x?', 'x|y', '|x', 'x|', '(x|y)z?', 'x.*', '.*x', '.*x.*', '[xy]', '[^x]', '[^x]*', '[a-z]+', '[0-9]+', '0?1', '(?:x|xx)', 'x{2}', 'x{1,2}', 'x{2,}', '.', '..', 'x.y', '\\n', 'x\\n.*', '(x|X)', '.*[%_].*', 'é|.́', '.{3,}', 'say ".*"', "it's|x", '\\{\\}', '.*\\\\.*', '(a|b|c)*', 'x*y*z*', '^x$', 'xx$', '^.x', '.*🎉', '[^🎉]', '(xx?)+', 'x(y|)', '(|x)(|y)',
]; // oxfmt-ignore

const specialBits: readonly bigint[] = [
  0n, 0x8000000000000000n, 1n, 0x8000000000000001n, 0x7fefffffffffffffn, 0x7ff0000000000000n, 0xfff0000000000000n, 0x7ff0000000000002n, 0x7ff8000000000001n, 0x7ff8000000000000n, 0xfff8000000000123n, 0x7ff0000000000001n, 0x3fd5555555555555n, 0x4340000000000001n, 0x000fffffffffffffn, 0x0010000000000000n,
]; // oxfmt-ignore

function randomBits(random: SeededRandom): bigint {
  if (random.next() < 0.4) return random.pick(specialBits);
  return (BigInt(random.below(0x1_0000_0000)) << 32n) | BigInt(random.below(0x1_0000_0000));
}

function randomLabels(random: SeededRandom): Label[] {
  const labels = new Map<string, string>([['__name__', random.pick(metricNames)]]);
  for (let count = random.below(5); count > 0; count -= 1) {
    const value = random.pick(labelValues);
    if (value !== '') labels.set(random.pick(labelNames), value);
  }
  return [...labels].map(([name, value]) => ({ name, value })).sort((a, b) => compareLabels([a], [b]));
}

/** Up to thirty series with up to eight samples each within `spanMs` before `endMs`; timestamps often a millisecond apart. */
export function createRandomSeries(random: SeededRandom, endMs: number, spanMs: number): PlainSeries[] {
  const byKey = new Map<string, PlainSeries>();
  for (let count = 1 + random.below(30); count > 0; count -= 1) {
    const labels = randomLabels(random);
    const samples = new Map<bigint, bigint>();
    const baseMs = endMs - random.below(spanMs);
    for (let sampleCount = 1 + random.below(8); sampleCount > 0; sampleCount -= 1) {
      const timestampMs = random.next() < 0.5 ? baseMs - random.below(4) : endMs - random.below(spanMs);
      samples.set(BigInt(timestampMs), randomBits(random));
    }
    byKey.set(JSON.stringify(labels), { labels, samples: [...samples].sort(([a], [b]) => (a < b ? -1 : 1)) });
  }
  return [...byKey.values()];
}

/** A selector that has a fair chance to select something: half of its matchers talk about a series that is there. */
export function createRandomMatchers(random: SeededRandom, stored: readonly PlainSeries[]): LabelMatcher[] {
  const matchers: LabelMatcher[] = [];
  for (let count = random.next() < 0.02 ? 0 : 1 + random.below(3); count > 0; count -= 1) {
    const type = random.pick<MatcherType>(['=', '!=', '=~', '!~']);
    const known = random.pick(random.pick(stored).labels);
    const name = random.next() < 0.5 ? known.name : random.next() < 0.3 ? '__name__' : random.pick([...labelNames, 'never_seen']);
    const isPattern = type === '=~' || type === '!~';
    const literal = random.next() < 0.6 ? known.value : random.pick([...labelValues, ...metricNames]);
    const escaped = literal.replace(/[\\.+*?()|[\]{}^$]/g, String.raw`\$&`);
    const value = !isPattern
      ? literal
      : random.next() < 0.3
        ? random.next() < 0.5
          ? escaped
          : `${escaped}|${random.pick(patterns)}`
        : random.pick(patterns);
    matchers.push({ type, name, value });
  }
  return matchers;
}

/** Bounds that often fall on a sample exactly, or a millisecond beside one. */
export function createRandomRange(
  random: SeededRandom,
  stored: readonly PlainSeries[],
  endMs: number,
  spanMs: number,
): readonly [startMs: bigint, endMs: bigint] {
  const bound = (): bigint => {
    if (random.next() < 0.6) {
      const [timestampMs] = random.pick(random.pick(stored).samples);
      return timestampMs + BigInt(random.below(3) - 1);
    }
    return BigInt(endMs - random.below(spanMs));
  };
  const chance = random.next();
  if (chance < 0.3) return [BigInt(endMs - spanMs), BigInt(endMs)];
  if (chance < 0.35) return [-9223309901257974n, 9223309901257974n];
  const [one, other] = [bound(), bound()];
  return one <= other || chance > 0.98 ? [one, other] : [other, one];
}
