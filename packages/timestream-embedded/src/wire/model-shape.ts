import { modelViolation, ServiceError } from '../service-error.js';
import { exactInteger } from './json-body.js';

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
  | { readonly type: 'boolean' }
  | { readonly type: 'list'; readonly member: ModelShape; readonly min?: number; readonly max?: number }
  | StructureShape;

export interface StructureShape {
  readonly type: 'structure';
  readonly members: Readonly<Record<string, ModelShape>>;
  readonly required: readonly string[];
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
export function parseModel(shape: StructureShape, body: unknown): Readonly<Record<string, unknown>> {
  const walk: Walk = { violations: [] };
  const parsed = parseStructure(shape, body, '', walk);
  if (walk.violations.length > 0) throw modelViolation(walk.violations);
  return parsed;
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
    case 'string':
      return parseString(shape, value, path, walk);
  }
}

function parseString(shape: ModelShape & { readonly type: 'string' }, value: unknown, path: string, walk: Walk): string {
  if (typeof value !== 'string' || exactInteger(value) !== undefined) throw wrongType(value, 'a String', path);
  // A lone surrogate has no UTF-8 form: it could be stored, but never read back.
  if (/\p{Surrogate}/u.test(value)) throw new ServiceError('SerializationException', `The string at '${path}' is not valid Unicode`);
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
