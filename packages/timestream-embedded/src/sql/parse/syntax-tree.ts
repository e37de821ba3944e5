import type { SourcePosition } from '../sql-error.js';
import type { LiteralValue } from '../values/literal-value.js';

/** A name as the statement wrote it, without quotes. Names are case-sensitive, quoted or not. */
export interface Identifier {
  readonly name: string;
  readonly position: SourcePosition;
}

export type ArithmeticOperator = '+' | '-' | '*' | '/' | '%';
export type ComparisonOperator = '=' | '<>' | '<' | '<=' | '>' | '>=';

interface Node {
  readonly position: SourcePosition;
}

export interface LiteralExpression extends Node {
  readonly kind: 'literal';
  readonly literal: LiteralValue;
}
export interface ColumnExpression extends Node {
  readonly kind: 'column';
  /** One to three parts: column, table.column, database.table.column. */
  readonly parts: readonly Identifier[];
}
export interface FunctionCall extends Node {
  readonly kind: 'call';
  /** As written; function names are case-insensitive. */
  readonly name: string;
  readonly arguments: readonly Expression[];
  readonly distinct: boolean;
  /** `count(*)`. */
  readonly star: boolean;
  /** `IGNORE NULLS` or `RESPECT NULLS` behind the parenthesis. */
  readonly nulls?: 'IGNORE' | 'RESPECT';
  readonly over?: WindowSpecification;
}
/** `x -> …` or `(x, y) -> …`, an argument of a function that takes one. */
export interface LambdaExpression extends Node {
  readonly kind: 'lambda';
  readonly parameters: readonly Identifier[];
  readonly body: Expression;
}
export interface CaseExpression extends Node {
  readonly kind: 'case';
  readonly operand?: Expression;
  readonly branches: readonly { readonly when: Expression; readonly then: Expression }[];
  readonly otherwise?: Expression;
}
export interface InExpression extends Node {
  readonly kind: 'in';
  readonly operand: Expression;
  readonly negated: boolean;
  readonly choices: readonly Expression[] | Query;
}

export type Expression =
  | LiteralExpression
  | ColumnExpression
  | FunctionCall
  | CaseExpression
  | InExpression
  | LambdaExpression
  /** `@name`: of PrepareQuery and of scheduled queries. */
  | (Node & { readonly kind: 'parameter'; readonly name: string })
  /** `(…).name`: a field of a row. */
  | (Node & { readonly kind: 'field'; readonly operand: Expression; readonly name: Identifier })
  | (Node & { readonly kind: 'is-distinct'; readonly left: Expression; readonly right: Expression; readonly negated: boolean })
  | (Node & {
      readonly kind: 'quantified';
      readonly operator: ComparisonOperator;
      readonly quantifier: 'ALL' | 'ANY';
      readonly operand: Expression;
      readonly query: Query;
    })
  | (Node & { readonly kind: 'negate'; readonly operand: Expression })
  | (Node & { readonly kind: 'not'; readonly operand: Expression })
  | (Node & {
      readonly kind: 'arithmetic';
      readonly operator: ArithmeticOperator;
      readonly left: Expression;
      readonly right: Expression;
    })
  | (Node & {
      readonly kind: 'comparison';
      readonly operator: ComparisonOperator;
      readonly left: Expression;
      readonly right: Expression;
    })
  | (Node & { readonly kind: 'concat'; readonly operands: readonly Expression[] })
  | (Node & { readonly kind: 'logical'; readonly operator: 'AND' | 'OR'; readonly operands: readonly Expression[] })
  | (Node & {
      readonly kind: 'between';
      readonly operand: Expression;
      readonly low: Expression;
      readonly high: Expression;
      readonly negated: boolean;
    })
  | (Node & {
      readonly kind: 'like';
      readonly operand: Expression;
      readonly pattern: Expression;
      readonly escape?: Expression;
      readonly negated: boolean;
    })
  | (Node & { readonly kind: 'is-null'; readonly operand: Expression; readonly negated: boolean })
  | (Node & { readonly kind: 'cast'; readonly operand: Expression; readonly typeName: TypeName; readonly safe: boolean })
  | (Node & { readonly kind: 'extract'; readonly field: string; readonly operand: Expression })
  | (Node & { readonly kind: 'array'; readonly elements: readonly Expression[] })
  | (Node & { readonly kind: 'row'; readonly elements: readonly Expression[] })
  | (Node & { readonly kind: 'subscript'; readonly operand: Expression; readonly index: Expression })
  | (Node & { readonly kind: 'subquery'; readonly query: Query })
  | (Node & { readonly kind: 'exists'; readonly query: Query });

