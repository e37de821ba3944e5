import type { SeededRandom } from '../differential/seeded-random.js';

const vectors = [
  'up',
  'memory_bytes',
  'requests_total',
  'requests_total{code="200"}',
  'requests_total{job="api",code!="500"}',
  'tiny',
  'huge',
  'steady',
  'odd',
  'angle',
  'unixtime',
  'mixed',
  'latency',
  'sizes',
  'durations',
  'latency_bucket',
  '{"name with spaces"}',
  '{__name__=~"up|memory_bytes",job="db"}',
  'metric:with:colons',
  'nothing_here',
];

const floatFunctions = ['abs', 'acos', 'acosh', 'asin', 'asinh', 'atan', 'atanh', 'ceil', 'cos', 'cosh', 'deg', 'exp', 'floor', 'ln', 'log10', 'log2', 'rad', 'sgn', 'sin', 'sinh', 'sqrt', 'tan', 'tanh', 'timestamp', 'absent', 'day_of_month', 'day_of_week', 'day_of_year', 'days_in_month', 'hour', 'minute', 'month', 'year', 'sort', 'sort_desc', 'histogram_avg', 'histogram_count', 'histogram_sum', 'histogram_stddev', 'histogram_stdvar', 'round', 'start_timestamp']; // oxfmt-ignore
const rangeFunctions = ['rate', 'increase', 'delta', 'irate', 'idelta', 'deriv', 'changes', 'resets', 'avg_over_time', 'min_over_time', 'max_over_time', 'sum_over_time', 'count_over_time', 'stddev_over_time', 'stdvar_over_time', 'last_over_time', 'first_over_time', 'present_over_time', 'absent_over_time', 'mad_over_time', 'ts_of_first_over_time', 'ts_of_last_over_time', 'ts_of_max_over_time', 'ts_of_min_over_time', 'integral']; // oxfmt-ignore
const aggregations = ['sum', 'avg', 'min', 'max', 'count', 'group', 'stddev', 'stdvar'];
const groupings = ['', ' by (job)', ' by (instance, code)', ' without (code)', ' without (instance, job)', ' by (nothing)'];
const arithmetic = ['+', '-', '*', '/', '%', '^', 'atan2'];
const comparisons = ['==', '!=', '>', '<', '>=', '<='];
const sets = ['and', 'or', 'unless'];

