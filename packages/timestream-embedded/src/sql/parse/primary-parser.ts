import { parseExpression } from './expression-parser.js';
import type { Expression, FrameBound, SortItem, TypeName, WindowSpecification } from './syntax-tree.js';
import type { TokenStream } from './token-stream.js';

/** Functions that are called without parentheses. */
const callsWithoutParentheses = ['CURRENT_DATE', 'CURRENT_TIME', 'CURRENT_TIMESTAMP', 'LOCALTIME', 'LOCALTIMESTAMP'];

/** A parenthesis, CASE, CAST, EXTRACT, ARRAY, ROW, EXISTS, a call or a column. Literals are read before this is called. */
export function parsePrimary(stream: TokenStream): Expression {
  const { position } = stream;
  if (stream.acceptSymbol('(')) return parseParenthesis(stream);
  if (stream.isWord('CASE')) return parseCase(stream);
  const cast = ['CAST', 'TRY_CAST'].find((word) => stream.isWord(word) && stream.isSymbol('(', 1));
  if (cast !== undefined) {
    stream.next();
    stream.expectSymbol('(');
    const operand = parseExpression(stream);
    stream.expectWord('AS');
    const typeName = parseTypeName(stream);
    stream.expectSymbol(')');
    return { kind: 'cast', operand, typeName, safe: cast === 'TRY_CAST', position };
  }
  if (stream.isWord('EXTRACT') && stream.isSymbol('(', 1)) {
    stream.next();
    stream.next();
    const field = stream.next().text.toUpperCase();
    stream.expectWord('FROM');
    const operand = parseExpression(stream);
    stream.expectSymbol(')');
    return { kind: 'extract', field, operand, position };
  }
  if (stream.isWord('POSITION') && stream.isSymbol('(', 1)) {
    stream.next();
    stream.next();
    // The parts of `position(a IN b)` are values, not predicates: `a IN b` would be read as one.
    const needle = acceptValue(stream);
    stream.expectWord('IN');
    const haystack = parseExpression(stream);
    stream.expectSymbol(')');
    return { kind: 'call', name: 'strpos', arguments: [haystack, needle], distinct: false, star: false, position };
  }
  if (stream.isWord('ARRAY') && stream.isSymbol('[', 1)) {
    stream.next();
    stream.next();
    const elements = stream.isSymbol(']') ? [] : stream.list(() => parseExpression(stream));
    stream.expectSymbol(']');
    return { kind: 'array', elements, position };
  }
  if (stream.isWord('ROW') && stream.isSymbol('(', 1)) {
    stream.next();
    stream.next();
    const elements = stream.list(() => parseExpression(stream));
    stream.expectSymbol(')');
    return { kind: 'row', elements, position };
  }
  if (stream.acceptWord('EXISTS')) {
    stream.expectSymbol('(');
    const query = stream.query();
    stream.expectSymbol(')');
    return { kind: 'exists', query, position };
  }
  const bare = callsWithoutParentheses.find((word) => stream.acceptWord(word));
  if (bare !== undefined) return { kind: 'call', name: bare.toLowerCase(), arguments: [], distinct: false, star: false, position };
  if (stream.isIdentifier()) {
    if (stream.peek().kind === 'word' && stream.isSymbol('(', 1)) return parseCall(stream);
    return { kind: 'column', parts: stream.qualifiedName(4), position };
  }
  throw stream.mismatch('an expression');
}

function acceptValue(stream: TokenStream): Expression {
  const { kind, text, position } = stream.peek();
  if (kind === 'string') {
    stream.next();
    return { kind: 'literal', literal: { type: 'string', value: text }, position };
  }
  return parsePrimary(stream);
}

function parseParenthesis(stream: TokenStream): Expression {
  const { position } = stream;
  if (stream.isWord('SELECT') || stream.isWord('WITH')) {
    const query = stream.query();
    stream.expectSymbol(')');
    return { kind: 'subquery', query, position };
  }
  const inner = parseExpression(stream);
  stream.expectSymbol(')');
  return inner;
}

