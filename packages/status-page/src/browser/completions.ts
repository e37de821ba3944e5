export interface Completion {
  readonly text: string;
  readonly kind: 'metric' | 'label' | 'function';
  /** The part of the expression that it replaces. */
  readonly start: number;
  readonly end: number;
}

const MAX_COMPLETIONS = 10;

/** Those that people type; the server knows them all. */
const FUNCTIONS = [
  ...['abs', 'absent', 'avg', 'avg_over_time', 'ceil', 'changes', 'clamp', 'count', 'count_over_time', 'delta', 'deriv', 'floor'],
  ...['histogram_quantile', 'increase', 'irate', 'label_replace', 'last_over_time', 'max', 'max_over_time', 'min', 'min_over_time'],
  ...['predict_linear', 'quantile', 'quantile_over_time', 'rate', 'resets', 'round', 'scalar', 'sort', 'sort_desc', 'stddev', 'sum'],
  ...['sum_over_time', 'time', 'timestamp', 'topk', 'vector'],
];

/** What the word before the caret may become: a label inside braces or a grouping, elsewhere a metric or a function. */
export function completionsAt(expression: string, caret: number, metrics: readonly string[], labels: readonly string[]): Completion[] {
  const before = expression.slice(0, caret);
  if (isInsideQuotes(before)) return [];
  const word = /[a-zA-Z_:][\w:]*$/.exec(before)?.[0] ?? '';
  if (word === '') return [];
  const start = caret - word.length;
  const isLabel = /\{[^{}]*$/.test(before) || /\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^()]*$/.test(before);
  const candidates: (readonly [text: string, kind: Completion['kind']])[] = isLabel
    ? labels.map((label) => [label, 'label'] as const)
    : [...metrics.map((metric) => [metric, 'metric'] as const), ...FUNCTIONS.map((name) => [name, 'function'] as const)];
  const lower = word.toLowerCase();
  return candidates
    .filter(([text]) => text !== word && text.toLowerCase().includes(lower))
    .sort(([left], [right]) => Number(!left.startsWith(word)) - Number(!right.startsWith(word)))
    .slice(0, MAX_COMPLETIONS)
    .map(([text, kind]) => ({ text, kind, start, end: caret }));
}

function isInsideQuotes(before: string): boolean {
  let quote = '';
  for (let index = 0; index < before.length; index += 1) {
    const character = before.charAt(index);
    if (quote === '') quote = /["'`]/.test(character) ? character : '';
    else if (character === '\\' && quote !== '`') index += 1;
    else if (character === quote) quote = '';
  }
  return quote !== '';
}
