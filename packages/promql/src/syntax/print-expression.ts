import { formatDuration, negateDuration } from '../durations.js';
import { formatGeneral, formatSampleValue } from '../number-text.js';
import type {
  AggregateExpression,
  BinaryExpression,
  DurationExpression,
  DurationOperand,
  Expression,
  MatrixSelector,
  NumberLiteral,
  SubqueryExpression,
  TimeModifiers,
  VectorSelector,
} from './expression.js';
import { compareGoText, quoteGo, utf8Length } from './go-text.js';

const PLAIN_LABEL = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** An expression as Prometheus prints it on one line (`promql/parser/printer.go`). */
export function printExpression(expression: Expression): string {
  switch (expression.kind) {
    case 'aggregate': {
      const parameter = expression.parameter === null ? '' : `${printExpression(expression.parameter)}, `;
      return `${printAggregation(expression)}(${parameter}${printExpression(expression.body)})`;
    }
    case 'binary':
      return `${printExpression(expression.left)} ${printOperator(expression)} ${printExpression(expression.right)}`;
    case 'call':
      return `${expression.signature.name}(${expression.args.map(printExpression).join(', ')})`;
    case 'matrix-selector':
      return printMatrixSelector(expression);
    case 'number':
      return printNumber(expression);
    case 'paren':
      return `(${printExpression(expression.body)})`;
    case 'string':
      return quoteGo(expression.value);
    case 'subquery':
      return printExpression(expression.body) + printSubqueryTimes(expression);
    case 'unary':
      return expression.operator + printExpression(expression.body);
    case 'vector-selector':
      return printVectorSelector(expression);
    case 'step-invariant':
      return printExpression(expression.body);
  }
}

/** From how many bytes on a part is spread over lines. */
const MAX_LINE_LENGTH = 100;

/** An expression over several lines, as `/api/v1/format_query` answers (`promql/parser/prettier.go`). */
export function formatExpression(expression: Expression, level = 0): string {
  const indent = '  '.repeat(level);
  const line = printExpression(expression);
  const isShort = utf8Length(line) <= MAX_LINE_LENGTH;
  switch (expression.kind) {
    case 'aggregate': {
      if (isShort) break;
      const parameter = expression.parameter === null ? '' : `${formatExpression(expression.parameter, level + 1)},\n`;
      return `${indent}${printAggregation(expression)}(\n${parameter}${formatExpression(expression.body, level + 1)}\n${indent})`;
    }
    case 'binary':
      if (isShort) break;
      return `${formatExpression(expression.left, level + 1)}\n${indent}${printOperator(expression)}\n${formatExpression(expression.right, level + 1)}`;
    case 'call': {
      if (isShort) break;
      const args = expression.args.map((argument) => formatExpression(argument, level + 1)).join(',\n');
      return `${indent}${expression.signature.name}(\n${args}\n${indent})`;
    }
    case 'paren':
      if (isShort) break;
      return `${indent}(\n${formatExpression(expression.body, level + 1)}\n${indent})`;
    case 'subquery':
      // Prometheus leaves the indentation of a short one out.
      return isShort ? line : formatExpression(expression.body, level) + printSubqueryTimes(expression);
    case 'unary':
      return indent + expression.operator + formatExpression(expression.body, level).trim();
  }
  return indent + line;
}

function printAggregation({ operator, grouping, without }: AggregateExpression): string {
  if (without) return `${operator} without (${printLabels(grouping)}) `;
  return grouping.length > 0 ? `${operator} by (${printLabels(grouping)}) ` : operator;
}

function printLabels(labels: readonly string[]): string {
  return labels.map((label) => (PLAIN_LABEL.test(label) ? label : quoteGo(label))).join(', ');
}