/** A type as CAST names it: upper case, `ARRAY` with its element, `ROW` with its fields. */
export interface TypeName extends Node {
  readonly name: string;
  readonly element?: TypeName;
  readonly fields?: readonly { readonly name: string | undefined; readonly type: TypeName }[];
}

export interface SortItem {
  readonly expression: Expression;
  readonly descending: boolean;
  /** NULLs come last unless the statement says otherwise, in both directions. */
  readonly nullsFirst: boolean;
}

export type FrameBound =
  | { readonly kind: 'unbounded-preceding' | 'current-row' | 'unbounded-following' }
  /** A number of rows, or for RANGE how far from the current row's own value. */
  | { readonly kind: 'preceding' | 'following'; readonly offset: LiteralValue };

export interface WindowSpecification extends Node {
  readonly partitionBy: readonly Expression[];
  readonly orderBy: readonly SortItem[];
  readonly frame?: { readonly unit: 'ROWS' | 'RANGE'; readonly start: FrameBound; readonly end: FrameBound };
}

export type SelectItem =
  | { readonly kind: 'expression'; readonly expression: Expression; readonly alias?: Identifier }
  | { readonly kind: 'star'; readonly qualifier: readonly Identifier[]; readonly position: SourcePosition };

export interface SelectBody extends Node {
  readonly kind: 'select';
  readonly distinct: boolean;
  readonly items: readonly SelectItem[];
  readonly from?: Relation;
  readonly where?: Expression;
  readonly groupBy?: readonly Expression[];
  readonly having?: Expression;
}

export interface SetOperation extends Node {
  readonly kind: 'set-operation';
  readonly operator: 'UNION' | 'INTERSECT' | 'EXCEPT';
  readonly all: boolean;
  readonly left: QueryBody;
  readonly right: QueryBody;
}

export interface ValuesBody extends Node {
  readonly kind: 'values';
  readonly rows: readonly (readonly Expression[])[];
}

export type QueryBody =
  | SelectBody
  | SetOperation
  | ValuesBody
  | { readonly kind: 'nested'; readonly query: Query; readonly position: SourcePosition };

export interface Query extends Node {
  readonly with: readonly { readonly name: Identifier; readonly columns: readonly Identifier[]; readonly query: Query }[];
  readonly body: QueryBody;
  readonly orderBy: readonly SortItem[];
  readonly limit?: bigint;
}

export interface RelationAlias {
  readonly name: Identifier;
  readonly columns: readonly Identifier[];
}

export type JoinKind = 'INNER' | 'LEFT' | 'RIGHT' | 'FULL' | 'CROSS';

export type Relation =
  | (Node & { readonly kind: 'table'; readonly name: readonly Identifier[]; readonly alias?: RelationAlias })
  | (Node & { readonly kind: 'derived'; readonly query: Query; readonly alias?: RelationAlias })
  | (Node & { readonly kind: 'unnest'; readonly operand: Expression; readonly alias?: RelationAlias })
  | (Node & {
      readonly kind: 'join';
      readonly join: JoinKind;
      readonly left: Relation;
      readonly right: Relation;
      readonly on?: Expression;
      readonly using?: readonly Identifier[];
    });

export interface LikeClause {
  readonly pattern: string;
  readonly escape?: string;
  readonly position: SourcePosition;
}

/** `UNLOAD (query) TO 's3://…' WITH (name = value, …)`. */
export interface Unload extends Node {
  readonly kind: 'unload';
  readonly query: Query;
  readonly target: string;
  readonly properties: readonly { readonly name: Identifier; readonly values: readonly string[] }[];
}

export type Statement =
  | Unload
  | { readonly kind: 'query'; readonly query: Query }
  | { readonly kind: 'show-databases'; readonly like?: LikeClause }
  | { readonly kind: 'show-tables'; readonly database?: Identifier; readonly like?: LikeClause; readonly position: SourcePosition }
  | { readonly kind: 'show-measures'; readonly table: readonly Identifier[]; readonly like?: LikeClause }
  | { readonly kind: 'describe'; readonly table: readonly Identifier[] };
