/**
 * UTF-8 in and out. The WHATWG encoder and decoder exist on every platform this package runs on, but in no `lib` it compiles with, so
 * the little that is used of them is declared here and nowhere else.
 */

declare const TextDecoder: new (
  encoding: 'utf-8',
  options: { readonly fatal: boolean; readonly ignoreBOM: boolean },
) => { decode(bytes: Uint8Array): string };
declare const TextEncoder: new () => { encode(text: string): Uint8Array };

// `ignoreBOM: true` keeps a leading U+FEFF: a label value that starts with one is another value without it.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** Up to about this length, building a string from character codes is faster than a call of the platform's decoder. */
const MAX_SHORT_TEXT_BYTES = 64;

/** The text in `bytes[start, end)`, or undefined if it is not well-formed UTF-8. */
export function decodeUtf8(bytes: Uint8Array, start: number, end: number): string | undefined {
  if (end - start <= MAX_SHORT_TEXT_BYTES) {
    const ascii = decodeAscii(bytes, start, end);
    if (ascii !== undefined) return ascii;
  }
  try {
    return decoder.decode(bytes.subarray(start, end));
  } catch {
    return undefined;
  }
}

/** The UTF-8 bytes of a text. A lone surrogate, which no UTF-8 can hold, becomes U+FFFD. */
export function encodeUtf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** How many bytes {@link encodeUtf8} would give. */
export function utf8Length(text: string): number {
  let length = text.length;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) continue;
    length += unit < 0x800 ? 1 : 2;
    // A pair of surrogates is 4 bytes; a lone one becomes U+FFFD, 3 bytes.
    if (unit >= 0xd800 && unit < 0xdc00) {
      const next = text.charCodeAt(index + 1);
      if (next >= 0xdc00 && next < 0xe000) index++;
    }
  }
  return length;
}

function decodeAscii(bytes: Uint8Array, start: number, end: number): string | undefined {
  let text = '';
  let index = start;
  for (; index + 8 <= end; index += 8) {
    const a = bytes[index] ?? 0;
    const b = bytes[index + 1] ?? 0;
    const c = bytes[index + 2] ?? 0;
    const d = bytes[index + 3] ?? 0;
    const e = bytes[index + 4] ?? 0;
    const f = bytes[index + 5] ?? 0;
    const g = bytes[index + 6] ?? 0;
    const h = bytes[index + 7] ?? 0;
    if (((a | b | c | d | e | f | g | h) & 0x80) !== 0) return undefined;
    text += String.fromCharCode(a, b, c, d, e, f, g, h);
  }
  for (; index < end; index++) {
    const code = bytes[index] ?? 0;
    if (code >= 0x80) return undefined;
    text += String.fromCharCode(code);
  }
  return text;
}
