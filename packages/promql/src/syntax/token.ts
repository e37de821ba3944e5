import { quoteGo, utf8Length } from './go-text.js';

/** The kinds of token of PromQL. Keywords and operators are their own kind, spelled as Prometheus prints them. */
export type TokenKind =
  | 'end'
  | 'error'
  | 'identifier'
  | 'metric-identifier'
  | 'string'
  | 'number'
  | 'duration'
  | Punctuation
  | BinaryOperator
  | AggregationOperator
  | Keyword
  | Preprocessor
  | '=~'
  | '!~'
  | '@';

type Punctuation = '(' | ')' | '{' | '}' | '[' | ']' | ',' | '=' | ':';

export type BinaryOperator =
  | '+'
  | '-'
  | '*'
  | '/'
  | '%'
  | '^'
  | '=='
  | '!='
  | '<='
  | '<'
  | '>='
  | '>'
  | '</'
  | '>/'
  | 'and'
  | 'or'
  | 'unless'
  | 'atan2';

export type AggregationOperator =
  | 'avg'
  | 'bottomk'
  | 'count'
  | 'count_values'
  | 'group'
  | 'max'
  | 'min'
  | 'quantile'
  | 'stddev'
  | 'stdvar'
  | 'sum'
  | 'topk'
  | 'limitk'
  | 'limit_ratio';

type Keyword =
  | 'bool'
  | 'by'
  | 'group_left'
  | 'group_right'
  | 'fill'
  | 'fill_left'
  | 'fill_right'
  | 'ignoring'
  | 'offset'
  | 'smoothed'
  | 'anchored'
  | 'on'
  | 'without';

type Preprocessor = 'start' | 'end()' | 'step' | 'range' | 'max_of' | 'min_of';

export interface Token {
  readonly kind: TokenKind;
  /** Index into the query text, in UTF-16 units. */
  readonly start: number;
  readonly end: number;
  /** As it was written; the message, if the kind is `error`. */
  readonly text: string;
}

export const AGGREGATIONS: ReadonlySet<TokenKind> = new Set<AggregationOperator>([
  'avg',
  'bottomk',
  'count',
  'count_values',
  'group',
  'max',
  'min',
  'quantile',
  'stddev',
  'stdvar',
  'sum',
  'topk',
  'limitk',
  'limit_ratio',
]);

const KEYWORDS: ReadonlySet<TokenKind> = new Set<Keyword>([
  'bool',
  'by',
  'group_left',
  'group_right',
  'fill',
  'fill_left',
  'fill_right',
  'ignoring',
  'offset',
  'smoothed',
  'anchored',
  'on',
  'without',
]);

const OPERATORS: ReadonlySet<TokenKind> = new Set<TokenKind>([
  '+',
  '-',
  '*',
  '/',
  '%',
  '^',
  '==',
  '!=',
  '<=',
  '<',
  '>=',
  '>',
  '</',
  '>/',
  'and',
  'or',
  'unless',
  'atan2',
  '=~',
  '!~',
  '@',
]);

const PREPROCESSORS: readonly (readonly [string, TokenKind])[] = [
  ['start', 'start'],
  ['end', 'end()'],
  ['step', 'step'],
  ['range', 'range'],
  ['max_of', 'max_of'],
  ['min_of', 'min_of'],
];

/** Words that are a token of their own, in any case of letters. `inf` and `nan` are numbers. */
export const WORDS: ReadonlyMap<string, TokenKind> = new Map<string, TokenKind>([
  ...[...AGGREGATIONS, ...KEYWORDS].map((kind) => [kind, kind] as const),
  ...(['and', 'or', 'unless', 'atan2'] as const).map((kind) => [kind, kind] as const),
  ...PREPROCESSORS,
  ['inf', 'number'],
  ['nan', 'number'],
]);

const NAMED_KINDS: Partial<Record<TokenKind, string>> = {
  identifier: 'identifier',
  'metric-identifier': 'metric identifier',
  string: 'string',
  number: 'number',
  duration: 'duration',
};

/** How Prometheus names a token in "unexpected …" (`promql/parser/lex.go`, Item.desc). */
export function describeToken(token: Token): string {
  if (token.kind === 'end') return 'end of input';
  const text = quoteToken(token);
  const name = NAMED_KINDS[token.kind];
  return name === undefined ? text : `${name} ${text}`;
}

function quoteToken({ kind, text }: Token): string {
  if (kind === 'identifier' || kind === 'metric-identifier') return quoteGo(text);
  if (KEYWORDS.has(kind)) return `<${text}>`;
  if (OPERATORS.has(kind)) return `<op:${text}>`;
  if (AGGREGATIONS.has(kind)) return `<aggr:${text}>`;
  // Prometheus counts bytes to decide whether to shorten, and characters where it cuts.
  return utf8Length(text) > 10 ? `${quoteGo(Array.from(text).slice(0, 10).join(''))}...` : quoteGo(text);
}
