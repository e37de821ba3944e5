import { re2OfCodePoint, sealRe2 } from './code-point-set.js';

/** A LIKE pattern: literal pieces, `%` as `any` and `_` as `one`. */
export type LikePiece = { readonly kind: 'any' } | { readonly kind: 'one' } | { readonly kind: 'text'; readonly text: string };

/**
 * Splits a LIKE pattern. There is no escape character unless one is given; after it only `%`, `_` and itself may stand.
 * Undefined when something else stands there.
 */
export function parseLikePattern(pattern: string, escape?: string): LikePiece[] | undefined {
  const pieces: LikePiece[] = [];
  let text = '';
  const flush = (): void => {
    if (text !== '') pieces.push({ kind: 'text', text });
    text = '';
  };
  const characters = Array.from(pattern);
  for (let index = 0; index < characters.length; index += 1) {
    const character = characters[index] ?? '';
    if (character === escape) {
      index += 1;
      const escaped = characters[index];
      if (escaped === undefined || (escaped !== '%' && escaped !== '_' && escaped !== escape)) return undefined;
      text += escaped;
    } else if (character === '%' || character === '_') {
      flush();
      pieces.push({ kind: character === '%' ? 'any' : 'one' });
    } else text += character;
  }
  flush();
  return pieces;
}

/** RE2 for the whole text, printable ASCII without quotes. */
export function re2OfLike(pieces: readonly LikePiece[]): string {
  const any = '[\\x{0}-\\x{10ffff}]';
  const texts = pieces.map((piece) => {
    if (piece.kind === 'any') return `${any}*`;
    if (piece.kind === 'one') return any;
    return Array.from(piece.text, (character) => re2OfCodePoint(character.codePointAt(0) ?? 0)).join('');
  });
  return sealRe2(`\\A${texts.join('')}\\z`);
}

/** Whether a text matches, for the statements that are answered from the catalog. Linear in practice: at most one backtrack point. */
export function matchesLike(text: string, pieces: readonly LikePiece[]): boolean {
  const pattern = pieces.flatMap((piece): LikePiece[] =>
    piece.kind === 'text' ? Array.from(piece.text, (character) => ({ kind: 'text', text: character })) : [piece],
  );
  const characters = Array.from(text);
  let at = 0;
  let next = 0;
  let retry: { readonly pattern: number; at: number } | undefined;
  while (at < characters.length) {
    const piece = pattern[next];
    if (piece?.kind === 'any') {
      next += 1;
      retry = { pattern: next, at };
    } else if (piece !== undefined && (piece.kind === 'one' || piece.text === characters[at])) {
      next += 1;
      at += 1;
    } else if (retry !== undefined) {
      retry.at += 1;
      at = retry.at;
      next = retry.pattern;
    } else return false;
  }
  return pattern.slice(next).every((piece) => piece.kind === 'any');
}
