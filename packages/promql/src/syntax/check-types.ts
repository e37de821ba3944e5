import {
  type BinaryExpression,
  type Expression,
  type FunctionCall,
  rangeOf,
  type TextRange,
  typeOf,
  type ValueType,
  type VectorSelector,
} from './expression.js';
import { quoteGo } from './go-text.js';
import { ParseError } from './parse-error.js';

const DOCUMENTED_TYPE: Readonly<Record<ValueType, string>> = {
  none: 'none',
  vector: 'instant vector',
  matrix: 'range vector',
  scalar: 'scalar',
  string: 'string',
};

const COMPARISONS: ReadonlySet<string> = new Set(['==', '!=', '<=', '<', '>=', '>']);
const SET_OPERATORS: ReadonlySet<string> = new Set(['and', 'or', 'unless']);

export function isComparison(operator: string): boolean {
  return COMPARISONS.has(operator);
}

export function isSetOperator(operator: string): boolean {
  return SET_OPERATORS.has(operator);
}

export function documentedType(type: ValueType): string {
  return DOCUMENTED_TYPE[type];
}

/**
 * Check what an expression is made of, in Prometheus' order (`promql/parser/parse.go`, checkAST), and settle the matching of set
 * operators and of operators with a scalar.
 *
 * @throws ParseError
 */
export function checkTypes(query: string, expression: Expression): void {
  new TypeChecker(query).check(expression);
}

class TypeChecker {
  readonly #query: string;

  constructor(query: string) {
    this.#query = query;
  }

