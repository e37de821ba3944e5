import { awkwardLabelValues, awkwardMetricNames, reservedLabelNames } from './data-set.js';

/** A PromQL string literal, by PromQL's own escapes. */
export function promqlString(text: string): string {
  const escape = (character: string): string => {
    if (character === '\\' || character === '"') return `\\${character}`;
    if (character === '\n') return String.raw`\n`;
    const code = character.charCodeAt(0);
    return code < 0x20 || code === 0x7f ? `\\x${code.toString(16).padStart(2, '0')}` : character;
  };
  return `"${Array.from(text, escape).join('')}"`;
}

function regexLiteral(text: string): string {
  return promqlString(text.replace(/[\\.+*?()|[\]{}^$]/g, String.raw`\$&`));
}

const matcherSelectors = [
  'http_requests_total',
  '{__name__="http_requests_total"}',
  'http_requests_total{code="200"}',
  'http_requests_total{code!="200"}',
  'http_requests_total{code=~"2..|404"}',
  'http_requests_total{code!~"5.*"}',
  'http_requests_total{code=~"20"}',
  'http_requests_total{code=~"0"}',
  'http_requests_total{severity=""}',
  'http_requests_total{severity!=""}',
  'http_requests_total{severity=~".*"}',
  'http_requests_total{severity=~".+"}',
  'http_requests_total{severity!~".+"}',
  'http_requests_total{severity=~"|page"}',
  'http_requests_total{severity!="page"}',
  'http_requests_total{severity!~"p.*"}',
  'http_requests_total{nowhere=""}',
  'http_requests_total{nowhere="x"}',
  'http_requests_total{nowhere!="x"}',
  'http_requests_total{nowhere=~"x?"}',
  'http_requests_total{nowhere!~".*"}',
  'http_requests_total{job="api",job!="db",job=~"a.*"}',
  'http_requests_total{job=~"api|db",instance=~"[ab]:91.*"}',
  'http_requests_total{instance=~"(?i:A):9100"}',
  'http_requests_total{instance=~".*:9100",code!~"4[0-9]{2}"}',
  'http_requests_total{job=~"a(p|q)i"}',
  'http_requests_total{instance=~"^a:9100$"}',
  'http_requests_total{instance=~"a"}',
  'http_requests_total{code=~"[[:digit:]]+"}',
  'http_requests_total{code=~"\\\\d\\\\d\\\\d"}',
  'http_requests_total{job=~"\\\\Qapi\\\\E"}',
  'http_requests_total{job=~"\\\\pL+"}',
  '{__name__=~"http_.*_total",code="404"}',
  '{__name__=~"up|alone"}',
  '{__name__!="http_requests_total",code=~".+"}',
  '{__name__!~"request.*|http.*",job="db"}',
  '{job="flap"}',
  '{job=~"late|early"}',
  '{le="+Inf"}',
  '{quantile="0.99"}',
  'up',
  'alone',
  'irregular',
  'flapping',
  'late_starter',
  'early_ender',
  'millisecond_neighbours',
  'edge_value',
  'edge_value_constant',
  'gc_duration_seconds',
  'wide{label_007="on"}',
  'wide{label_150="on"}',
  'wide{label_159=""}',
  'wide{label_003!="on",half="odd"}',
  'wide{label_140=~"o.",half=~"e.*"}',
  'wide{label_155!~"on",half="odd",label_001!=""}',
  'wide{half!=""}',
];

const functionsOfRange = [
  'rate',
  'increase',
  'delta',
  'irate',
  'idelta',
  'resets',
  'changes',
  'deriv',
  'count_over_time',
  'sum_over_time',
  'avg_over_time',
  'min_over_time',
  'max_over_time',
  'last_over_time',
  'present_over_time',
  'stddev_over_time',
];
const functionsOfInstant = ['abs', 'ceil', 'floor', 'sgn', 'sqrt', 'exp', 'ln', 'timestamp', 'absent', 'sort', 'sort_desc', 'round'];
const aggregations = ['sum', 'min', 'max', 'avg', 'count', 'group', 'stddev', 'stdvar'];

