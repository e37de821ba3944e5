import { parseExpression } from './expression-parser.js';
import { parseSortItems } from './primary-parser.js';
import { invalidAt } from '../sql-error.js';
import type {
  Expression,
  Identifier,
  JoinKind,
  LikeClause,
  Query,
  QueryBody,
  Relation,
  RelationAlias,
  SelectItem,
  Statement,
} from './syntax-tree.js';
import { maxInt64 } from '../values/time-text.js';
import { TokenStream } from './token-stream.js';
import { tokenize } from './tokenizer.js';

/** Set operations in a row: each is a level of the tree. */
const maxSetOperations = 100;

/** @throws {SqlError} `line r:c: mismatched input …` for whatever is outside the grammar. */
export function parseStatement(text: string, isShape = false): Statement {
  const stream = new TokenStream(tokenize(text, isShape), parseQuery);
  const statement = parseOneStatement(stream);
  stream.acceptSymbol(';');
  if (stream.peek().kind !== 'end') throw stream.mismatch('the end of the statement');
  return statement;
}

function parseOneStatement(stream: TokenStream): Statement {
  const { position } = stream;
  const like = (): { like?: LikeClause } => {
    if (!stream.acceptWord('LIKE')) return {};
    const { text: pattern, position: at } = stream.expectString();
    const escape = stream.acceptWord('ESCAPE') ? { escape: stream.expectString().text } : {};
    return { like: { pattern, ...escape, position: at } };
  };
  const from = (): boolean => stream.acceptWord('FROM') || stream.acceptWord('IN');
  if (stream.acceptWord('SHOW', 'DATABASES')) return { kind: 'show-databases', ...like() };
  if (stream.acceptWord('SHOW', 'TABLES'))
    return { kind: 'show-tables', ...(from() ? { database: stream.identifier() } : {}), ...like(), position };
  if (stream.acceptWord('SHOW', 'MEASURES')) {
    if (!from()) throw stream.mismatch('FROM');
    return { kind: 'show-measures', table: stream.qualifiedName(2), ...like() };
  }
  if (stream.acceptWord('DESCRIBE')) return { kind: 'describe', table: stream.qualifiedName(2) };
  if (stream.isWord('UNLOAD') && stream.isSymbol('(', 1)) return parseUnload(stream);
  if (['SELECT', 'WITH', 'VALUES'].some((word) => stream.isWord(word)) || stream.isSymbol('('))
    return { kind: 'query', query: stream.query() };
  throw stream.mismatch('SELECT, WITH, VALUES, UNLOAD, SHOW DATABASES, SHOW TABLES, SHOW MEASURES or DESCRIBE');
}

function parseUnload(stream: TokenStream): Statement {
  const { position } = stream;
  stream.next();
  stream.expectSymbol('(');
  const query = stream.query();
  stream.expectSymbol(')');
  stream.expectWord('TO');
  const target = stream.expectString().text;
  if (!stream.acceptWord('WITH')) return { kind: 'unload', query, target, properties: [], position };
  stream.expectSymbol('(');
  const properties = stream.list(() => {
    const name = stream.identifier();
    stream.expectSymbol('=');
    if (!stream.acceptWord('ARRAY')) return { name, values: [stream.expectString().text] };
    stream.expectSymbol('[');
    const values = stream.list(() => stream.expectString().text);
    stream.expectSymbol(']');
    return { name, values };
  });
  stream.expectSymbol(')');
  return { kind: 'unload', query, target, properties, position };
}

function parseQuery(stream: TokenStream): Query {
  const { position } = stream;
  const withQueries = stream.acceptWord('WITH')
    ? stream.list(() => {
        const name = stream.identifier();
        const columns = stream.isSymbol('(') ? parseColumnList(stream) : [];
        stream.expectWord('AS');
        stream.expectSymbol('(');
        const query = stream.query();
        stream.expectSymbol(')');
        return { name, columns, query };
      })
    : [];
  const body = parseSetOperations(stream);
  const orderBy = stream.acceptWord('ORDER', 'BY') ? parseSortItems(stream) : [];
  return { with: withQueries, body, orderBy, ...parseLimit(stream), position };
}

function parseLimit(stream: TokenStream): { limit?: bigint } {
  if (!stream.acceptWord('LIMIT')) return {};
  if (stream.acceptWord('ALL')) return {};
  if (stream.peek().kind !== 'integer') throw stream.mismatch('ALL or a number of rows');
  const { text, position } = stream.next();
  const limit = BigInt(text);
  if (limit > maxInt64) throw invalidAt(position, `Invalid LIMIT: ${text}`);
  return { limit };
}

/** INTERSECT binds tighter than UNION and EXCEPT. */
function parseSetOperations(stream: TokenStream): QueryBody {
  const parseIntersections = (): QueryBody => parseOperators(stream, ['INTERSECT'], () => parseQueryTerm(stream));
  return parseOperators(stream, ['UNION', 'EXCEPT'], parseIntersections);
}

function parseOperators(
  stream: TokenStream,
  operators: readonly ('UNION' | 'INTERSECT' | 'EXCEPT')[],
  parseTerm: () => QueryBody,
): QueryBody {
  let left = parseTerm();
  for (let count = 0; ; count += 1) {
    const { position } = stream;
    const operator = operators.find((word) => stream.acceptWord(word));
    if (operator === undefined) return left;
    if (count >= maxSetOperations) throw invalidAt(position, `More than ${maxSetOperations} set operations in a row`);
    const all = stream.acceptWord('ALL');
    if (!all) stream.acceptWord('DISTINCT');
    left = { kind: 'set-operation', operator, all, left, right: parseTerm(), position };
  }
}