/** Every function, operator, aggregation and modifier at least once, most over every kind of data. */
export function fixedQueries(): string[] {
  const queries = [...vectors];
  for (const vector of vectors) {
    for (const name of floatFunctions) queries.push(`${name}(${vector})`);
    for (const name of rangeFunctions) queries.push(`${name}(${vector}[5m])`);
    for (const name of aggregations) queries.push(`${name}(${vector})`, `${name} by (job) (${vector})`);
    for (const operator of [...arithmetic, ...comparisons]) queries.push(`${vector} ${operator} 2`, `0.5 ${operator} ${vector}`);
    for (const operator of comparisons) queries.push(`${vector} ${operator} bool 1`, `3 ${operator} bool ${vector}`);
    queries.push(
      `quantile_over_time(0.7, ${vector}[5m])`,
      `quantile_over_time(1.5, ${vector}[3m])`,
      `predict_linear(${vector}[10m], 600)`,
      `double_exponential_smoothing(${vector}[10m], 0.3, 0.6)`,
      `integral(${vector}[5m], 0)`,
      `integral(${vector}[5m], 1)`,
      `integral(${vector}[5m], 7)`,
      `-${vector}`,
      `+${vector}`,
      `clamp(${vector}, -1, 5)`,
      `clamp(${vector}, 5, -1)`,
      `clamp_min(${vector}, 0)`,
      `clamp_max(${vector}, 0)`,
      `round(${vector}, 0.1)`,
      `scalar(${vector})`,
      `vector(scalar(${vector}))`,
      `topk(2, ${vector})`,
      `bottomk(2, ${vector})`,
      `topk by (job) (1, ${vector})`,
      `limitk(2, ${vector})`,
      `limit_ratio(0.4, ${vector})`,
      `limit_ratio(-0.4, ${vector})`,
      `quantile(0.3, ${vector})`,
      `quantile by (job) (0.9, ${vector})`,
      `count_values("value", ${vector})`,
      `count_values by (job) ("job", ${vector})`,
      `count_values without (instance) ("value", ${vector})`,
      `sort_by_label(${vector}, "instance", "code")`,
      `sort_by_label_desc(${vector}, "job")`,
      `label_replace(${vector}, "new", "$1-$2", "instance", "(.*):(.*)")`,
      `label_replace(${vector}, "job", "x", "code", ".*")`,
      `label_replace(${vector}, "__name__", "renamed_$1", "job", "(a.*)")`,
      `label_join(${vector}, "joined", "/", "job", "instance")`,
      `histogram_quantile(0.9, ${vector})`,
      `histogram_quantile(0.2, rate(${vector}[5m]))`,
      `histogram_quantile(1.1, ${vector})`,
      `histogram_quantiles(${vector}, "q", 0.1, 0.5, 0.99)`,
      `histogram_fraction(0.1, 1, ${vector})`,
      `histogram_fraction(-1, 2, rate(${vector}[5m]))`,
      `info(${vector})`,
      `info(${vector}, {version=~".+"})`,
      `${vector} offset 3m`,
      `${vector} offset -2m`,
      `${vector} @ 1700000700`,
      `${vector} @ start()`,
      `${vector} @ end() offset 1m`,
      `timestamp(${vector} @ 1700000700 offset 1m)`,
      `rate(${vector}[5m] @ 1700000900)`,
      `rate(${vector}[5m] offset 2m)`,
      `rate(${vector}[5m] anchored)`,
      `increase(${vector}[5m] smoothed)`,
      `delta(${vector}[3m] smoothed)`,
      `changes(${vector}[5m] anchored)`,
      `resets(${vector}[5m] anchored)`,
      `${vector} smoothed`,
      `max_over_time(${vector}[5m:1m])`,
      `rate(${vector}[10m:30s])`,
      `sum_over_time(${vector}[7m:] offset 1m)`,
      `avg_over_time(rate(${vector}[2m])[6m:1m])`,
      `last_over_time(${vector}[5m:20s] @ 1700000900)`,
      `absent_over_time(${vector}[5m:1m])`,
      `present_over_time((${vector} > 0)[5m:1m])`,
      `${vector} </ 1`,
      `${vector} >/ 0.5`,
      `sum(rate(${vector}[4m]))`,
      `avg(increase(${vector}[4m]))`,
      `sum by (job) (${vector}) / count by (job) (${vector})`,
    );
    for (const other of ['up', 'memory_bytes', 'latency', 'durations']) {
      for (const operator of [...arithmetic, ...comparisons]) {
        queries.push(
          `${vector} ${operator} on (job, instance) ${other}`,
          `${vector} ${operator} on (job, instance) group_left () ${other}`,
        );
      }
      for (const operator of sets) queries.push(`${vector} ${operator} ${other}`, `${vector} ${operator} on (job) ${other}`, `${vector} ${operator} ignoring (code) ${other}`); // oxfmt-ignore
      queries.push(
        `${vector} == bool ${other}`,
        `${vector} * ignoring (code) group_left () ${other}`,
        `${other} * on (job, instance) group_right () ${vector}`,
        `${vector} + on (job, instance) group_left (version) target_info`,
        `${vector} + fill (0) ${other}`,
        `${vector} - on (job, instance) fill_left (1) fill_right (2) ${other}`,
        `${vector} * on (job, instance) group_left () fill_right (3) ${other}`,
      );
    }
  }
  queries.push(...scalarQueries, ...rareQueries);
  return queries;
}

