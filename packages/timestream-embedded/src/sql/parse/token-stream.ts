import { invalidAt, type SourcePosition } from '../sql-error.js';
import type { Identifier, Query } from './syntax-tree.js';
import type { Token } from './tokenizer.js';

/** Words that are names only between double quotes (Timestream's list of reserved keywords). */
const reservedWords: ReadonlySet<string> = new Set(
  `ALTER AND AS BETWEEN BY CASE CAST CONSTRAINT CREATE CROSS CUBE CURRENT_DATE CURRENT_TIME CURRENT_TIMESTAMP CURRENT_USER DEALLOCATE
  DELETE DESCRIBE DISTINCT DROP ELSE END ESCAPE EXCEPT EXECUTE EXISTS EXTRACT FALSE FOR FROM FULL GROUP GROUPING HAVING IN INNER INSERT
  INTERSECT INTO IS JOIN LEFT LIKE LOCALTIME LOCALTIMESTAMP NATURAL NORMALIZE NOT NULL ON OR ORDER OUTER PREPARE RECURSIVE RIGHT ROLLUP
  SELECT TABLE THEN TRUE UESCAPE UNION UNNEST USING VALUES WHEN WHERE WITH`.split(/\s+/),
);

/** Not reserved, but after an item or a relation they begin a clause (or one that Timestream does not have, and is then refused). */
const wordsAfterAlias: ReadonlySet<string> = new Set(['LIMIT', 'OFFSET', 'FETCH', 'TABLESAMPLE', 'WINDOW', 'FILTER']);

/** How deeply expressions and queries may nest: the parser, the analyzer and DuckDB all recurse. */
const maxNesting = 100;

/** The parser's place in the tokens. */
export class TokenStream {
  readonly #tokens: readonly Token[];
  readonly #parseQuery: (stream: TokenStream) => Query;
  #next = 0;
  #nesting = 0;

  /** `parseQuery` is what an expression calls at a subquery. */
  constructor(tokens: readonly Token[], parseQuery: (stream: TokenStream) => Query) {
    this.#tokens = tokens;
    this.#parseQuery = parseQuery;
  }

  peek(ahead = 0): Token {
    const token = this.#tokens[Math.min(this.#next + ahead, this.#tokens.length - 1)];
    if (token === undefined) throw new Error('a token list ends with an end token');
    return token;
  }

  get position(): SourcePosition {
    return this.peek().position;
  }

  next(): Token {
    const token = this.peek();
    this.#next += 1;
    return token;
  }

  /** Whether these keywords come next; words only, in any case. */
  isWord(...words: readonly string[]): boolean {
    return words.every((word, ahead) => {
      const token = this.peek(ahead);
      return token.kind === 'word' && token.text.toUpperCase() === word;
    });
  }

  isSymbol(symbol: string, ahead = 0): boolean {
    const token = this.peek(ahead);
    return token.kind === 'symbol' && token.text === symbol;
  }

  acceptWord(...words: readonly string[]): boolean {
    if (!this.isWord(...words)) return false;
    this.#next += words.length;
    return true;
  }

  acceptSymbol(symbol: string): boolean {
    if (!this.isSymbol(symbol)) return false;
    this.#next += 1;
    return true;
  }

  expectWord(word: string): void {
    if (!this.acceptWord(word)) throw this.mismatch(word);
  }

  expectSymbol(symbol: string): void {
    if (!this.acceptSymbol(symbol)) throw this.mismatch(`'${symbol}'`);
  }

  expectString(): Token {
    if (this.peek().kind !== 'string') throw this.mismatch('a string');
    return this.next();
  }

  isIdentifier(): boolean {
    const token = this.peek();
    return token.kind === 'quoted-identifier' || (token.kind === 'word' && !reservedWords.has(token.text.toUpperCase()));
  }

  /** An alias without AS: the words that may follow an item or a relation are not taken for one. */
  isAlias(): boolean {
    return this.isIdentifier() && !(this.peek().kind === 'word' && wordsAfterAlias.has(this.peek().text.toUpperCase()));
  }

  identifier(): Identifier {
    if (!this.isIdentifier()) throw this.mismatch('an identifier');
    const { text, position } = this.next();
    return { name: text, position };
  }

  /** `a.b.c`, at most `limit` parts. */
  qualifiedName(limit: number): Identifier[] {
    const parts = [this.identifier()];
    while (this.isSymbol('.')) {
      if (parts.length === limit) throw this.mismatch(`a name of at most ${limit} parts`);
      this.next();
      parts.push(this.identifier());
    }
    return parts;
  }

  list<T>(item: () => T): T[] {
    const items = [item()];
    while (this.acceptSymbol(',')) items.push(item());
    return items;
  }

  query(): Query {
    return this.nested(() => this.#parseQuery(this));
  }

  nested<T>(parse: () => T): T {
    if (this.#nesting >= maxNesting) throw invalidAt(this.position, `The statement nests deeper than ${maxNesting} levels`);
    this.#nesting += 1;
    const result = parse();
    this.#nesting -= 1;
    return result;
  }

  /** The refusal of the token that comes next. */
  mismatch(expected: string): ReturnType<typeof invalidAt> {
    const token = this.peek();
    return invalidAt(token.position, `mismatched input '${token.kind === 'end' ? '<EOF>' : token.text}', expecting ${expected}`);
  }
}