function parseCase(stream: TokenStream): Expression {
  const { position } = stream;
  stream.expectWord('CASE');
  const operand = stream.isWord('WHEN') ? {} : { operand: parseExpression(stream) };
  const branches: { when: Expression; then: Expression }[] = [];
  while (stream.acceptWord('WHEN')) {
    const when = parseExpression(stream);
    stream.expectWord('THEN');
    branches.push({ when, then: parseExpression(stream) });
  }
  if (branches.length === 0) throw stream.mismatch('WHEN');
  const otherwise = stream.acceptWord('ELSE') ? { otherwise: parseExpression(stream) } : {};
  stream.expectWord('END');
  return { kind: 'case', ...operand, branches, ...otherwise, position };
}

function parseTypeName(stream: TokenStream): TypeName {
  const { position } = stream;
  if (stream.peek().kind !== 'word') throw stream.mismatch('a type');
  const name = stream.next().text.toUpperCase();
  if (name !== 'ARRAY') return { name, position };
  const close = stream.acceptSymbol('<') ? '>' : ')';
  if (close === ')') stream.expectSymbol('(');
  const element = stream.nested(() => parseTypeName(stream));
  stream.expectSymbol(close);
  return { name, element, position };
}

function parseCall(stream: TokenStream): Expression {
  const { text: name, position } = stream.next();
  stream.expectSymbol('(');
  let distinct = false;
  let star = false;
  let callArguments: Expression[] = [];
  if (stream.acceptSymbol('*')) star = true;
  else if (!stream.isSymbol(')')) {
    distinct = stream.acceptWord('DISTINCT');
    if (!distinct) stream.acceptWord('ALL');
    callArguments = stream.list(() => parseExpression(stream));
  }
  stream.expectSymbol(')');
  const over = stream.acceptWord('OVER') ? { over: parseWindow(stream) } : {};
  return { kind: 'call', name, arguments: callArguments, distinct, star, ...over, position };
}

export function parseSortItems(stream: TokenStream): SortItem[] {
  return stream.list(() => {
    const expression = parseExpression(stream);
    const descending = stream.acceptWord('DESC');
    if (!descending) stream.acceptWord('ASC');
    const nullsFirst = stream.acceptWord('NULLS', 'FIRST');
    if (!nullsFirst) stream.acceptWord('NULLS', 'LAST');
    return { expression, descending, nullsFirst };
  });
}

function parseWindow(stream: TokenStream): WindowSpecification {
  const { position } = stream;
  stream.expectSymbol('(');
  const partitionBy = stream.acceptWord('PARTITION', 'BY') ? stream.list(() => parseExpression(stream)) : [];
  const orderBy = stream.acceptWord('ORDER', 'BY') ? parseSortItems(stream) : [];
  const unit = (['ROWS', 'RANGE'] as const).find((word) => stream.acceptWord(word));
  let frame = {};
  if (unit !== undefined) {
    const between = stream.acceptWord('BETWEEN');
    const start = parseFrameBound(stream);
    if (between) stream.expectWord('AND');
    frame = { frame: { unit, start, end: between ? parseFrameBound(stream) : { kind: 'current-row' } } };
  }
  stream.expectSymbol(')');
  return { partitionBy, orderBy, ...frame, position };
}

function parseFrameBound(stream: TokenStream): FrameBound {
  if (stream.acceptWord('UNBOUNDED', 'PRECEDING')) return { kind: 'unbounded-preceding' };
  if (stream.acceptWord('UNBOUNDED', 'FOLLOWING')) return { kind: 'unbounded-following' };
  if (stream.acceptWord('CURRENT', 'ROW')) return { kind: 'current-row' };
  if (stream.peek().kind !== 'integer') throw stream.mismatch('a frame bound');
  const rows = BigInt(stream.next().text);
  if (stream.acceptWord('PRECEDING')) return { kind: 'preceding', rows };
  stream.expectWord('FOLLOWING');
  return { kind: 'following', rows };
}
