import { modelViolation, ServiceError } from '../service-error.js';
import { exactInteger, isMarkedInteger } from './json-body.js';

/** A shape of the API model: what a member of a request must look like before an operation sees it. */
export type ModelShape =
  | {
      readonly type: 'string';
      readonly min?: number;
      readonly max?: number;
      readonly pattern?: RegExp;
      readonly values?: readonly string[];
    }
  | { readonly type: 'integer'; readonly min?: number; readonly max?: number }
  /** 64 bits: a bigint where a number would not be exact. */
  | { readonly type: 'long' }
  | { readonly type: 'double' }
  | { readonly type: 'boolean' }
  | { readonly type: 'list'; readonly member: ModelShape; readonly min?: number; readonly max?: number }
  /** Names chosen by the client. */
  | { readonly type: 'map'; readonly value: ModelShape; readonly max?: number }
  | StructureShape;

export interface StructureShape {
  readonly type: 'structure';
  readonly members: Readonly<Record<string, ModelShape>>;
  readonly required: readonly string[];
}

type RequiredName<S extends StructureShape> = S['required'][number] & keyof S['members'];

/** What `parseModel` gives for a shape. */
export type ModelValue<S extends ModelShape> = S extends { readonly type: 'string'; readonly values: readonly (infer V)[] }
  ? V
  : S extends { readonly type: 'string' }
    ? string
    : S extends { readonly type: 'integer' | 'double' }
      ? number
      : S extends { readonly type: 'long' }
        ? number | bigint
        : S extends { readonly type: 'boolean' }
          ? boolean
          : S extends { readonly type: 'list'; readonly member: infer M extends ModelShape }
            ? readonly ModelValue<M>[]
            : S extends { readonly type: 'map'; readonly value: infer M extends ModelShape }
              ? Readonly<Record<string, ModelValue<M>>>
              : S extends StructureShape
                ? { readonly [Name in RequiredName<S>]: ModelValue<S['members'][Name]> } & {
                    readonly [Name in Exclude<keyof S['members'], RequiredName<S>>]?: ModelValue<S['members'][Name]>;
                  }
                : never;

/** A structure; the names that must be there come last. */
export function structure<
  const Members extends Readonly<Record<string, ModelShape>>,
  const Names extends readonly (keyof Members & string)[],
>(members: Members, ...required: Names): { readonly type: 'structure'; readonly members: Members; readonly required: Names } {
  return { type: 'structure', members, required };
}

/** More violations than this are not listed: the answer to a large bad request stays small. */
const maxViolations = 20;
const maxShownCharacters = 256;

interface Walk {
  readonly violations: string[];
}

/**
 * Checks a decoded body against its shape, as the service's framework does before the operation runs.
 *
 * @returns the members that the model knows; others are ignored, `null` is the same as absent.
 * @throws {ServiceError} SerializationException for a wrong JSON type, ValidationException for a broken constraint.
 */
export function parseModel<S extends StructureShape>(shape: S, body: unknown): ModelValue<S> {
  if (isValid(shape, body)) return body as ModelValue<S>;
  const walk: Walk = { violations: [] };
  const parsed = parseStructure(shape, body, '', walk) as ModelValue<S>;
  if (walk.violations.length > 0) throw modelViolation(walk.violations);
  return parsed;
}

type Look = (value: unknown) => boolean;

/** Shapes never change, so that each is made into a look once. */
const looks = new WeakMap<ModelShape, Look>();

/**
 * Whether the value is of the shape as it stands, with nothing to refuse and no `null` to leave out. Nearly every request is, and this
 * look needs no paths and no copies.
 */
export function isValid(shape: ModelShape, value: unknown): boolean {
  let look = looks.get(shape);
  if (look === undefined) {
    look = lookOf(shape);
    looks.set(shape, look);
  }
  return look(value);
}

function lookOf(shape: ModelShape): Look {
  switch (shape.type) {
    case 'string':
      return stringLook(shape);
    case 'integer': {
      const { min = -Infinity, max = Infinity } = shape;
      return (value) => typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max;
    }
    case 'long':
      return Number.isSafeInteger;
    case 'double':
      return (value) => typeof value === 'number';
    case 'boolean':
      return (value) => typeof value === 'boolean';
    case 'list': {
      const look = lookOf(shape.member);
      return (value) => {
        if (!Array.isArray(value) || !hasLength(shape, value.length)) return false;
        for (const member of value as readonly unknown[]) if (!look(member)) return false;
        return true;
      };
    }
    case 'map':
      return () => false;
    case 'structure':
      return structureLook(shape);
  }
}

function stringLook(shape: Extract<ModelShape, { readonly type: 'string' }>): Look {
  const { min = 0, max = Infinity, pattern } = shape;
  const values = shape.values === undefined ? undefined : new Set(shape.values);
  return (value) =>
    typeof value === 'string' &&
    value.length >= min &&
    value.length <= max &&
    isWellFormed(value) &&
    !isMarkedInteger(value) &&
    pattern?.test(value) !== false &&
    values?.has(value) !== false;
}

function structureLook({ members, required }: StructureShape): Look {
  const memberLooks = new Map(Object.entries(members).map(([name, member]) => [name, lookOf(member)]));
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
    for (const name of required) if (!Object.hasOwn(value, name)) return false;
    for (const name in value) {
      if (memberLooks.get(name)?.((value as Readonly<Record<string, unknown>>)[name]) !== true) return false;
    }
    return true;
  };
}

