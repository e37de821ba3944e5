import { validationError } from '../service-error.js';

const maxPageSize = 20;

export interface NamePage<T> {
  readonly items: readonly T[];
  readonly NextToken?: string;
}

/**
 * One page of a listing in the order of its keys. The token is the key to go on behind, so it stays good whatever is created or deleted
 * between two pages.
 *
 * @throws {ServiceError} ValidationException for a token that this listing did not give.
 */
export function namePage<T>(items: readonly T[], keyOf: (item: T) => string, pageSize = maxPageSize, nextToken?: string): NamePage<T> {
  const after = nextToken === undefined ? undefined : decodeToken(nextToken);
  const sorted = items.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)).filter((item) => after === undefined || keyOf(item) > after);
  const page = sorted.slice(0, pageSize);
  const last = page.at(-1);
  return sorted.length > page.length && last !== undefined ? { items: page, NextToken: encodeToken(keyOf(last)) } : { items: page };
}

const tokenMark = 'after:';

function encodeToken(key: string): string {
  return Buffer.from(tokenMark + key).toString('base64url');
}

function decodeToken(token: string): string {
  const decoded = Buffer.from(token, 'base64url').toString();
  if (!decoded.startsWith(tokenMark)) throw validationError('Invalid pagination token');
  return decoded.slice(tokenMark.length);
}
