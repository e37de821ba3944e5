import { findColumn, type Field } from './scope.js';
import type { ColumnExpression, Expression } from '../parse/syntax-tree.js';

/**
 * Texts that are equal exactly when two expressions over the same columns are: positions, the spelling of function names and the way a column
 * is qualified do not count. Each node is looked at once however often it is asked for.
 */
export function createExpressionKeys(fields: readonly Field[]): (expression: Expression) => string {
  const known = new WeakMap<object, string>();
  const keyOf = (value: unknown): string => {
    if (typeof value === 'bigint') return `${value}n`;
    if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
    if (typeof value !== 'object' || value === null) return typeof value === 'string' ? JSON.stringify(value) : String(value);
    const remembered = known.get(value);
    if (remembered !== undefined) return remembered;
    const key = Array.isArray(value) ? `[${value.map(keyOf).join(',')}]` : objectKey(value as Readonly<Record<string, unknown>>);
    known.set(value, key);
    return key;
  };
  const objectKey = (node: Readonly<Record<string, unknown>>): string => {
    if (isColumn(node)) {
      const found = findColumn(node, fields);
      const [field] = found;
      if (field !== undefined && found.length === 1) return columnKey(field);
    }
    const members = Object.entries(node).filter(([name]) => name !== 'position');
    const text = (name: string, value: unknown): string =>
      name === 'name' && node['kind'] === 'call' ? String(value).toLowerCase() : keyOf(value);
    return `{${members.map(([name, value]) => `${name}:${text(name, value)}`).join(',')}}`;
  };
  return keyOf;
}

/** Only a column has parts. */
function isColumn(node: object): node is ColumnExpression {
  return 'kind' in node && node.kind === 'column' && 'parts' in node;
}

export function columnKey({ sql }: Pick<Field, 'sql'>): string {
  return `<${sql}>`;
}

/** Whether the test holds for the expression or a part of it. Subqueries are statements of their own and are not entered. */
export function someExpression(expression: Expression, test: (part: Expression) => boolean): boolean {
  const visit = (value: unknown): boolean => {
    if (typeof value !== 'object' || value === null) return false;
    if (Array.isArray(value)) return value.some(visit);
    if ('body' in value) return false;
    if ('kind' in value && 'position' in value && test(value as Expression)) return true;
    return Object.entries(value).some(([name, inner]) => name !== 'position' && visit(inner));
  };
  return visit(expression);
}