const scalarQueries = [
  '1',
  '-0',
  '1e3 + 0x10',
  '1_000',
  '"text"',
  "'quoted'",
  '1h30m',
  'time()',
  'pi()',
  'time() - 1700000000',
  'vector(1)',
  'vector(time())',
  '1 == bool 1',
  '2 > bool 3',
  '7 % 3',
  '-7 % 3',
  '2 ^ 0.5',
  '2 ^ -1 ^ 2',
  '0 / 0',
  '1 / 0',
  '-1 / 0',
  '1 atan2 2',
  'max_of(1, 2)',
  'min_of(NaN, 2)',
  'max_of(Inf, NaN)',
  'start()',
  'end()',
  'range()',
  'step()',
  'year()',
  'month()',
  'minute()',
  'hour()',
  'day_of_year()',
  'day_of_week()',
  'day_of_month()',
  'days_in_month()',
  'scalar(vector(3))',
  '1 + 2 * 3 - 4 / 5',
  'inf',
  '-Inf',
  'NaN',
];

/** What is refused, and what differs from the rule. */
const rareQueries = [
  'up[5m]',
  'up[5m:1m]',
  'latency[3m]',
  'mixed[20m]',
  'requests_total[5m] offset 1m',
  'requests_total[5m] @ 1700000900',
  'requests_total[5m] anchored',
  'memory_bytes[5m] smoothed',
  'latency[5m] anchored',
  '(up[2m])',
  'avg_over_time(up[5m] anchored)',
  'changes(up[5m] smoothed)',
  'up + requests_total',
  'up + on (job) up',
  'up + on (job) group_left () up',
  'requests_total + on (job, instance) group_left () requests_total',
  'label_replace(up, "instance", "x", "instance", ".*")',
  'label_replace(up, "", "x", "instance", ".*")',
  'label_replace(up, "a", "x", "instance", "(")',
  'label_join(up, "job", "")',
  'topk(NaN, up)',
  'topk(1e20, up)',
  'topk(-1e20, up)',
  'topk(scalar(up{job="none"}), up)',
  'limit_ratio(NaN, up)',
  'limit_ratio(2, up)',
  'limit_ratio(-3, up)',
  'limit_ratio(0, up)',
  'quantile(NaN, up)',
  'quantile(-1, up)',
  'quantile(scalar(up{instance="a:9100",job="api"}), memory_bytes)',
  'topk(scalar(up{instance="a:9100",job="api"}), memory_bytes)',
  'double_exponential_smoothing(up[5m], 1, 0.5)',
  'double_exponential_smoothing(up[5m], 0.5, 0)',
  'count_values("", up)',
  'foo offset (1m + 30s)',
  'up offset step()',
  'rate(requests_total[step() + 1m])',
  'rate(requests_total[max_of(step() * 4, 1m)])',
  'rate(requests_total[2 * (1m + 30s)])',
  'rate(requests_total[1m - 1m])',
  'sum_over_time(up[range() + 5m])',
  'count_over_time(up[5m:step() + 10s])',
  'up offset -(1m)',
  'absent(up{job="api",instance="z",code=~".*"})',
  'absent(sum(nothing_here))',
  'absent_over_time(nothing_here{a="b",c="d"}[5m])',
  'absent_over_time(up{job="api"}[1m])',
  'info(up, {__name__=~"target.*"})',
  'info(up, {region="eu", version!="v1"})',
  'info(up, {nothing="x"})',
  'info(up, {nothing=""})',
  'info(requests_total offset 2m, {region=~".+"})',
  'info(target_info)',
  'info({__name__=~"up|target_info"})',
  'sum({__name__=~"up|memory_bytes"})',
  'rate({__name__=~"up|memory_bytes"}[5m])',
  'abs({__name__=~"up|memory_bytes"})',
  '-{__name__=~"up|memory_bytes"}',
  '{__name__=~"up|memory_bytes"} * 2',
  '{__name__=~"up|memory_bytes"} == bool 1',
  'timestamp({__name__=~"up|memory_bytes"})',
  'last_over_time({__name__=~"up|memory_bytes"}[5m])',
  'predict_linear(memory_bytes[5m] @ 1700000900, 60)',
  'predict_linear(memory_bytes[5m:1m] @ 1700000900, 60)',
  'timestamp(timestamp(up))',
  'timestamp(up * 1)',
  'max_over_time(timestamp(up)[5m:1m])',
  'sum(up @ 1700000900) + sum(up)',
  'up and time() > 1700001000',
  'up > 0 or memory_bytes',
  'up unless up > 2',
  '(up > 1) + (up < 3)',
  'max_over_time(max_over_time(up[2m:30s])[4m:1m])',
  'sum_over_time(up[5m:1m] @ end())',
  'sum_over_time((up @ 1700000900)[5m:1m])',
  'sum_over_time((up offset 1m)[5m:1m] offset 2m)',
  'deriv(tiny[5m])',
  'stddev(huge)',
  'avg(huge)',
  'sum(huge)',
  'avg_over_time(huge[10m])',
  'histogram_quantile(scalar(up{instance="a:9100",job="api"}) / 5, latency_bucket)',
  'histogram_quantile(0.5, sum by (le) (latency_bucket))',
  'histogram_quantile(0.5, sum by (le, job) (rate(latency_bucket[5m])))',
  'histogram_quantile(0.5, sum(latency))',
  'histogram_quantile(0.5, sum by (job) (rate(latency[5m])))',
  'histogram_quantile(0.5, {__name__=~"latency|latency_bucket"})',
  'histogram_avg(sum(rate(latency[5m])))',
  'sum(latency) + sum(durations)',
  'avg(latency)',
  'sum(durations)',
  'avg(durations)',
  'sum({__name__=~"latency|durations"})',
  'avg({__name__=~"latency|durations"})',
  'sum(mixed)',
  'latency - latency offset 1m',
  'latency + latency',
  'latency / 3',
  'latency * -2',
  'latency / 0',
  '0 * latency',
  'latency == latency',
  'latency != latency offset 1m',
  'durations - ignoring (instance) group_left () durations{instance="a:9100"}',
  'count_values("h", latency{instance="a:9100",job="api"})',
];

