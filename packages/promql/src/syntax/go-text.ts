/** Bytes of a text as UTF-8. */
export function utf8Length(text: string): number {
  let bytes = 0;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) bytes++;
    else if (unit < 0x800) bytes += 2;
    // Half of a surrogate pair: four bytes together.
    else if (unit >= 0xd800 && unit < 0xe000) bytes += 2;
    else bytes += 3;
  }
  return bytes;
}

const NAMED_ESCAPES: ReadonlyMap<number, string> = new Map([
  [7, '\\a'],
  [8, '\\b'],
  [9, '\\t'],
  [10, '\\n'],
  [11, '\\v'],
  [12, '\\f'],
  [13, '\\r'],
  [0x5c, '\\\\'],
]);

// What Go prints as it is (`unicode.IsPrint`): letters, marks, numbers, punctuation, symbols, and the ASCII space alone of the spaces.
const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;

/** A text as Go's `%q` writes it (`strconv.Quote`). */
export function quoteGo(text: string): string {
  let quoted = '"';
  for (const character of text) quoted += character === '"' ? '\\"' : escapeCharacter(character);
  return `${quoted}"`;
}

/** A character as Go's `%q` writes it (`strconv.QuoteRune`); no character at all, the end of the input, is U+FFFD there. */
export function quoteGoCharacter(character: string): string {
  if (character === '') return "'\uFFFD'";
  return character === "'" ? "'\\''" : `'${escapeCharacter(character)}'`;
}

function escapeCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const named = NAMED_ESCAPES.get(code);
  if (named !== undefined) return named;
  if (code < 0x80) return code < 0x20 || code === 0x7f ? `\\x${hex(code, 2)}` : character;
  if (PRINTABLE.test(character)) return character;
  return code > 0xffff ? `\\U${hex(code, 8)}` : `\\u${hex(code, 4)}`;
}

/** A character as Go's `%#U` writes it. */
export function nameGoCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const name = `U+${hex(code, 4).toUpperCase()}`;
  return PRINTABLE.test(character) ? `${name} '${character}'` : name;
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0');
}

/** Order of Go's strings: by UTF-8 bytes, which is the order of code points. */
export function compareGoText(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index++) {
    const a = left.charCodeAt(index);
    const b = right.charCodeAt(index);
    if (a === b) continue;
    // Surrogates stand for code points above every other unit, though their own numbers are below U+E000.
    const aSurrogate = a >= 0xd800 && a < 0xe000;
    const bSurrogate = b >= 0xd800 && b < 0xe000;
    if (aSurrogate !== bSurrogate) return aSurrogate ? 1 : -1;
    return a - b;
  }
  return left.length - right.length;
}
