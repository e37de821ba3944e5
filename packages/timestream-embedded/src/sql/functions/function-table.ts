import { invalidAt, type SourcePosition } from '../sql-error.js';
import {
  arrayOf,
  bigint,
  boolean,
  commonType,
  date,
  dayTimeInterval,
  double,
  integer,
  sameType,
  timestamp,
  typeText,
  varchar,
  yearMonthInterval,
  type SqlType,
} from '../values/sql-type.js';
import type { LiteralValue } from '../parse/syntax-tree.js';
import { coerce, literalExpression, type Emitter, type TypedExpression } from '../values/typed-expression.js';

/** What the emission of one call may use. */
export interface CallContext {
  readonly emitter: Emitter;
  readonly position: SourcePosition;
  readonly nowNs: bigint;
  readonly resultType: SqlType;
  /** `DISTINCT ` of an aggregate, or ''. */
  readonly distinct: string;
  /** ` OVER (…)` of an aggregate or window function, or ''. */
  readonly over: string;
}

/** The DuckDB SQL of a call. The arguments have the types of the signature. */
export type Emit = (args: readonly TypedExpression[], context: CallContext) => string;

/**
 * One row of a function table: the signature in words, as an error message prints it, and the emission. A type of one capital letter stands
 * for any; `...` repeats the last argument.
 */
export interface FunctionRow {
  readonly signature: string;
  readonly emit: Emit;
  /**
   * The result for literal arguments, where it is known without running: a time bound that is a constant lets DuckDB skip what lies outside.
   * Undefined where it is not (or is an error, which then comes from running).
   */
  readonly fold?: (args: readonly LiteralValue[], nowNs: bigint) => LiteralValue | undefined;
}

type TypePattern =
  | { readonly kind: 'type'; readonly type: SqlType }
  | { readonly kind: 'any'; readonly name: string }
  | { readonly kind: 'array' | 'timeseries'; readonly inner: TypePattern };

interface ParsedFunction {
  readonly signature: string;
  readonly parameters: readonly TypePattern[];
  readonly isVariadic: boolean;
  readonly result: TypePattern;
  readonly row: FunctionRow;
}

export type FunctionTable = ReadonlyMap<string, readonly ParsedFunction[]>;

const typesByText: ReadonlyMap<string, SqlType> = new Map(
  [varchar, boolean, bigint, integer, double, timestamp, date, dayTimeInterval, yearMonthInterval].map((type) => [typeText(type), type]),
);

export function createFunctionTable(...rows: readonly FunctionRow[]): FunctionTable {
  const table = new Map<string, ParsedFunction[]>();
  for (const row of rows) {
    const { signature } = row;
    const match = /^(\w+)\((.*?)(\.\.\.)?\): (.+)$/.exec(signature);
    if (match === null) throw new Error(`not a signature: ${signature}`);
    const [, name = '', parameters = '', variadic, result = ''] = match;
    const parsed: ParsedFunction = {
      signature,
      parameters: parameters === '' ? [] : parameters.split(', ').map(parseTypePattern),
      isVariadic: variadic !== undefined,
      result: parseTypePattern(result),
      row,
    };
    table.set(name, [...(table.get(name) ?? []), parsed]);
  }
  return table;
}

function parseTypePattern(text: string): TypePattern {
  const container = /^(array|timeseries)\((.+)\)$/.exec(text);
  if (container !== null) return { kind: container[1] === 'array' ? 'array' : 'timeseries', inner: parseTypePattern(container[2] ?? '') };
  if (/^[A-Z]$/.test(text)) return { kind: 'any', name: text };
  const type = typesByText.get(text);
  if (type === undefined) throw new Error(`not a type: ${text}`);
  return { kind: 'type', type };
}

/**
 * Finds the signature that the arguments fit with the fewest conversions, and emits the call.
 * @throws {SqlError} naming the types given and the signatures there are.
 */
