import { type DurationOperand, type Expression, formatSampleValue, type TimeModifiers } from '@timestream-prometheus/promql';

type Matchers = Extract<Expression, { kind: 'vector-selector' }>['matchers'];

/** An expression as `/api/v1/parse_query` answers it (`web/api/v1/translate_ast.go`). */
export function expressionJson(expression: Expression | null): unknown {
  if (expression === null) return null;
  switch (expression.kind) {
    case 'aggregate': {
      const { operator, body, parameter, grouping, without } = expression;
      return { expr: expressionJson(body), grouping, op: operator, param: expressionJson(parameter), type: 'aggregation', without };
    }
    case 'binary': {
      const { operator, left, right, matching, returnBool } = expression;
      return {
        bool: returnBool,
        lhs: expressionJson(left),
        matching: matching && {
          card: matching.cardinality,
          fillValues: { lhs: matching.fillLeft, rhs: matching.fillRight },
          include: matching.include,
          labels: matching.labels,
          on: matching.on,
        },
        op: operator,
        rhs: expressionJson(right),
        type: 'binaryExpr',
      };
    }
    case 'call': {
      const { name, argTypes, variadic, returnType } = expression.signature;
      return { args: expression.args.map(expressionJson), func: { argTypes, name, returnType, variadic }, type: 'call' };
    }
    case 'matrix-selector': {
      const { selector, rangeNs, rangeExpression } = expression;
      return { ...selectorJson(selector), range: milliseconds(rangeNs), rangeExpr: durationJson(rangeExpression), type: 'matrixSelector' };
    }
    case 'vector-selector':
      return { ...selectorJson(expression), type: 'vectorSelector' };
    case 'subquery': {
      const { body, rangeNs, rangeExpression, stepNs, stepExpression } = expression;
      return {
        ...timesJson(expression),
        expr: expressionJson(body),
        range: milliseconds(rangeNs),
        rangeExpr: durationJson(rangeExpression),
        step: milliseconds(stepNs),
        stepExpr: durationJson(stepExpression),
        type: 'subquery',
      };
    }
    case 'number':
      return { type: 'numberLiteral', val: formatSampleValue(expression.value) };
    case 'string':
      return { type: 'stringLiteral', val: expression.value };
    case 'paren':
      return { expr: expressionJson(expression.body), type: 'parenExpr' };
    case 'unary':
      return { expr: expressionJson(expression.body), op: expression.operator, type: 'unaryExpr' };
    case 'step-invariant':
      return expressionJson(expression.body);
  }
}

function selectorJson(selector: Extract<Expression, { kind: 'vector-selector' }>): object {
  const { name, matchers, anchored, smoothed } = selector;
  return { ...timesJson(selector), anchored, matchers: matchersJson(matchers), name, smoothed };
}

function matchersJson(matchers: Matchers): object[] {
  return matchers.map(({ name, type, value }) => ({ name, type, value }));
}

function timesJson({ offsetNs, offsetExpression, atMs, atPreprocessor }: TimeModifiers): object {
  return { offset: milliseconds(offsetNs), offsetExpr: durationJson(offsetExpression), startOrEnd: atPreprocessor, timestamp: atMs };
}

function durationJson(operand: DurationOperand | null): unknown {
  if (operand === null) return null;
  if (operand.kind === 'number') return { duration: operand.isDuration, type: 'numberLiteral', val: formatSampleValue(operand.value) };
  const { operator, left, right, wrapped } = operand;
  return { lhs: durationJson(left), op: operator, rhs: durationJson(right), type: 'durationExpr', wrapped };
}

function milliseconds(ns: number): number {
  return Math.trunc(ns / 1e6) + 0;
}