/** Random trees over the same data. */
export function randomQuery(random: SeededRandom, depth = 3): string {
  return random.next() < 0.9 ? randomVector(random, depth) : randomScalar(random, depth);
}

function randomScalar(random: SeededRandom, depth: number): string {
  if (depth <= 0 || random.next() < 0.6) return random.pick(['0', '1', '-1', '0.5', '2', '1e9', 'NaN', 'Inf', 'time()', 'pi()', '60']);
  if (random.next() < 0.5) return `scalar(${randomVector(random, depth - 1)})`;
  return `(${randomScalar(random, depth - 1)} ${random.pick(arithmetic)} ${randomScalar(random, depth - 1)})`;
}

const durations = ['1m', '2m', '5m', '10m', '47s', '15s', '1s'];

function randomModifier(random: SeededRandom): string {
  const chance = random.next();
  if (chance < 0.75) return '';
  if (chance < 0.85) return ` offset ${random.pick(['1m', '-1m', '7s', '5m'])}`;
  if (chance < 0.95) return ` @ ${random.pick(['1700000500', '1700001000.5', 'start()', 'end()'])}`;
  return ` @ 1700001200 offset 1m`;
}

function randomRange(random: SeededRandom, depth: number): string {
  if (depth <= 1 || random.next() < 0.7) return `${random.pick(vectors)}[${random.pick(durations)}]${randomModifier(random)}`;
  const step = random.pick(['', '30s', '1m', '13s']);
  return `(${randomVector(random, depth - 2)})[${random.pick(['2m', '5m', '90s'])}:${step}]${randomModifier(random)}`;
}

function randomMatching(random: SeededRandom): string {
  const labels = random.pick(['job, instance', 'job', 'instance', 'code', 'zone', '']);
  const clause = random.next() < 0.5 ? ` on (${labels})` : ` ignoring (${labels})`;
  const chance = random.next();
  if (chance < 0.5) return clause;
  if (chance < 0.75) return `${clause} group_left (${random.pick(['', 'version', 'code'])})`;
  return `${clause} group_right ()`;
}

