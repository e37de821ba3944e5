import fc from 'fast-check';

const atoms = [
  'a',
  'b',
  'K',
  'é',
  '😀',
  '.',
  '\\.',
  '\\d',
  '\\W',
  '\\s',
  '\\h',
  '[ab]',
  '[^a]',
  '[a-c&&[^b]]',
  '[a[é]]',
  '[a&&b]',
  '\\p{L}',
  '\\P{Lu}',
  '\\pN',
  '\\p{IsLatin}',
  '\\p{Alpha}',
  '\\R',
  '^',
  '$',
  '\\b',
  '\\B',
  '\\A',
  '\\z',
  '\\Z',
  '(?=a)',
  '(?!b)',
  '(?<=a)',
  '(?<!b|ab)',
  '\\1',
  '\\2',
  '(?i)',
  '(?-i)',
  '(?m)',
  '(?s)',
  '\\Qa.\\E',
  '\\x41',
  '\\u00e9',
  '\\t',
];
/** Patterns of all that Java's have, each of a few parts; some are none. */
export const pattern = fc.letrec<{ node: string }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    { weight: 5, arbitrary: fc.constantFrom(...atoms) },
    { weight: 3, arbitrary: fc.array(tie('node'), { minLength: 1, maxLength: 3 }).map((parts) => parts.join('')) },
    { weight: 2, arbitrary: fc.tuple(tie('node'), tie('node')).map(([a, b]) => `(${a}|${b})`) },
    {
      weight: 3,
      arbitrary: fc
        .tuple(
          tie('node'),
          fc.constantFrom('(', '(?:', '(?>'),
          fc.constantFrom('', '*', '+', '?', '{1,2}', '{2}', '{0,3}'),
          fc.constantFrom('', '', '?', '+'),
        )
        .map(([inner, open, quantifier, mode]) => `${open}${inner})${quantifier}${quantifier === '' ? '' : mode}`),
    },
  ),
})).node;
/** Short texts of what the patterns look for. */
export const text = fc
  .array(fc.constantFrom('a', 'b', 'c', 'K', 'k', 'é', '😀', '1', ' ', '.', '\n', '\r', '\t', '_'), { maxLength: 12 })
  .map((parts) => parts.join(''));