const composed = [
  'histogram_quantile(0.9, rate(request_duration_seconds_bucket[5m]))',
  'histogram_quantile(0.5, sum by (le, job) (rate(request_duration_seconds_bucket[2m])))',
  'histogram_quantile(0.99, sum without (instance) (increase(request_duration_seconds_bucket[10m])))',
  'rate(request_duration_seconds_sum[5m]) / rate(request_duration_seconds_count[5m])',
  'http_requests_total offset 5m',
  'http_requests_total offset -1m',
  'http_requests_total offset 45m',
  'http_requests_total - http_requests_total offset 1m',
  'rate(http_requests_total[5m] offset 3m)',
  'http_requests_total @ end()',
  'http_requests_total @ start()',
  'rate(http_requests_total[5m] @ end())',
  'max_over_time(rate(http_requests_total[1m])[10m:30s])',
  'avg_over_time(temperature_celsius[5m:15s])',
  'sum_over_time(up[10m:1m] offset 2m)',
  'min_over_time(sum(rate(http_requests_total[2m]))[8m:20s])',
  'deriv(temperature_celsius[10m])',
  'predict_linear(temperature_celsius[10m], 600)',
  'double_exponential_smoothing(temperature_celsius[10m], 0.3, 0.4)',
  'mad_over_time(temperature_celsius[10m])',
  'quantile_over_time(0.3, temperature_celsius[6m])',
  'quantile by (job) (0.7, temperature_celsius)',
  'topk(2, http_requests_total)',
  'bottomk by (job) (1, http_requests_total)',
  'count_values("state", up)',
  'sum by (job, code) (rate(http_requests_total[5m])) / ignoring (code) group_left sum by (job) (rate(http_requests_total[5m]))',
  'http_requests_total / on (job, instance) group_left up',
  'up == 0',
  'up != bool 1',
  'http_requests_total > 500 < 2000',
  'up and on (job, instance) (temperature_celsius > 0)',
  'up or flapping',
  'up unless on (job) http_requests_total{job="api"}',
  'label_replace(up, "host", "$1", "instance", "(.*):.*")',
  'label_join(http_requests_total, "all", "/", "job", "instance", "code")',
  'absent(nothing_here)',
  'absent_over_time(flapping{instance="x:1"}[1m])',
  'present_over_time(flapping[1m])',
  'count(flapping)',
  'flapping or vector(-1)',
  'count_over_time(flapping[2m])',
  'changes(up[20m])',
  'clamp(temperature_celsius, -10, 10)',
  'clamp_min(temperature_celsius, 0)',
  'day_of_week(timestamp(up))',
  'scalar(alone) + up',
  '-alone ^ 2 % 7',
  'atan2(alone, alone)',
  'alone atan2 alone',
  'sum(memory_bytes)',
  'max by (job) (memory_bytes) - min by (job) (memory_bytes)',
  'stdvar by (job) (temperature_celsius)',
  'count by (half) (wide)',
  'sum without (half) (wide{label_001="on"})',
  'group by (__name__) ({job="names"})',
  'count({__name__=~".+"})',
  'count by (__name__) ({__name__!=""})',
  '{job="names"}',
  'sum by (job) ({job="names"})',
  'time() - timestamp(irregular)',
  'vector(time())',
  'millisecond_neighbours[1s:100ms]',
  'rate(millisecond_neighbours[1s])',
  'edge_value == edge_value',
  '1 / edge_value_constant',
  'edge_value_constant * 0',
  'sgn(edge_value_constant)',
  'edge_value_constant < bool 0',
  'count by (which) (edge_value_constant == edge_value_constant)',
  'sum_over_time(edge_value_constant{which="04"}[2m])',
];

/** At least four hundred expressions over every kind of series in the data set. */
export function createPromqlCorpus(): string[] {
  const expressions = new Set<string>([...matcherSelectors, ...composed]);
  for (const name of functionsOfRange) {
    for (const selector of ['http_requests_total', 'temperature_celsius{sensor="cpu"}', 'flapping', 'irregular', 'edge_value'])
      expressions.add(`${name}(${selector}[4m])`);
  }
  for (const name of functionsOfInstant) {
    for (const selector of ['temperature_celsius', 'edge_value_constant', 'flapping']) expressions.add(`${name}(${selector})`);
  }
  for (const operator of aggregations) {
    for (const grouping of ['', 'by (job) ', 'without (instance) ']) {
      for (const selector of ['http_requests_total', 'temperature_celsius']) expressions.add(`${operator} ${grouping}(${selector})`);
    }
  }
  for (const value of awkwardLabelValues) {
    expressions.add(`awkward_value{value=${promqlString(value)}}`);
    expressions.add(`count(awkward_value{value!=${promqlString(value)}})`);
    expressions.add(`awkward_value{value=~${regexLiteral(value)}}`);
    expressions.add(`count(awkward_value{value!~${regexLiteral(value)}})`);
  }
  for (const name of reservedLabelNames) {
    expressions.add(`reserved_label{${name}!=""}`);
    expressions.add(`reserved_label{${name}=~"v[0-9]"}`);
    expressions.add(`count(reserved_label{${name}=""})`);
    expressions.add(`sum by (${name}) (reserved_label)`);
  }
  for (const name of awkwardMetricNames) {
    expressions.add(`{__name__=${promqlString(name)}}`);
    expressions.add(`{__name__=~${promqlString(`${name.slice(0, 30)}.*`)},job="names"}`);
  }
  return [...expressions];
}
