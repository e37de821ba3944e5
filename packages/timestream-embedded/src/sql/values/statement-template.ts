/** A value as the DuckDB client binds it. The SQL text casts every parameter, so the client's own idea of its type does not matter. */
export type SqlParameter = string | bigint | boolean | null;

/** A number of the shape of a statement, some times. */
export interface LateNumber {
  readonly index: number;
  readonly times: bigint;
}

/** A whole number that is put into the finished statement: one of its shape, or where the retention of a relation begins. */
export type LateValue = LateNumber | { readonly relation: string; readonly oldestTimeNs: bigint };

/** A statement for DuckDB, but for the numbers that change from one time it is asked to the next. */
export class StatementTemplate {
  /** Of the text; between each two stands a late value. */
  readonly #pieces: readonly string[];
  readonly #late: readonly LateValue[];
  /** `$1` is the first. */
  readonly parameters: readonly SqlParameter[];

  constructor(pieces: readonly string[], late: readonly LateValue[], parameters: readonly SqlParameter[]) {
    this.#pieces = pieces;
    this.#late = late;
    this.parameters = parameters;
  }

  /** The characters that it takes. */
  get length(): number {
    return this.#pieces.reduce((sum, { length }) => sum + length, 0);
  }

  /**
   * @param numbers  that stand for those of the shape, none negative
   * @param oldestTimesNs  where the retention of relations begins now; of others it begins where it did
   */
  sql(numbers: readonly bigint[] = [], oldestTimesNs: ReadonlyMap<string, bigint> = new Map()): string {
    let text = this.#pieces[0] ?? '';
    for (const [position, late] of this.#late.entries()) {
      const value = 'index' in late ? numberOf(numbers, late) : (oldestTimesNs.get(late.relation) ?? late.oldestTimeNs);
      text += (value < 0n ? `(${value})` : String(value)) + (this.#pieces[position + 1] ?? '');
    }
    return text;
  }
}

function numberOf(numbers: readonly bigint[], { index, times }: LateNumber): bigint {
  const number = numbers[index];
  if (number === undefined) throw new Error('a number for each place of the shape');
  return number * times;
}
