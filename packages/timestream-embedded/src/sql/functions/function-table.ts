import { lacksRoomForCopy, storedTextBytes } from '../values/made-text.js';
import { invalidAt, type SourcePosition } from '../sql-error.js';
import type { LiteralValue } from '../values/literal-value.js';
import {
  arrayOf,
  bigint,
  boolean,
  commonType,
  date,
  dayTimeInterval,
  double,
  integer,
  pointOf,
  sameType,
  time,
  timestamp,
  typeText,
  varchar,
  yearMonthInterval,
  type SqlType,
} from '../values/sql-type.js';
import { coerce, literalExpression, type Emitter, type TypedExpression } from '../values/typed-expression.js';
import type { DocumentationPage } from './documentation-page.js';

/** Misbehaviour of the engine on request, for the tests of clients that check what an engine can be trusted with. */
export interface DialectFaults {
  /** Doubles are written with this many significant digits instead of as many as they need. */
  readonly doubleDigits?: number;
  /** The same only where a statement casts a double to text; doubles of an answer are written as they should. */
  readonly castDoubleDigits?: number;
  /** Aggregated texts (`array_join`) are cut off behind this many characters. */
  readonly maxJoinedCharacters?: number;
  /** `array_agg` gives its elements in another order than they came in. */
  readonly reordersAggregates?: boolean;
}

/** What the emission of one call may use. */
export interface CallContext {
  readonly emitter: Emitter;
  readonly position: SourcePosition;
  readonly nowNs: () => bigint;
  readonly faults: DialectFaults;
  readonly resultType: SqlType;
  /** `DISTINCT ` of an aggregate, or ''. */
  readonly distinct: string;
  /** ` OVER (…)` of an aggregate or window function, or ''. */
  readonly over: string;
  /** ` IGNORE NULLS` of a window function, or ''. */
  readonly nulls: string;
}

/** The DuckDB SQL of a call. The arguments have the types of the signature; that of a lambda is its DuckDB text. */
export type Emit = (args: readonly TypedExpression[], context: CallContext) => string;

/** A statement or an expression, and what the first column of its first row is: null, a text, or arrays of them. */
export type FunctionExample = readonly [sql: string, answer: unknown];

/**
 * One row of a function table: the signature in words, as an error message prints it, and the emission. A type of one capital letter stands
 * for any; `...` repeats the last argument; `function(S, T, R)` is a lambda that takes S and T and gives R.
 */
export interface FunctionRow {
  readonly signature: string;
  readonly emit: Emit;
  /** The example of the documentation, or ours where it has none or one that changes with the time; at least one for each function. */
  readonly example?: FunctionExample;
  /**
   * The result for literal arguments, where it is known without running: a time bound that is a constant lets DuckDB skip what lies outside.
   * Undefined where it is not (or is an error, which then comes from running).
   */
  readonly fold?: (args: readonly LiteralValue[], nowNs: () => bigint) => LiteralValue | undefined;
  /** How many bytes a text of these arguments has at most, where that is known: what is short needs no look at the memory. */
  readonly maxTextBytes?: (args: readonly TypedExpression[]) => number | undefined;
  /** How many nanoseconds one is, where the only argument is a count of them since the epoch: the same for a number that is put in later. */
  readonly nsPerArgument?: bigint;
}

/** The rows of one page of the documentation. */
export interface FunctionPage {
  readonly page: DocumentationPage;
  readonly rows: readonly FunctionRow[];
}

type TypePattern =
  | { readonly kind: 'type'; readonly type: SqlType }
  | { readonly kind: 'any'; readonly name: string }
  | { readonly kind: 'array' | 'timeseries'; readonly inner: TypePattern }
  | { readonly kind: 'row'; readonly fields: readonly TypePattern[] }
  | { readonly kind: 'function'; readonly parameters: readonly TypePattern[]; readonly result: TypePattern };

export interface ParsedFunction {
  readonly signature: string;
  readonly parameters: readonly TypePattern[];
  readonly isVariadic: boolean;
  readonly result: TypePattern;
  readonly row: FunctionRow;
  readonly page: DocumentationPage;
}

export type FunctionTable = ReadonlyMap<string, readonly ParsedFunction[]>;

/** A lambda that waits for the types of its parameters. `analyze` gives its body and its DuckDB text. */
export interface PendingLambda {
  readonly kind: 'lambda';
  readonly parameterCount: number;
  readonly analyze: (parameters: readonly SqlType[], result: SqlType | undefined) => TypedExpression;
}

