import { acceptLiteral } from './literal-parser.js';
import { parsePrimary } from './primary-parser.js';
import { invalidAt } from '../sql-error.js';
import type { ComparisonOperator, Expression, Query } from './syntax-tree.js';
import type { TokenStream } from './token-stream.js';

/** Operators of one kind in a row: each is a level of the tree, which is walked recursively. */
const maxOperatorsInARow = 100;

const comparisonOperators: Readonly<Record<string, ComparisonOperator>> = {
  '=': '=',
  '<>': '<>',
  '!=': '<>',
  '<': '<',
  '<=': '<=',
  '>': '>',
  '>=': '>=',
};

/** Precedence, weakest first: OR, AND, NOT, predicates, `||` and `+ -`, `* / %`, sign, subscript. */
export function parseExpression(stream: TokenStream): Expression {
  return stream.nested(() => parseLogical(stream, 'OR', () => parseLogical(stream, 'AND', () => parseNot(stream))));
}

function parseLogical(stream: TokenStream, operator: 'AND' | 'OR', parseOperand: () => Expression): Expression {
  const first = parseOperand();
  if (!stream.isWord(operator)) return first;
  const operands = [first];
  while (stream.acceptWord(operator)) operands.push(parseOperand());
  return { kind: 'logical', operator, operands, position: first.position };
}

function parseNot(stream: TokenStream): Expression {
  const { position } = stream;
  if (!stream.acceptWord('NOT')) return parsePredicate(stream);
  return { kind: 'not', operand: stream.nested(() => parseNot(stream)), position };
}

function parsePredicate(stream: TokenStream): Expression {
  let operand = parseConcat(stream);
  for (let count = 0; ; count += 1) {
    const next = parsePredicateAfter(stream, operand);
    if (next === undefined) return operand;
    if (count >= maxOperatorsInARow) throw invalidAt(stream.position, `More than ${maxOperatorsInARow} comparisons in a row`);
    operand = next;
  }
}

function parsePredicateAfter(stream: TokenStream, operand: Expression): Expression | undefined {
  const { position } = stream;
  const token = stream.peek();
  const operator = token.kind === 'symbol' ? comparisonOperators[token.text] : undefined;
  if (operator !== undefined) {
    stream.next();
    const quantifier = ['ALL', 'ANY', 'SOME'].find((word) => stream.isWord(word) && stream.isSymbol('(', 1));
    if (quantifier !== undefined) {
      stream.next();
      stream.expectSymbol('(');
      const query = stream.query();
      stream.expectSymbol(')');
      return { kind: 'quantified', operator, quantifier: quantifier === 'ALL' ? 'ALL' : 'ANY', operand, query, position };
    }
    return { kind: 'comparison', operator, left: operand, right: parseConcat(stream), position };
  }
  if (stream.acceptWord('IS')) {
    const negated = stream.acceptWord('NOT');
    if (stream.acceptWord('DISTINCT', 'FROM')) return { kind: 'is-distinct', left: operand, right: parseConcat(stream), negated, position };
    stream.expectWord('NULL');
    return { kind: 'is-null', operand, negated, position };
  }
  const negated = stream.isWord('NOT', 'BETWEEN') || stream.isWord('NOT', 'IN') || stream.isWord('NOT', 'LIKE');
  if (negated) stream.next();
  if (stream.acceptWord('BETWEEN')) {
    const low = parseConcat(stream);
    stream.expectWord('AND');
    return { kind: 'between', operand, low, high: parseConcat(stream), negated, position };
  }
  if (stream.acceptWord('LIKE')) {
    const pattern = parseConcat(stream);
    const escape = stream.acceptWord('ESCAPE') ? { escape: parseConcat(stream) } : {};
    return { kind: 'like', operand, pattern, ...escape, negated, position };
  }
  if (stream.acceptWord('IN')) {
    stream.expectSymbol('(');
    const choices: Query | Expression[] =
      stream.isWord('SELECT') || stream.isWord('WITH') ? stream.query() : stream.list(() => parseExpression(stream));
    stream.expectSymbol(')');
    return { kind: 'in', operand, negated, choices, position };
  }
  return undefined;
}

function parseConcat(stream: TokenStream): Expression {
  const first = parseAdditive(stream);
  if (!stream.isSymbol('||')) return first;
  const operands = [first];
  const { position } = stream;
  while (stream.acceptSymbol('||')) operands.push(parseAdditive(stream));
  return { kind: 'concat', operands, position };
}

function parseAdditive(stream: TokenStream): Expression {
  return parseArithmetic(stream, ['+', '-'], () => parseArithmetic(stream, ['*', '/', '%'], () => parseSigned(stream)));
}

function parseArithmetic(
  stream: TokenStream,
  operators: readonly ('+' | '-' | '*' | '/' | '%')[],
  parseOperand: () => Expression,
): Expression {
  let left = parseOperand();
  for (let count = 0; ; count += 1) {
    const { position } = stream;
    const operator = operators.find((symbol) => stream.acceptSymbol(symbol));
    if (operator === undefined) return left;
    if (count >= maxOperatorsInARow) throw invalidAt(position, `More than ${maxOperatorsInARow} operators in a row`);
    left = { kind: 'arithmetic', operator, left, right: parseOperand(), position };
  }
}

function parseSigned(stream: TokenStream): Expression {
  const { position } = stream;
  if (stream.acceptSymbol('+')) return stream.nested(() => parseSigned(stream));
  if (!stream.acceptSymbol('-')) return parsePostfix(stream);
  const operand = stream.nested(() => parseSigned(stream));
  // -9223372036854775808 is a BIGINT although 9223372036854775808 is not.
  if (operand.kind === 'literal' && !['timestamp', 'date', 'time'].includes(operand.literal.type)) {
    const { literal } = operand;
    if (literal.type === 'double') return { ...operand, position, literal: { ...literal, value: -literal.value } };
    if ('value' in literal && typeof literal.value === 'bigint') {
      return { kind: 'literal', position, literal: { type: literal.type, value: -literal.value } as typeof literal };
    }
  }
  return { kind: 'negate', operand, position };
}

function parsePostfix(stream: TokenStream): Expression {
  let operand: Expression = acceptLiteral(stream) ?? parsePrimary(stream);
  for (let count = 0; stream.isSymbol('[') || stream.isSymbol('.'); count += 1) {
    const { position } = stream;
    const isSubscript = stream.isSymbol('[');
    if (count >= maxOperatorsInARow) throw invalidAt(position, `More than ${maxOperatorsInARow} subscripts in a row`);
    stream.next();
    if (!isSubscript) {
      operand = { kind: 'field', operand, name: stream.identifier(), position };
      continue;
    }
    const index = parseExpression(stream);
    stream.expectSymbol(']');
    operand = { kind: 'subscript', operand, index, position };
  }
  return operand;
}