function printOperator({ operator, returnBool, matching }: BinaryExpression): string {
  let text: string = operator;
  if (returnBool) text += ' bool';
  if (matching === null) return text;
  const { cardinality, on, labels, include, fillLeft, fillRight } = matching;
  const groups = cardinality === 'many-to-one' || cardinality === 'one-to-many';
  if (labels.length > 0 || on || groups) text += ` ${on ? 'on' : 'ignoring'} (${printLabels(labels)})`;
  if (groups) text += ` group_${cardinality === 'many-to-one' ? 'left' : 'right'} (${printLabels(include)})`;
  if (fillLeft !== null && fillLeft === fillRight) return `${text} fill (${formatGeneral(fillLeft)})`;
  if (fillLeft !== null) text += ` fill_left (${formatGeneral(fillLeft)})`;
  if (fillRight !== null) text += ` fill_right (${formatGeneral(fillRight)})`;
  return text;
}

function printNumber({ value, isDuration }: NumberLiteral): string {
  if (!isDuration) return formatSampleValue(value);
  return value < 0 ? `-${formatDuration(-value * 1e9)}` : formatDuration(value * 1e9);
}

function printAt({ atMs, atPreprocessor }: TimeModifiers): string {
  if (atMs !== null) return ` @ ${(atMs / 1000).toFixed(3)}`;
  return atPreprocessor === null ? '' : ` @ ${atPreprocessor}()`;
}

function printOffset({ offsetNs, offsetExpression }: TimeModifiers): string {
  if (offsetExpression !== null) return ` offset ${printDuration(offsetExpression)}`;
  if (offsetNs > 0) return ` offset ${formatDuration(offsetNs)}`;
  return offsetNs < 0 ? ` offset -${formatDuration(negateDuration(offsetNs))}` : '';
}

function printVectorSelector(selector: VectorSelector): string {
  const extended = selector.anchored ? ' anchored' : selector.smoothed ? ' smoothed' : '';
  return printMatchers(selector) + printAt(selector) + extended + printOffset(selector);
}

function printMatchers({ name, matchers }: VectorSelector): string {
  const texts = matchers
    .filter(({ name: label, type, value }) => !(label === '__name__' && type === '=' && value === name && value !== ''))
    .map(({ name: label, type, value }) => (PLAIN_LABEL.test(label) ? label : quoteGo(label)) + type + quoteGo(value))
    .sort(compareGoText);
  return texts.length === 0 ? name : `${name}{${texts.join(',')}}`;
}

function printMatrixSelector({ selector, rangeNs, rangeExpression }: MatrixSelector): string {
  const range = rangeExpression === null ? formatDuration(rangeNs) : printDuration(rangeExpression);
  const extended = selector.anchored ? ' anchored' : selector.smoothed ? ' smoothed' : '';
  return `${printMatchers(selector)}[${range}]${extended}${printAt(selector)}${printOffset(selector)}`;
}

function printSubqueryTimes(subquery: SubqueryExpression): string {
  const { rangeNs, rangeExpression, stepNs, stepExpression } = subquery;
  const range = rangeExpression === null ? formatDuration(rangeNs) : printDuration(rangeExpression);
  const step = stepExpression !== null ? printDuration(stepExpression) : stepNs === 0 ? '' : formatDuration(stepNs);
  return `[${range}:${step}]${printAt(subquery)}${printOffset(subquery)}`;
}

function printDuration(operand: DurationOperand): string {
  return operand.kind === 'number' ? printNumber(operand) : printDurationExpression(operand);
}

function printDurationExpression({ operator, left, right, wrapped }: DurationExpression): string {
  const rightText = right === null ? '' : printDuration(right);
  let text: string;
  if (operator === 'step' || operator === 'range') text = `${operator}()`;
  else if (left === null) text = operator === '-' ? `-${rightText}` : rightText;
  else if (operator === 'min_of' || operator === 'max_of') text = `${operator}(${printDuration(left)}, ${rightText})`;
  else text = `${printDuration(left)} ${operator} ${rightText}`;
  return wrapped ? `(${text})` : text;
}