  check(expression: Expression): ValueType {
    switch (expression.kind) {
      case 'aggregate':
        this.#expectType(expression.body, 'vector', 'aggregation expression');
        if (expression.parameter !== null) {
          this.#expectType(expression.parameter, expression.operator === 'count_values' ? 'string' : 'scalar', 'aggregation parameter');
        }
        break;
      case 'binary':
        this.#checkBinary(expression);
        break;
      case 'call':
        this.#checkCall(expression);
        break;
      case 'paren':
        this.check(expression.body);
        break;
      case 'unary': {
        const type = this.check(expression.body);
        if (type !== 'scalar' && type !== 'vector') {
          this.#fail(
            rangeOf(expression),
            `unary expression only allowed on expressions of type scalar or instant vector, got "${DOCUMENTED_TYPE[type]}"`,
          );
        }
        break;
      }
      case 'subquery': {
        const type = this.check(expression.body);
        if (type !== 'vector') this.#fail(rangeOf(expression), `subquery is only allowed on instant vector, got ${type} instead`);
        break;
      }
      case 'matrix-selector':
        this.#checkSelector(expression.selector);
        break;
      case 'vector-selector':
        this.#checkSelector(expression);
    }
    return typeOf(expression);
  }

  #fail(range: TextRange, reason: string): never {
    throw new ParseError(this.#query, range.start, reason);
  }

  #expectType(expression: Expression, wanted: ValueType, context: string): void {
    const type = this.check(expression);
    if (type !== wanted) {
      this.#fail(rangeOf(expression), `expected type ${DOCUMENTED_TYPE[wanted]} in ${context}, got ${DOCUMENTED_TYPE[type]}`);
    }
  }

  /** Where the operator stands: after the left side and the space behind it. */
  #operatorRange({ left, right }: BinaryExpression): TextRange {
    let { end: start } = rangeOf(left);
    while (/^[ \t\n\r]$/.test(this.#query.charAt(start))) start++;
    return { start, end: rangeOf(right).start };
  }

  #checkBinary(expression: BinaryExpression): void {
    const { left, right, operator, matching } = expression;
    const leftType = this.check(left);
    const rightType = this.check(right);
    if (expression.returnBool && !isComparison(operator)) {
      this.#fail(this.#operatorRange(expression), 'bool modifier can only be used on comparison operators');
    }
    if (isComparison(operator) && !expression.returnBool && leftType === 'scalar' && rightType === 'scalar') {
      this.#fail(this.#operatorRange(expression), 'comparisons between scalars must use BOOL modifier');
    }
    if (matching === null) return;
    if (isSetOperator(operator) && matching.cardinality === 'one-to-one') matching.cardinality = 'many-to-many';
    const twice = matching.on ? matching.labels.find((label) => matching.include.includes(label)) : undefined;
    if (twice !== undefined) {
      this.#fail(this.#operatorRange(expression), `label ${quoteGo(twice)} must not occur in ON and GROUP clause at once`);
    }
    const isOperand = (type: ValueType): boolean => type === 'scalar' || type === 'vector';
    if (!isOperand(leftType)) this.#fail(rangeOf(left), 'binary expression must contain only scalar and instant vector types');
    if (!isOperand(rightType)) this.#fail(rangeOf(right), 'binary expression must contain only scalar and instant vector types');
    const range = rangeOf(expression);
    const fills = matching.fillLeft !== null || matching.fillRight !== null;
    if (leftType !== 'vector' || rightType !== 'vector') {
      if (matching.labels.length > 0) this.#fail(range, 'vector matching only allowed between instant vectors');
      if (fills) this.#fail(range, 'filling in missing series only allowed between instant vectors');
      expression.matching = null;
    } else if (isSetOperator(operator)) {
      if (matching.cardinality !== 'many-to-many') this.#fail(range, `no grouping allowed for "${operator}" operation`);
      if (fills) this.#fail(range, 'filling in missing series not allowed for set operators');
    }
    if ((leftType === 'scalar' || rightType === 'scalar') && isSetOperator(operator)) {
      this.#fail(range, `set operator "${operator}" not allowed in binary scalar expression`);
    }
  }

  #checkCall(call: FunctionCall): void {
    const { signature, args } = call;
    const { name, argTypes, variadic } = signature;
    if (variadic === 0) {
      if (argTypes.length !== args.length) {
        this.#fail(call.range, `expected ${argTypes.length} argument(s) in call to "${name}", got ${args.length}`);
      }
    } else {
      const least = argTypes.length - 1;
      if (args.length < least) this.#fail(call.range, `expected at least ${least} argument(s) in call to "${name}", got ${args.length}`);
      if (variadic > 0 && args.length > least + variadic) {
        this.#fail(call.range, `expected at most ${least + variadic} argument(s) in call to "${name}", got ${args.length}`);
      }
    }
    const labelSelector = args[1];
    if (name === 'info' && labelSelector !== undefined) this.#checkInfoSelector(call, labelSelector);
    args.forEach((argument, index) => {
      const wanted = argTypes[Math.min(index, argTypes.length - 1)] ?? 'none';
      const type = this.check(argument);
      if (type !== wanted) {
        this.#fail(
          rangeOf(argument),
          `expected type ${DOCUMENTED_TYPE[wanted]} in call to function "${name}", got ${DOCUMENTED_TYPE[type]}`,
        );
      }
    });
  }

  #checkInfoSelector(call: FunctionCall, selector: Expression): void {
    const type = typeOf(selector);
    if (type !== 'vector') {
      this.#fail(call.range, `expected type instant vector in call to function "info", got ${DOCUMENTED_TYPE[type]}`);
    }
    if (selector.kind !== 'vector-selector') this.#fail(rangeOf(selector), 'expected label selectors only');
    if (selector.name !== '') this.#fail(selector.range, 'expected label selectors only, got vector selector instead');
    selector.mayMatchAll = true;
  }

  #checkSelector(selector: VectorSelector): void {
    const { name, matchers, range } = selector;
    if (name !== '') {
      const other = matchers.slice(0, -1).find((matcher) => matcher.name === '__name__');
      if (other !== undefined) {
        this.#fail(range, `metric name must not be set twice: ${quoteGo(name)} or ${quoteGo(other.value)}`);
      }
      return;
    }
    if (!selector.mayMatchAll && matchers.every((matcher) => matcher.matchesEmpty)) {
      this.#fail(range, 'vector selector must contain at least one non-empty matcher');
    }
  }
}