export function emitCall(
  functions: readonly ParsedFunction[],
  name: string,
  args: readonly TypedExpression[],
  context: Omit<CallContext, 'resultType'>,
): TypedExpression {
  let best: { candidate: ParsedFunction; types: readonly SqlType[]; result: SqlType; conversions: number } | undefined;
  for (const candidate of functions) {
    const fit = fitArguments(candidate, args);
    if (fit !== undefined && (best === undefined || fit.conversions < best.conversions)) best = { candidate, ...fit };
  }
  if (best === undefined) {
    const given = args.map(({ type }) => typeText(type)).join(', ');
    const expected = functions.map(({ signature }) => signature.replace(/: .*/, '')).join(', ');
    throw invalidAt(context.position, `Unexpected parameters (${given}) for function ${name}. Expected: ${expected}`);
  }
  const { candidate, types, result } = best;
  const coerced = args.map(
    (argument, index) => coerce(argument, types[index] ?? argument.type, context.position, context.emitter) ?? argument,
  );
  const literals = coerced.flatMap(({ literal }) => literal ?? []);
  const folded = literals.length === coerced.length ? candidate.row.fold?.(literals, context.nowNs) : undefined;
  if (folded !== undefined) return literalExpression(folded, context.position, context.emitter);
  return { type: result, sql: candidate.row.emit(coerced, { ...context, resultType: result }), mayBeNaN: true };
}

function fitArguments(
  { parameters, isVariadic, result }: ParsedFunction,
  args: readonly TypedExpression[],
): { types: readonly SqlType[]; result: SqlType; conversions: number } | undefined {
  if (args.length < parameters.length || (args.length > parameters.length && !isVariadic)) return undefined;
  const patterns = args.map((_, index) => parameters[Math.min(index, parameters.length - 1)]);
  const bindings = new Map<string, SqlType>();
  for (const [index, { type }] of args.entries()) {
    const pattern = patterns[index];
    if (pattern === undefined || !bindPattern(pattern, type, bindings)) return undefined;
  }
  const types = patterns.map((pattern, index) => (pattern && instantiate(pattern, bindings)) ?? args[index]?.type);
  let conversions = 0;
  for (const [index, argument] of args.entries()) {
    const type = types[index];
    if (type === undefined) return undefined;
    if (sameType(argument.type, type)) continue;
    if (!isCoercible(argument, type)) return undefined;
    conversions += 1;
  }
  const resultType = instantiate(result, bindings);
  return resultType === undefined ? undefined : { types: types.filter((type) => type !== undefined), result: resultType, conversions };
}

/** The same question as `coerce`, without emitting anything. */
function isCoercible({ type, literal }: TypedExpression, target: SqlType): boolean {
  const common = commonType(type, target);
  if (common !== undefined) return sameType(common, target);
  return literal?.type === 'string' && (sameType(target, timestamp) || sameType(target, date));
}

function bindPattern(pattern: TypePattern, type: SqlType, bindings: Map<string, SqlType>): boolean {
  switch (pattern.kind) {
    case 'type':
      return true;
    case 'any': {
      const bound = bindings.get(pattern.name);
      const common = bound === undefined ? type : commonType(bound, type);
      if (common === undefined) return false;
      bindings.set(pattern.name, common);
      return true;
    }
    case 'array':
      return type.kind === 'array' && bindPattern(pattern.inner, type.element, bindings);
    case 'timeseries':
      return type.kind === 'timeseries' && bindPattern(pattern.inner, type.value, bindings);
  }
}

function instantiate(pattern: TypePattern, bindings: ReadonlyMap<string, SqlType>): SqlType | undefined {
  switch (pattern.kind) {
    case 'type':
      return pattern.type;
    case 'any':
      return bindings.get(pattern.name);
    case 'array': {
      const element = instantiate(pattern.inner, bindings);
      return element && arrayOf(element);
    }
    case 'timeseries': {
      const value = instantiate(pattern.inner, bindings);
      return value && { kind: 'timeseries', value };
    }
  }
}

/** A call of the DuckDB function of this name, arguments as they are. */
export function plain(name: string): Emit {
  return (args) => `${name}(${args.map(({ sql }) => sql).join(', ')})`;
}

/** Emission from the arguments' SQL alone. */
export function emitting(write: (...args: string[]) => string): Emit {
  return (args) => write(...args.map(({ sql }) => sql));
}

/** The same where an argument is named more than once. */
export function emittingOnce(write: (first: string, ...rest: string[]) => string): Emit {
  return (args, { emitter }) =>
    emitter.onceAll(
      args.map(({ sql }) => sql),
      ([first = '', ...rest]) => write(first, ...rest),
    );
}

/** The text of a string literal. @throws {SqlError} when the argument is anything else. */
export function literalText(argument: TypedExpression | undefined, what: string, { position }: Pick<CallContext, 'position'>): string {
  if (argument?.literal?.type !== 'string') throw invalidAt(position, `${what} must be a string literal`);
  return argument.literal.value;
}
