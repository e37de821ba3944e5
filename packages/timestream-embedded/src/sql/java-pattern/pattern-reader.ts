interface Flags {
  readonly ignoreCase: boolean;
  readonly dotAll: boolean;
}

/** The pattern's characters and the flags in force where the parser is. */
export class PatternReader {
  readonly #characters: readonly string[];
  #next = 0;
  flags: Flags = { ignoreCase: false, dotAll: false };
  nesting = 0;
  readonly groupNames = new Set<string>();

  constructor(pattern: string) {
    this.#characters = Array.from(pattern);
  }

  /** The next character; '' at the end. */
  peek(ahead = 0): string {
    return this.#characters[this.#next + ahead] ?? '';
  }

  next(): string {
    const character = this.peek();
    this.#next += 1;
    return character;
  }

  accept(text: string): boolean {
    const characters = Array.from(text);
    if (!characters.every((character, ahead) => this.peek(ahead) === character)) return false;
    this.#next += characters.length;
    return true;
  }

  takeWhile(pattern: RegExp, limit: number): string {
    let taken = '';
    while (taken.length < limit && this.peek() !== '' && pattern.test(this.peek())) taken += this.next();
    return taken;
  }
}
