import { parseExpression } from './expression-parser.js';
import { acceptLiteral } from './literal-parser.js';
import type { Expression, FrameBound, Identifier, SortItem, TypeName, WindowSpecification } from './syntax-tree.js';
import type { TokenStream } from './token-stream.js';

/** Functions that are called without parentheses. */
const callsWithoutParentheses = ['CURRENT_DATE', 'CURRENT_TIME', 'CURRENT_TIMESTAMP', 'LOCALTIME', 'LOCALTIMESTAMP'];

/** `DOUBLE '0.5'` is the text as a value of the type. Times and intervals have literals of their own. */
const literalTypes: ReadonlySet<string> = new Set(['DOUBLE', 'BIGINT', 'INTEGER', 'INT', 'BOOLEAN', 'VARCHAR']);

/** A parenthesis, CASE, CAST, EXTRACT, ARRAY, ROW, EXISTS, a call or a column. Literals are read before this is called. */
export function parsePrimary(stream: TokenStream): Expression {
  const { position } = stream;
  if (stream.acceptSymbol('(')) return parseParenthesis(stream);
  if (stream.isSymbol('@') && stream.peek(1).kind === 'word') {
    stream.next();
    return { kind: 'parameter', name: stream.next().text, position };
  }
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
  if (stream.peek().kind === 'word' && stream.peek(1).kind === 'string' && literalTypes.has(stream.peek().text.toUpperCase())) {
    const typeName = parseTypeName(stream);
    const { text, position: at } = stream.expectString();
    const operand: Expression = { kind: 'literal', literal: { type: 'string', value: text }, position: at };
    return { kind: 'cast', operand, typeName, safe: false, position };
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
  if (name === 'ROW') return { name, fields: parseRowFields(stream), position };
  if (name !== 'ARRAY') return { name, position };
  const close = stream.acceptSymbol('<') ? '>' : ')';
  if (close === ')') stream.expectSymbol('(');
  const element = stream.nested(() => parseTypeName(stream));
  stream.expectSymbol(close);
  return { name, element, position };
}

/** `(sum DOUBLE, count INTEGER)`; the names may be left out. */
function parseRowFields(stream: TokenStream): { name: string | undefined; type: TypeName }[] {
  stream.expectSymbol('(');
  const fields = stream.list(() => {
    const second = stream.peek(1);
    const isNamed =
      second.kind === 'word' && !(stream.peek().kind === 'word' && stream.peek().text.toUpperCase() === second.text.toUpperCase());
    const name = isNamed ? stream.identifier().name : undefined;
    return { name, type: stream.nested(() => parseTypeName(stream)) };
  });
  stream.expectSymbol(')');
  return fields;
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
    callArguments = stream.list(() => acceptLambda(stream) ?? parseExpression(stream));
  }
  stream.expectSymbol(')');
  const treatment = (['IGNORE', 'RESPECT'] as const).find((word) => stream.acceptWord(word, 'NULLS'));
  const nulls = treatment === undefined ? {} : { nulls: treatment };
  const over = stream.acceptWord('OVER') ? { over: parseWindow(stream) } : {};
  return { kind: 'call', name, arguments: callArguments, distinct, star, ...nulls, ...over, position };
}

/** Looks ahead for `x ->` and `(x, y) ->`, and takes nothing unless the arrow is there. */
function acceptLambda(stream: TokenStream): Expression | undefined {
  const { position } = stream;
  const parameters: Identifier[] = [];
  const isName = (ahead: number): boolean => ['word', 'quoted-identifier'].includes(stream.peek(ahead).kind);
  let ahead = 0;
  if (stream.isSymbol('(')) {
    do {
      if (!isName(ahead + 1)) return undefined;
      parameters.push({ name: stream.peek(ahead + 1).text, position: stream.peek(ahead + 1).position });
      ahead += 2;
    } while (stream.isSymbol(',', ahead));
    if (!stream.isSymbol(')', ahead)) return undefined;
    ahead += 1;
  } else {
    if (!isName(0)) return undefined;
    parameters.push({ name: stream.peek().text, position });
    ahead = 1;
  }
  if (!stream.isSymbol('->', ahead)) return undefined;
  for (let count = 0; count <= ahead; count += 1) stream.next();
  return { kind: 'lambda', parameters, body: stream.nested(() => parseExpression(stream)), position };
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
  const offset = acceptLiteral(stream)?.literal;
  if (offset === undefined) throw stream.mismatch('a frame bound');
  if (stream.acceptWord('PRECEDING')) return { kind: 'preceding', offset };
  stream.expectWord('FOLLOWING');
  return { kind: 'following', offset };
}