export type Argument = TypedExpression | PendingLambda;

const isLambda = (argument: Argument): argument is PendingLambda => 'kind' in argument;

const typesByText: ReadonlyMap<string, SqlType> = new Map(
  [varchar, boolean, bigint, integer, double, timestamp, date, time, dayTimeInterval, yearMonthInterval].map((type) => [
    typeText(type),
    type,
  ]),
);

export function createFunctionTable(...pages: readonly FunctionPage[]): FunctionTable {
  const table = new Map<string, ParsedFunction[]>();
  for (const { page, rows } of pages) {
    for (const row of rows) {
      const { signature } = row;
      const match = /^(\w+)\((.*?)(\.\.\.)?\): (.+)$/.exec(signature);
      if (match === null) throw new Error(`not a signature: ${signature}`);
      const [, name = '', parameters = '', variadic, result = ''] = match;
      const parsed: ParsedFunction = {
        signature,
        parameters: splitTypes(parameters).map(parseTypePattern),
        isVariadic: variadic !== undefined,
        result: parseTypePattern(result),
        row,
        page,
      };
      table.set(name, [...(table.get(name) ?? []), parsed]);
    }
  }
  return table;
}

/** `array(T), function(T, S)` at its outer commas. */
export function splitTypes(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === '(') depth += 1;
    else if (character === ')') depth -= 1;
    else if (character === ',' && depth === 0) {
      parts.push(text.slice(start, at).trim());
      start = at + 1;
    }
  }
  return text === '' ? [] : [...parts, text.slice(start).trim()];
}

function parseTypePattern(text: string): TypePattern {
  const container = /^(array|timeseries|row|function)\((.+)\)$/.exec(text);
  if (container !== null) {
    const [, kind, content = ''] = container;
    const inner = splitTypes(content).map(parseTypePattern);
    const [first] = inner;
    const last = inner.at(-1);
    if (first === undefined || last === undefined) throw new Error(`not a type: ${text}`);
    if (kind === 'row') return { kind: 'row', fields: inner };
    if (kind === 'function') return { kind: 'function', parameters: inner.slice(0, -1), result: last };
    return { kind: kind === 'array' ? 'array' : 'timeseries', inner: first };
  }
  if (/^[A-Z]$/.test(text)) return { kind: 'any', name: text };
  const type = typesByText.get(text);
  if (type === undefined) throw new Error(`not a type: ${text}`);
  return { kind: 'type', type };
}

interface Fit {
  readonly candidate: ParsedFunction;
  readonly types: readonly (SqlType | undefined)[];
  readonly bindings: Map<string, SqlType>;
  readonly conversions: number;
}

/**
 * Finds the signature that the arguments fit with the fewest conversions, and emits the call.
 * @throws {SqlError} naming the types given and the signatures there are.
 */
export function emitCall(
  functions: readonly ParsedFunction[],
  name: string,
  args: readonly Argument[],
  context: Omit<CallContext, 'resultType'>,
): TypedExpression {
  let best: Fit | undefined;
  for (const candidate of functions) {
    const fit = fitArguments(candidate, args);
    if (fit !== undefined && (best === undefined || fit.conversions < best.conversions)) best = fit;
  }
  const mismatch = (): Error => {
    const given = args.map((argument) => (isLambda(argument) ? 'function' : typeText(argument.type))).join(', ');
    const expected = functions.map(({ signature }) => signature.replace(/: (?!.*: ).*/, '')).join(', ');
    return invalidAt(context.position, `Unexpected parameters (${given}) for function ${name}. Expected: ${expected}`);
  };
  if (best === undefined) throw mismatch();
  const { candidate, types, bindings } = best;
  const coerced = args.map((argument, index) => {
    if (isLambda(argument)) return applyLambda(argument, candidate.parameters[index], bindings, context, mismatch);
    return coerce(argument, types[index] ?? argument.type, context.position, context.emitter) ?? argument;
  });
  const resultType = instantiate(candidate.result, bindings);
  if (resultType === undefined) throw mismatch();
  const literals = coerced.flatMap(({ literal }) => literal ?? []);
  const folded = literals.length === coerced.length ? candidate.row.fold?.(literals, context.nowNs) : undefined;
  if (folded !== undefined) return literalExpression(folded, context.position, context.emitter);
  const { nsPerArgument } = candidate.row;
  const [only] = coerced;
  if (nsPerArgument !== undefined && only?.late !== undefined) {
    const late = { index: only.late.index, times: only.late.times * nsPerArgument };
    return { type: resultType, sql: context.emitter.bind(late, 'BIGINT'), late, mayBeNaN: false };
  }
  const maxTextBytes = candidate.row.maxTextBytes?.(coerced);
  return {
    type: resultType,
    sql: candidate.row.emit(coerced, { ...context, resultType }),
    mayBeNaN: true,
    ...(maxTextBytes === undefined ? {} : { maxTextBytes }),
  };
}

