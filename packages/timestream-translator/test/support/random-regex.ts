import fc from 'fast-check';

/** Characters that fold, quote, end lines, take two UTF-16 units or mean something to a regex, and a few ordinary ones. */
const characters = [
  'a',
  'b',
  'k',
  's',
  'K',
  'S',
  '\u017f',
  '\u212a',
  'é',
  'É',
  '\u{1F600}',
  '\u{10400}',
  '\n',
  '-',
  '&',
  ']',
  '^',
  '.',
  '_',
  '1',
  ' ',
  '\\',
];

export const labelText: fc.Arbitrary<string> = fc.array(fc.constantFrom(...characters), { maxLength: 8 }).map((parts) => parts.join(''));

const literal = fc.constantFrom(...characters).map((character) => (/^[\]^.\\&-]$/.test(character) ? `\\${character}` : character));
const classItem = fc.constantFrom(
  'a',
  'b-s',
  'S',
  '\\d',
  '\\W',
  '[:alpha:]',
  '[:^digit:]',
  'é',
  '\\pL',
  '&&',
  '[',
  '\\]',
  '\\-',
  '^',
  '\\n',
  '\u212a',
  'é-\u017f',
);
const atom = fc.oneof(
  { weight: 8, arbitrary: literal },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      '.',
      '\\d',
      '\\w',
      '\\W',
      '\\S',
      '\\s',
      '\\x61',
      '\\x{1F600}',
      '\\n',
      '[[:alpha:]]',
      '\\Qa.b\\E',
      '\\pL',
      '\\PL',
      '^',
      '$',
      '\\b',
      '\\B',
      '\\A',
      '\\z',
      '',
    ),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.constantFrom('', '^'), fc.array(classItem, { minLength: 1, maxLength: 3 }))
      .map(([negation, items]) => `[${negation}${items.join('')}]`),
  },
);
const quantifier = fc.constantFrom('', '', '', '*', '+', '?', '*?', '+?', '??', '{2}', '{0,2}', '{1,}', '{2,3}?', '{0}');

/** Patterns of RE2, most of them valid. */
export const randomRegex: fc.Arbitrary<string> = fc.letrec<{ node: string; sequence: string }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 3, depthSize: 'small', withCrossShrink: true },
    fc.tuple(atom, quantifier).map(([inner, times]) => inner + times),
    fc
      .tuple(
        fc.constantFrom('(', '(?:', '(?i:', '(?-s:', '(?U:', '(?m:', '(?P<n>', '(?i)(', '(?s)('),
        tie('sequence'),
        tie('sequence'),
        fc.boolean(),
        quantifier,
      )
      .map(([open, left, right, both, times]) => `${open}${both ? `${left}|${right}` : left})${times}`),
  ),
  sequence: fc.array(tie('node'), { maxLength: 4 }).map((nodes) => nodes.join('')),
})).sequence;

/** Pieces of patterns without order: mostly invalid, in every way. */
export const regexDebris: fc.Arbitrary<string> = fc
  .array(
    fc.constantFrom(
      ...[
        'a',
        'b',
        'é',
        '1001',
        '0',
        '2',
        ',',
        '(',
        ')',
        '[',
        ']',
        '{',
        '}',
        '*',
        '+',
        '?',
        '|',
        '\\',
        '^',
        '$',
        '.',
        '-',
        ':',
        '&&',
        's',
        'U',
      ],
      ...[
        '\\Q',
        '\\E',
        '(?',
        '(?i',
        'P<n>',
        '(?P<n>',
        '<m>',
        '\\x{',
        '41}',
        '\\x4',
        '\\0',
        '\\1',
        '[:',
        'alpha',
        ':]',
        '\\p',
        '{Greek}',
        '\\pN',
        'L',
        '\\d',
        '\\b',
      ],
    ),
    { maxLength: 9 },
  )
  .map((pieces) => pieces.join(''));
