import type { Expression, SelectItem } from '../parse/syntax-tree.js';
import { invalidAt, type SourcePosition } from '../sql-error.js';
import { belongsTo, type Field } from './scope.js';

/** One column of a select list: written as an expression, or brought by a star. */
export type Item =
  | { readonly name: string | undefined; readonly expression: Expression; readonly field?: undefined }
  | { readonly name: string | undefined; readonly field: Field; readonly position: SourcePosition; readonly expression?: undefined };

/** @throws {SqlError} for a star that stands for no column */
export function expandItem(item: SelectItem, fields: readonly Field[]): Item[] {
  if (item.kind === 'star') {
    const { position, qualifier } = item;
    const matching = fields.filter((field) => belongsTo(field, qualifier));
    if (matching.length === 0)
      throw invalidAt(
        position,
        qualifier.length === 0
          ? 'SELECT * not allowed in queries without FROM clause'
          : `Table '${qualifier.map(({ name }) => name).join('.')}' not found`,
      );
    return matching.map((field) => ({ name: field.name, field, position }));
  }
  const { expression, alias } = item;
  return [{ name: alias?.name ?? (expression.kind === 'column' ? expression.parts.at(-1)?.name : undefined), expression }];
}