/** The lambda with the types that the arguments before it have said; its result says what is still open. */
function applyLambda(
  lambda: PendingLambda,
  pattern: TypePattern | undefined,
  bindings: Map<string, SqlType>,
  context: Omit<CallContext, 'resultType'>,
  mismatch: () => Error,
): TypedExpression {
  if (pattern?.kind !== 'function') throw mismatch();
  const parameters = pattern.parameters.map((parameter) => instantiate(parameter, bindings));
  if (parameters.some((type) => type === undefined)) throw mismatch();
  const expected = instantiate(pattern.result, bindings);
  const body = lambda.analyze(
    parameters.filter((type) => type !== undefined),
    expected,
  );
  if (pattern.result.kind === 'any' && expected === undefined) bindings.set(pattern.result.name, body.type);
  else if (expected === undefined || !sameType(expected, body.type))
    throw invalidAt(
      context.position,
      `The function gives ${typeText(body.type)} where ${expected === undefined ? 'another type' : typeText(expected)} is expected`,
    );
  return body;
}

function fitArguments(candidate: ParsedFunction, args: readonly Argument[]): Fit | undefined {
  const { parameters, isVariadic } = candidate;
  if (args.length < parameters.length || (args.length > parameters.length && !isVariadic)) return undefined;
  const patterns = args.map((_, index) => parameters[Math.min(index, parameters.length - 1)]);
  const bindings = new Map<string, SqlType>();
  for (const [index, argument] of args.entries()) {
    const pattern = patterns[index];
    if (pattern === undefined) return undefined;
    if (isLambda(argument)) {
      if (pattern.kind !== 'function' || pattern.parameters.length !== argument.parameterCount) return undefined;
    } else if (!bindPattern(pattern, argument.type, bindings)) return undefined;
  }
  const types = patterns.map((pattern, index) => {
    const argument = args[index];
    if (pattern === undefined || argument === undefined || isLambda(argument)) return undefined;
    return instantiate(pattern, bindings) ?? argument.type;
  });
  let conversions = 0;
  for (const [index, argument] of args.entries()) {
    const type = types[index];
    if (isLambda(argument)) continue;
    if (type === undefined) return undefined;
    if (sameType(argument.type, type)) continue;
    if (!isCoercible(argument, type)) return undefined;
    conversions += 1;
  }
  return { candidate, types, bindings, conversions };
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
    case 'row':
      return (
        type.kind === 'row' &&
        type.fields.length === pattern.fields.length &&
        pattern.fields.every((field, index) => bindPattern(field, type.fields[index]?.type ?? type, bindings))
      );
    case 'function':
      return false;
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
    case 'row': {
      const fields = pattern.fields.flatMap((field) => instantiate(field, bindings) ?? []);
      const isPoint = fields.length === 2 && pattern.fields[0]?.kind === 'type' && pattern.fields[0].type === timestamp;
      if (fields.length !== pattern.fields.length) return undefined;
      if (isPoint && fields[1] !== undefined) return pointOf(fields[1]);
      return { kind: 'row', fields: fields.map((type) => ({ name: undefined, type })) };
    }
    case 'function':
      return undefined;
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

/**
 * Of a function that copies its first argument, a text, whole or in part: refused where there is no room for the copies.
 *
 * @param times  how many bytes it takes for each of the text
 */
export function copyingText(emit: Emit, times = 1): Emit {
  return (args, context) => {
    const [text, ...rest] = args;
    if (text === undefined || (text.maxTextBytes ?? Infinity) <= storedTextBytes) return emit(args, context);
    return context.emitter.once(
      text.sql,
      (name) => `CASE WHEN ${lacksRoomForCopy(name, times)} THEN NULL ELSE ${emit([{ ...text, sql: name }, ...rest], context)} END`,
    );
  };
}

/** The text of a string literal. @throws {SqlError} when the argument is anything else. */
export function literalText(argument: TypedExpression | undefined, what: string, { position }: Pick<CallContext, 'position'>): string {
  if (argument?.literal?.type !== 'string') throw invalidAt(position, `${what} must be a string literal`);
  return argument.literal.value;
}