function randomVector(random: SeededRandom, depth: number): string {
  if (depth <= 0) return random.pick(vectors) + randomModifier(random);
  const inner = (): string => randomVector(random, depth - 1);
  const chance = random.next();
  if (chance < 0.12) return random.pick(vectors) + randomModifier(random);
  if (chance < 0.32) return `${random.pick(rangeFunctions)}(${randomRange(random, depth)})`;
  if (chance < 0.42) return `${random.pick(floatFunctions)}(${inner()})`;
  if (chance < 0.58) return `${random.pick(aggregations)}${random.pick(groupings)} (${inner()})`;
  if (chance < 0.64) return `${random.pick(['topk', 'bottomk', 'quantile', 'limitk'])}${random.pick(groupings)} (${randomScalar(random, 1)}, ${inner()})`; // oxfmt-ignore
  if (chance < 0.72) {
    const operator = random.pick([...arithmetic, ...comparisons]);
    const bool = comparisons.includes(operator) && random.next() < 0.3 ? ' bool' : '';
    return random.next() < 0.5 ? `(${inner()} ${operator}${bool} ${randomScalar(random, 1)})` : `(${randomScalar(random, 1)} ${operator}${bool} ${inner()})`; // oxfmt-ignore
  }
  if (chance < 0.84) {
    const operator = random.pick([...arithmetic, ...comparisons]);
    const bool = comparisons.includes(operator) && random.next() < 0.3 ? ' bool' : '';
    return `(${inner()} ${operator}${bool}${random.next() < 0.7 ? randomMatching(random) : ''} ${inner()})`;
  }
  if (chance < 0.9) return `(${inner()} ${random.pick(sets)}${random.next() < 0.5 ? ' on (job, instance)' : ''} ${inner()})`;
  if (chance < 0.93) return `histogram_quantile(${random.pick(['0.5', '0.9', '0', '1'])}, ${inner()})`;
  if (chance < 0.95) return `histogram_fraction(${random.pick(['0', '-1', '0.3'])}, ${random.pick(['1', '2', 'Inf'])}, ${inner()})`;
  if (chance < 0.97) return `label_replace(${inner()}, "job", "$1", "instance", "(.).*")`;
  if (chance < 0.985) return `clamp(${inner()}, ${randomScalar(random, 0)}, ${randomScalar(random, 0)})`;
  return `-${inner()}`;
}

const tokens = ['foo', 'sum', 'by', '(', ')', '[', ']', '{', '}', '5m', '1', '+', '-', '*', '/', '^', '%', '==', 'and', 'or', 'unless', 'offset', '@', 'start', 'end', '()', 'on', 'ignoring', 'group_left', 'group_right', 'bool', 'rate', '"x"', ',', ':', '=', '=~', '!=', '!~', '1e3', '0x1f', 'inf', 'nan', 'step()', 'range()', 'max_of', 'min_of', 'fill', 'fill_left', 'anchored', 'smoothed', 'topk', 'count_values', 'without', '1h30m', '1_000', '#c\n', '\n', '`r`', "'q'", 'é', 'limitk', 'atan2', '</', '>/', 'info', '.5', '1..2', '5mm', '$', '"\\q"', '"\\u00e9"', '"open']; // oxfmt-ignore

/** A text that is often no query: one with pieces taken out, put in or exchanged. */
export function randomText(random: SeededRandom): string {
  if (random.next() < 0.3) return Array.from({ length: 1 + random.below(8) }, () => random.pick(tokens)).join(random.pick(['', ' ', ' ']));
  const parts = randomQuery(random, 1 + random.below(3)).split(/(\s+|[()[\]{},])/);
  for (let changes = random.below(3); changes > 0; changes--) {
    const place = random.below(parts.length + 1);
    const chance = random.next();
    if (chance < 0.4) parts.splice(place, 1);
    else if (chance < 0.8) parts.splice(place, 0, ` ${random.pick(tokens)} `);
    else parts[place] = random.pick(tokens);
  }
  return parts.join('');
}
