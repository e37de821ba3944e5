import { lacksRoom, refusingLong, uncountedBytes } from '../values/made-text.js';
import type { TypedExpression } from '../values/typed-expression.js';
import { copyingText, emitting, emittingOnce, plain, type FunctionRow } from './function-table.js';

/** What Java calls white space (`Character.isWhitespace`), as an RE2 class. */
const blank = '[\\x{9}-\\x{d}\\x{1c}-\\x{20}\\x{1680}\\x{2000}-\\x{2006}\\x{2008}-\\x{200a}\\x{2028}\\x{2029}\\x{205f}\\x{3000}]';

const withoutStart = (text: string): string => `regexp_replace(${text}, '\\A${blank}+', '')`;
const withoutEnd = (text: string): string => `regexp_replace(${text}, '${blank}+\\z', '')`;

/** Positions count from 1, from the end when negative; 0 and positions outside the text give the empty text. */
const substring = copyingText(
  emittingOnce((text, start = '', length?: string) => {
    const from = `CASE WHEN ${start} < 0 THEN length(${text}) + ${start} + 1 ELSE ${start} END`;
    const count = length === undefined ? `length(${text})` : `least(${length}, length(${text}))`;
    const isOutside = `${start} = 0 OR ${start} > length(${text}) OR ${start} < -length(${text})${length === undefined ? '' : ` OR ${length} <= 0`}`;
    return `CASE WHEN ${isOutside} THEN CASE WHEN ${length ?? '0'} IS NULL OR ${text} IS NULL THEN NULL ELSE '' END ELSE substr(${text}, ${from}, ${count}) END`;
  }),
);

/** Of each part of a text, which may be a character. */
const bytesPerPart = 16;

const refusingEmpty = (value: string, what: string, otherwise: string): string =>
  `CASE WHEN ${value} = '' THEN error('${what}') ELSE ${otherwise} END`;

const notAscii = "'[^\\x{0}-\\x{7f}]'";

/** ASCII has the same case in every engine and stays in SQL; other letters change as in Java, one code point to one (ß stays ß). */
const changedCase = (name: 'lower' | 'upper'): FunctionRow['emit'] =>
  copyingText(emittingOnce((text) => `CASE WHEN regexp_matches(${text}, ${notAscii}) THEN ts_${name}(${text}) ELSE ${name}(${text}) END`));

const bytesTogether = (texts: readonly TypedExpression[]): number =>
  texts.reduce((sum, { maxTextBytes = Infinity }) => sum + maxTextBytes, 0);

/** UTF-8. */
const maxBytesPerCharacter = 4;

/** The bytes of a padded text of so many characters, where it says how many; undefined too where the padding is wrong, or any. */
function paddedBytes([, size, pad]: readonly TypedExpression[]): number | undefined {
  if (size?.literal?.type !== 'integer' || pad?.literal?.type !== 'string' || pad.literal.value === '') return undefined;
  return size.literal.value < 0n ? undefined : maxBytesPerCharacter * Number(size.literal.value);
}

/** What is joined two by two stays until the last: of many texts, about half as many times what comes of them. */
const concatenation: FunctionRow['emit'] = (texts, { emitter }) => {
  const join = (each: readonly string[]): string => `(${each.join(' || ')})`;
  const sources = texts.map(({ sql }) => sql);
  if (bytesTogether(texts) <= uncountedBytes) return join(sources);
  return emitter.onceAll(sources, (names) => {
    const bytes = names.map((name) => `strlen(${name})`).join(' + ');
    return `CASE WHEN ${lacksRoom(`(${Math.ceil(names.length / 2)} * (${bytes}))`)} THEN NULL ELSE ${join(names)} END`;
  });
};