/** Whether the text has a UTF-8 form. Node.js has the method since version 20; the library that this is compiled with is that of ES2023. */
function isWellFormed(text: string): boolean {
  return (text as string & { isWellFormed(): boolean }).isWellFormed();
}

function hasLength({ min = 0, max = Infinity }: { readonly min?: number; readonly max?: number }, length: number): boolean {
  return length >= min && length <= max;
}

function parseStructure(shape: StructureShape, value: unknown, path: string, walk: Walk): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrongType(value, 'a Structure', path);
  const parsed: Record<string, unknown> = {};
  const given = new Map<string, unknown>(Object.entries(value));
  for (const [name, memberShape] of Object.entries(shape.members)) {
    const member = given.get(name);
    const memberPath = path === '' ? lowerFirst(name) : `${path}.${lowerFirst(name)}`;
    if (member !== undefined && member !== null) parsed[name] = parseValue(memberShape, member, memberPath, walk);
    else if (shape.required.includes(name)) violate(walk, null, memberPath, 'Member must not be null');
  }
  return parsed;
}

function parseValue(shape: ModelShape, value: unknown, path: string, walk: Walk): unknown {
  switch (shape.type) {
    case 'structure':
      return parseStructure(shape, value, path, walk);
    case 'list': {
      if (!Array.isArray(value)) throw wrongType(value, 'a List', path);
      const list: readonly unknown[] = value;
      checkLength(shape, list.length, list, path, walk);
      // Members of a list that is too long already are not worth the time.
      if (shape.max !== undefined && list.length > shape.max) return [];
      return list.map((member, index) => parseValue(shape.member, member, `${path}.${index + 1}.member`, walk));
    }
    case 'boolean':
      if (typeof value !== 'boolean') throw wrongType(value, 'a Boolean', path);
      return value;
    case 'integer': {
      const integer = exactInteger(value);
      if (integer === undefined) throw wrongType(value, 'an Integer', path);
      if (shape.min !== undefined && integer < shape.min)
        violate(walk, integer, path, `Member must have value greater than or equal to ${shape.min}`);
      if (shape.max !== undefined && integer > shape.max)
        violate(walk, integer, path, `Member must have value less than or equal to ${shape.max}`);
      return integer;
    }
    case 'long': {
      const integer = exactInteger(value);
      if (integer === undefined) throw wrongType(value, 'a Long', path);
      return integer;
    }
    case 'double':
      if (typeof value !== 'number') throw wrongType(value, 'a Double', path);
      return value;
    case 'map': {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrongType(value, 'a Map', path);
      const entries = Object.entries(value);
      checkLength(shape, entries.length, entries, path, walk);
      return Object.fromEntries(entries.map(([name, member]) => [name, parseValue(shape.value, member, `${path}.${name}`, walk)]));
    }
    case 'string':
      return parseString(shape, value, path, walk);
  }
}

function parseString(shape: ModelShape & { readonly type: 'string' }, value: unknown, path: string, walk: Walk): string {
  if (typeof value !== 'string' || exactInteger(value) !== undefined) throw wrongType(value, 'a String', path);
  // A lone surrogate has no UTF-8 form: it could be stored, but never read back.
  if (!isWellFormed(value)) throw new ServiceError('SerializationException', `The string at '${path}' is not valid Unicode`);
  checkLength(shape, value.length, value, path, walk);
  if (shape.pattern?.test(value) === false) {
    const pattern = shape.pattern.source.replace(/^\^(.*)\$$/, '$1');
    violate(walk, value, path, `Member must satisfy regular expression pattern: ${pattern}`);
  }
  if (shape.values?.includes(value) === false)
    violate(walk, value, path, `Member must satisfy enum value set: [${shape.values.join(', ')}]`);
  return value;
}

function checkLength(
  shape: { readonly min?: number; readonly max?: number },
  length: number,
  value: unknown,
  path: string,
  walk: Walk,
): void {
  if (shape.min !== undefined && length < shape.min)
    violate(walk, value, path, `Member must have length greater than or equal to ${shape.min}`);
  if (shape.max !== undefined && length > shape.max)
    violate(walk, value, path, `Member must have length less than or equal to ${shape.max}`);
}

function violate(walk: Walk, value: unknown, path: string, constraint: string): void {
  if (walk.violations.length >= maxViolations) return;
  const shown = value === null ? 'Value null' : `Value '${showValue(value)}'`;
  walk.violations.push(`${shown} at '${path}' failed to satisfy constraint: ${constraint}`);
}

function showValue(value: unknown): string {
  const text = typeof value === 'string' ? value : Array.isArray(value) ? `[${value.length} members]` : String(value);
  return text.length <= maxShownCharacters ? text : `${text.slice(0, maxShownCharacters)}…`;
}

function wrongType(value: unknown, expected: string, path: string): ServiceError {
  return new ServiceError(
    'SerializationException',
    `${jsonToken(value)} can not be converted to ${expected}${path === '' ? '' : ` at '${path}'`}`,
  );
}

function jsonToken(value: unknown): string {
  if (value === null) return 'NULL';
  if (Array.isArray(value)) return 'START_ARRAY';
  return typeof value === 'object' ? 'START_OBJECT' : `${(typeof value).toUpperCase()}_VALUE`;
}

function lowerFirst(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}