function parseQueryTerm(stream: TokenStream): QueryBody {
  const { position } = stream;
  if (stream.acceptSymbol('(')) {
    const query = stream.query();
    stream.expectSymbol(')');
    return { kind: 'nested', query, position };
  }
  if (stream.acceptWord('VALUES')) {
    const rows = stream.list((): Expression[] => {
      if (!stream.acceptSymbol('(')) return [parseExpression(stream)];
      const row = stream.list(() => parseExpression(stream));
      stream.expectSymbol(')');
      return row;
    });
    return { kind: 'values', rows, position };
  }
  stream.expectWord('SELECT');
  const distinct = stream.acceptWord('DISTINCT');
  if (!distinct) stream.acceptWord('ALL');
  const items = stream.list(() => parseSelectItem(stream));
  const from = stream.acceptWord('FROM') ? { from: parseRelations(stream) } : {};
  const where = stream.acceptWord('WHERE') ? { where: parseExpression(stream) } : {};
  const groupBy = stream.acceptWord('GROUP', 'BY') ? { groupBy: parseGroupBy(stream) } : {};
  const having = stream.acceptWord('HAVING') ? { having: parseExpression(stream) } : {};
  return { kind: 'select', distinct, items, ...from, ...where, ...groupBy, ...having, position };
}

/** ALL and DISTINCT are about grouping sets; of simple elements there is one set, so that both mean the same. */
function parseGroupBy(stream: TokenStream): Expression[] {
  if (!stream.acceptWord('ALL')) stream.acceptWord('DISTINCT');
  return stream
    .list((): Expression[] => {
      if (!stream.isSymbol('(') || !stream.isSymbol(')', 1)) return [parseExpression(stream)];
      stream.next();
      stream.next();
      return [];
    })
    .flat();
}

function parseSelectItem(stream: TokenStream): SelectItem {
  const { position } = stream;
  if (stream.acceptSymbol('*')) return { kind: 'star', qualifier: [], position };
  const qualifier = starQualifier(stream);
  if (qualifier !== undefined) return { kind: 'star', qualifier, position };
  const expression = parseExpression(stream);
  if (stream.acceptWord('AS') || stream.isAlias()) return { kind: 'expression', expression, alias: stream.identifier() };
  return { kind: 'expression', expression };
}

/** `t.*` and `"db"."t".*`: looks ahead and takes nothing unless the star is there. */
function starQualifier(stream: TokenStream): Identifier[] | undefined {
  const parts: Identifier[] = [];
  for (let ahead = 0; parts.length < 2; ahead += 2) {
    const token = stream.peek(ahead);
    if ((token.kind !== 'word' && token.kind !== 'quoted-identifier') || !stream.isSymbol('.', ahead + 1)) return undefined;
    parts.push({ name: token.text, position: token.position });
    if (!stream.isSymbol('*', ahead + 2)) continue;
    for (let count = 0; count < ahead + 3; count += 1) stream.next();
    return parts;
  }
  return undefined;
}

function parseRelations(stream: TokenStream): Relation {
  return stream
    .list(() => parseJoins(stream))
    .reduce((left, right) => ({ kind: 'join', join: 'CROSS', left, right, position: right.position }));
}

function parseJoins(stream: TokenStream): Relation {
  let left = parseRelation(stream);
  for (let count = 0; ; count += 1) {
    const { position } = stream;
    const join = acceptJoin(stream);
    if (join === undefined) return left;
    if (count >= 20) throw invalidAt(position, 'More than 20 joins in a row');
    const right = parseRelation(stream);
    left = { kind: 'join', join, left, right, ...(join === 'CROSS' ? {} : parseJoinCriteria(stream)), position };
  }
}

function parseJoinCriteria(stream: TokenStream): { on: Expression } | { using: Identifier[] } {
  if (stream.acceptWord('USING')) return { using: parseColumnList(stream) };
  stream.expectWord('ON');
  return { on: parseExpression(stream) };
}

function acceptJoin(stream: TokenStream): JoinKind | undefined {
  if (stream.acceptWord('CROSS', 'JOIN')) return 'CROSS';
  if (stream.acceptWord('JOIN') || stream.acceptWord('INNER', 'JOIN')) return 'INNER';
  for (const side of ['LEFT', 'RIGHT', 'FULL'] as const) {
    if (stream.acceptWord(side, 'JOIN') || stream.acceptWord(side, 'OUTER', 'JOIN')) return side;
  }
  return undefined;
}

function parseRelation(stream: TokenStream): Relation {
  const { position } = stream;
  if (stream.acceptWord('UNNEST')) {
    stream.expectSymbol('(');
    const operand = parseExpression(stream);
    stream.expectSymbol(')');
    return { kind: 'unnest', operand, ...parseAlias(stream), position };
  }
  if (stream.acceptSymbol('(')) {
    const isQuery = ['SELECT', 'WITH', 'VALUES'].some((word) => stream.isWord(word)) || stream.isSymbol('(');
    if (isQuery) {
      const query = stream.query();
      stream.expectSymbol(')');
      return { kind: 'derived', query, ...parseAlias(stream), position };
    }
    const relation = stream.nested(() => parseRelations(stream));
    stream.expectSymbol(')');
    return relation;
  }
  return { kind: 'table', name: stream.qualifiedName(2), ...parseAlias(stream), position };
}

function parseAlias(stream: TokenStream): { alias?: RelationAlias } {
  if (!stream.acceptWord('AS') && !stream.isAlias()) return {};
  const name = stream.identifier();
  return { alias: { name, columns: stream.isSymbol('(') ? parseColumnList(stream) : [] } };
}

function parseColumnList(stream: TokenStream): Identifier[] {
  stream.expectSymbol('(');
  const columns = stream.list(() => stream.identifier());
  stream.expectSymbol(')');
  return columns;
}