const padding = (name: string): FunctionRow['emit'] => {
  const checked = emittingOnce((text, size = '', pad = '') =>
    refusingEmpty(
      pad,
      'Padding string must not be empty',
      `CASE WHEN ${size} < 0 OR ${size} > 1000000 THEN error('Target length must be in the range [0..1000000]') WHEN ${lacksRoom(`(${size} * strlen(${pad}) // length(${pad}))`)} THEN NULL ELSE ${name}(${text}, CAST(${size} AS INTEGER), ${pad}) END`,
    ),
  );
  return (args, context) => {
    const [text, size, pad] = args;
    const isShort = (paddedBytes(args) ?? Infinity) <= uncountedBytes;
    return isShort ? `${name}(${text?.sql ?? ''}, CAST(${size?.sql ?? ''} AS INTEGER), ${pad?.sql ?? ''})` : checked(args, context);
  };
};

export const stringFunctions: readonly FunctionRow[] = [
  { signature: 'length(varchar): bigint', example: ["length('hello')", '5'], emit: plain('length') },
  { signature: 'lower(varchar): varchar', example: ["lower('HELLO')", 'hello'], emit: changedCase('lower') },
  { signature: 'upper(varchar): varchar', example: ["upper('hello')", 'HELLO'], emit: changedCase('upper') },
  {
    signature: 'concat(varchar, varchar...): varchar',
    example: ["concat('hello', 'world')", 'helloworld'],
    emit: concatenation,
    maxTextBytes: bytesTogether,
  },
  { signature: 'substr(varchar, bigint): varchar', example: ["substr('hello', 2)", 'ello'], emit: substring },
  { signature: 'substr(varchar, bigint, bigint): varchar', example: ["substr('hello', 2, 2)", 'el'], emit: substring },
  { signature: 'strpos(varchar, varchar): bigint', example: ["strpos('hello world', 'o')", '5'], emit: plain('strpos') },
  {
    signature: 'replace(varchar, varchar): varchar',
    example: ["replace('hello world', 'l')", 'heo word'],
    emit: copyingText(
      emittingOnce((text, search = '') =>
        refusingEmpty(search, 'replace() of the empty text is not supported', `replace(${text}, ${search}, '')`),
      ),
    ),
  },
  {
    signature: 'replace(varchar, varchar, varchar): varchar',
    example: ["replace('hello', 'l', 'L')", 'heLLo'],
    emit: copyingText(
      emittingOnce((text, search = '', by = '') =>
        refusingEmpty(
          search,
          'replace() of the empty text is not supported',
          refusingLong(
            `length(${text}) * length(${by})`,
            `strlen(${text}) + (strlen(${text}) - strlen(replace(${text}, ${search}, ''))) // strlen(${search}) * strlen(${by})`,
            `replace(${text}, ${search}, ${by})`,
          ),
        ),
      ),
    ),
  },
  {
    signature: 'reverse(varchar): varchar',
    example: ["reverse('hello')", 'olleh'],
    // DuckDB's own keeps together what is seen as one letter; Trino turns code points around.
    emit: copyingText(
      emittingOnce(
        (text) =>
          `CASE WHEN regexp_matches(${text}, ${notAscii}) THEN array_to_string(list_reverse(regexp_extract_all(${text}, '(?s).')), '') ELSE reverse(${text}) END`,
      ),
      bytesPerPart,
    ),
  },
  {
    signature: 'trim(varchar): varchar',
    example: ["trim('  hello  ')", 'hello'],
    emit: copyingText(emitting((text = '') => withoutEnd(withoutStart(text)))),
  },
  {
    signature: 'ltrim(varchar): varchar',
    example: ["ltrim('  hello')", 'hello'],
    emit: copyingText(emitting((text = '') => withoutStart(text))),
  },
  {
    signature: 'rtrim(varchar): varchar',
    example: ["rtrim('hello  ')", 'hello'],
    emit: copyingText(emitting((text = '') => withoutEnd(text))),
  },
  ...['lpad', 'rpad'].map((name) => ({
    signature: `${name}(varchar, bigint, varchar): varchar`,
    example: [`${name}('hello', 7, '*')`, name === 'lpad' ? '**hello' : 'hello**'] as const,
    emit: padding(name),
    maxTextBytes: paddedBytes,
  })),
  {
    signature: 'split(varchar, varchar): array(varchar)',
    example: ["split('a,b', ',')", ['a', 'b']],
    emit: copyingText(
      emittingOnce((text, by = '') => refusingEmpty(by, 'The delimiter may not be the empty string', `string_split(${text}, ${by})`)),
      bytesPerPart,
    ),
  },
  {
    signature: 'split_part(varchar, varchar, bigint): varchar',
    example: ["split_part('a,b', ',', 2)", 'b'],
    emit: copyingText(
      emittingOnce((text, by = '', index = '') =>
        refusingEmpty(
          by,
          'The delimiter may not be the empty string',
          `CASE WHEN ${index} <= 0 THEN error('Index must be greater than zero') ELSE string_split(${text}, ${by})[${index}] END`,
        ),
      ),
      bytesPerPart,
    ),
  },
  {
    signature: 'chr(bigint): varchar',
    example: ['chr(65)', 'A'],
    emit: emittingOnce(
      (code) =>
        `CASE WHEN ${code} NOT BETWEEN 0 AND 1114111 OR ${code} BETWEEN 55296 AND 57343 THEN error('Not a valid Unicode code point: ' || ${code}) ELSE chr(CAST(${code} AS INTEGER)) END`,
    ),
  },
  {
    signature: 'codepoint(varchar): integer',
    example: ["codepoint('A')", '65'],
    emit: emittingOnce(
      (text) => `CASE WHEN length(${text}) <> 1 THEN error('Input string must be a single character string') ELSE unicode(${text}) END`,
    ),
  },
  {
    signature: 'split(varchar, varchar, bigint): array(varchar)',
    emit: copyingText(plain('ts_split'), bytesPerPart),
    example: ["split('a,b,c', ',', 2)", ['a', 'b,c']],
  },
  { signature: 'strpos(varchar, varchar, bigint): bigint', emit: plain('ts_strpos'), example: ["strpos('hello world', 'l', 2)", '4'] },
  {
    signature: 'strrpos(varchar, varchar): bigint',
    emit: emitting((text = '', search = '') => `ts_strrpos(${text}, ${search}, CAST(1 AS BIGINT))`),
    example: ["strrpos('hello world', 'o')", '8'],
  },
  { signature: 'strrpos(varchar, varchar, bigint): bigint', emit: plain('ts_strrpos'), example: ["strrpos('hello world', 'l', 3)", '3'] },
  {
    signature: 'levenshtein_distance(varchar, varchar): bigint',
    emit: plain('ts_levenshtein'),
    example: ["levenshtein_distance('kitten', 'sitting')", '3'],
  },
  {
    signature: 'hamming_distance(varchar, varchar): bigint',
    emit: plain('ts_hamming'),
    example: ["hamming_distance('here', 'hear')", '2'],
  },
];
