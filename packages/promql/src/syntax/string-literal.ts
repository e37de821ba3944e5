const ESCAPES: Readonly<Record<string, number>> = { a: 7, b: 8, f: 12, n: 10, r: 13, t: 9, v: 11 };

/**
 * The text of a string that the lexer has accepted. `\x` and octal escapes are bytes; those that are no UTF-8 together become U+FFFD,
 * which matches nothing that can be stored.
 */
export function unquoteGo(literal: string): string {
  const body = literal.slice(1, -1);
  if (literal.startsWith('`')) return body.replaceAll('\r', '');
  if (!body.includes('\\')) return body;
  let text = '';
  let bytes: number[] = [];
  const flush = (): void => {
    text += decodeUtf8(bytes);
    bytes = [];
  };
  for (let index = 0; index < body.length; index++) {
    const character = body.charAt(index);
    if (character !== '\\') {
      flush();
      text += character;
      continue;
    }
    const next = body.charAt(++index);
    const octal = next >= '0' && next <= '7';
    if (octal || next === 'x') {
      const digits = octal ? body.slice(index, index + 3) : body.slice(index + 1, index + 3);
      bytes.push(parseInt(digits, octal ? 8 : 16));
      index += 2;
      continue;
    }
    flush();
    if (next === 'u' || next === 'U') {
      const length = next === 'u' ? 4 : 8;
      text += String.fromCodePoint(parseInt(body.slice(index + 1, index + 1 + length), 16));
      index += length;
    } else {
      const code = ESCAPES[next];
      text += code === undefined ? next : String.fromCharCode(code);
    }
  }
  flush();
  return text;
}

function decodeUtf8(bytes: readonly number[]): string {
  let text = '';
  for (let index = 0; index < bytes.length;) {
    const [code, length] = decodeCharacter(bytes, index);
    text += String.fromCodePoint(code);
    index += length;
  }
  return text;
}

function decodeCharacter(bytes: readonly number[], index: number): readonly [code: number, length: number] {
  const first = bytes[index] ?? 0;
  if (first < 0x80) return [first, 1];
  const length = first >= 0xf0 && first < 0xf5 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 0;
  const broken = [0xfffd, 1] as const;
  if (length === 0 || first >= 0xf5) return broken;
  let code = first & (0xff >> (length + 1));
  for (let offset = 1; offset < length; offset++) {
    const next = bytes[index + offset];
    if (next === undefined || (next & 0xc0) !== 0x80) return broken;
    code = (code << 6) | (next & 0x3f);
  }
  const least = length === 2 ? 0x80 : length === 3 ? 0x800 : 0x10000;
  return code < least || code > 0x10ffff || (code >= 0xd800 && code < 0xe000) ? broken : [code, length];
}
