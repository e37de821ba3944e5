import { randomBytes } from 'node:crypto';

import type { EmbeddedClock } from '../clock.js';
import type { ServerBounds, TimestreamLimits } from '../limits.js';
import { ServiceError, validationError } from '../service-error.js';
import type { IssuedToken, QueryCursor } from './query-cursor.js';

/** As long as the service's own (about 600 random bytes): clients must not count on short ones. */
const tokenBytes = 600;

/** Open results and the tokens that lead to them; both bounded. */
export class CursorRegistry {
  readonly #cursorsById = new Map<string, QueryCursor>();
  readonly #cursorsByToken = new Map<string, QueryCursor>();
  readonly #clock: EmbeddedClock;
  readonly #limits: TimestreamLimits;
  readonly #bounds: ServerBounds;

  constructor(clock: EmbeddedClock, limits: TimestreamLimits, bounds: ServerBounds) {
    this.#clock = clock;
    this.#limits = limits;
    this.#bounds = bounds;
  }

  /** Makes room if need be: the result that nobody has asked for longest is given up. */
  add(cursor: QueryCursor): void {
    for (const known of this.#cursorsById.values())
      if (this.#clock.nowMs() - known.lastUsedMs > this.#limits.maxTokenAgeMs) this.remove(known);
    while (this.#cursorsById.size >= this.#bounds.maxOpenCursors) {
      const [oldest] = [...this.#cursorsById.values()]
        .filter(({ isBusy }) => !isBusy)
        .sort((a, b) => Number(a.state === 'open') - Number(b.state === 'open') || a.lastUsedMs - b.lastUsedMs);
      if (oldest === undefined) throw new ServiceError('ThrottlingException', 'Too many queries are running.');
      this.remove(oldest);
    }
    cursor.lastUsedMs = this.#clock.nowMs();
    this.#cursorsById.set(cursor.identity.queryId, cursor);
  }

  remove(cursor: QueryCursor): void {
    this.#cursorsById.delete(cursor.identity.queryId);
    for (const { text } of cursor.tokens) this.#cursorsByToken.delete(text);
    cursor.close();
  }

  byId(queryId: string): QueryCursor | undefined {
    return this.#cursorsById.get(queryId);
  }

  issueToken(cursor: QueryCursor): string {
    const text = randomBytes(tokenBytes).toString('base64');
    cursor.tokens.push({ text, issuedMs: this.#clock.nowMs(), uses: 0, answer: undefined });
    this.#cursorsByToken.set(text, cursor);
    return text;
  }

  /**
   * Counts one use of a token: at most 5 within an hour, by whom and for what it was given out; using one ends those before it
   * (API model, Query NextToken).
   *
   * @throws {ServiceError} ValidationException `Invalid pagination token`
   */
  useToken(text: string, principal: string, queryString: string): { readonly cursor: QueryCursor; readonly token: IssuedToken } {
    const cursor = this.#cursorsByToken.get(text);
    const token = cursor?.tokens.find((issued) => issued.text === text);
    if (cursor === undefined || token === undefined) throw invalidToken();
    if (cursor.identity.principal !== principal || cursor.identity.queryString !== queryString) throw invalidToken();
    const nowMs = this.#clock.nowMs();
    if (token.uses >= this.#limits.maxTokenUses || nowMs - token.issuedMs > this.#limits.maxTokenAgeMs) throw invalidToken();
    token.uses += 1;
    cursor.lastUsedMs = nowMs;
    for (const earlier of cursor.tokens.splice(0, cursor.tokens.indexOf(token))) this.#cursorsByToken.delete(earlier.text);
    return { cursor, token };
  }

  closeAll(): void {
    for (const cursor of [...this.#cursorsById.values()]) this.remove(cursor);
  }
}

function invalidToken(): ServiceError {
  return validationError('Invalid pagination token');
}
