import { translateJavaPattern, PatternError, type PatternUse } from '../java-pattern/java-pattern.js';
import { invalidAt } from '../sql-error.js';
import type { TypedExpression } from '../values/typed-expression.js';
import { emitting, emittingOnce, literalText, plain, type CallContext, type FunctionRow } from './function-table.js';

/** What Java calls white space (`Character.isWhitespace`), as an RE2 class. */
const blank = '[\\x{9}-\\x{d}\\x{1c}-\\x{20}\\x{1680}\\x{2000}-\\x{2006}\\x{2008}-\\x{200a}\\x{2028}\\x{2029}\\x{205f}\\x{3000}]';

const withoutStart = (text: string): string => `regexp_replace(${text}, '\\A${blank}+', '')`;
const withoutEnd = (text: string): string => `regexp_replace(${text}, '${blank}+\\z', '')`;

/** Positions count from 1, from the end when negative; 0 and positions outside the text give the empty text. */
const substring = emittingOnce((text, start = '', length?: string) => {
  const from = `CASE WHEN ${start} < 0 THEN length(${text}) + ${start} + 1 ELSE ${start} END`;
  const count = length === undefined ? `length(${text})` : `least(${length}, length(${text}))`;
  const isOutside = `${start} = 0 OR ${start} > length(${text}) OR ${start} < -length(${text})${length === undefined ? '' : ` OR ${length} <= 0`}`;
  return `CASE WHEN ${isOutside} THEN CASE WHEN ${length ?? '0'} IS NULL OR ${text} IS NULL THEN NULL ELSE '' END ELSE substr(${text}, ${from}, ${count}) END`;
});

const refusingEmpty = (value: string, what: string, otherwise: string): string =>
  `CASE WHEN ${value} = '' THEN error('${what}') ELSE ${otherwise} END`;

/** The pattern of a regexp_* call as an RE2 string for DuckDB; the translation leaves nothing in it that SQL would have to quote. */
function re2Literal(pattern: TypedExpression | undefined, use: PatternUse, context: CallContext): string {
  const java = literalText(pattern, 'A regular expression', context);
  try {
    return `'${translateJavaPattern(java, use)}'`;
  } catch (error) {
    if (error instanceof PatternError)
      throw invalidAt(context.position, `Invalid or unsupported regular expression '${java}': ${error.message}`);
    throw error;
  }
}

function replacement(argument: TypedExpression | undefined, context: CallContext): string {
  const text = argument === undefined ? '' : literalText(argument, 'A replacement', context);
  if (/[\\$]/.test(text)) throw invalidAt(context.position, 'A replacement with $ or \\ is not supported');
  return context.emitter.bind(text, 'VARCHAR');
}

/**
 * Only ASCII letters change case alike in every Unicode version and in both engines (Java: ß stays, DuckDB: ẞ), so other letters that
 * would change are refused.
 */
const asciiCase = (name: 'lower' | 'upper'): FunctionRow['emit'] =>
  emittingOnce(
    (text) =>
      `CASE WHEN regexp_matches(${text}, '[^\\x{0}-\\x{7f}]') THEN error('${name}() of text outside ASCII is not supported') ELSE ${name}(${text}) END`,
  );

export const stringFunctions: readonly FunctionRow[] = [
  { signature: 'length(varchar): bigint', emit: plain('length') },
  { signature: 'lower(varchar): varchar', emit: asciiCase('lower') },
  { signature: 'upper(varchar): varchar', emit: asciiCase('upper') },
  { signature: 'concat(varchar, varchar...): varchar', emit: emitting((...texts) => `(${texts.join(' || ')})`) },
  { signature: 'substr(varchar, bigint): varchar', emit: substring },
  { signature: 'substr(varchar, bigint, bigint): varchar', emit: substring },
  { signature: 'strpos(varchar, varchar): bigint', emit: plain('strpos') },
  {
    signature: 'replace(varchar, varchar): varchar',
    emit: emittingOnce((text, search = '') =>
      refusingEmpty(search, 'replace() of the empty text is not supported', `replace(${text}, ${search}, '')`),
    ),
  },
  {
    signature: 'replace(varchar, varchar, varchar): varchar',
    emit: emittingOnce((text, search = '', by = '') =>
      refusingEmpty(search, 'replace() of the empty text is not supported', `replace(${text}, ${search}, ${by})`),
    ),
  },
  {
    signature: 'reverse(varchar): varchar',
    emit: emitting((text = '') => `array_to_string(list_reverse(regexp_extract_all(${text}, '(?s).')), '')`),
  },
  { signature: 'trim(varchar): varchar', emit: emitting((text = '') => withoutEnd(withoutStart(text))) },
  { signature: 'ltrim(varchar): varchar', emit: emitting((text = '') => withoutStart(text)) },
  { signature: 'rtrim(varchar): varchar', emit: emitting((text = '') => withoutEnd(text)) },
  ...['lpad', 'rpad'].map((name) => ({
    signature: `${name}(varchar, bigint, varchar): varchar`,
    emit: emittingOnce((text, size = '', pad = '') =>
      refusingEmpty(
        pad,
        'Padding string must not be empty',
        `CASE WHEN ${size} < 0 OR ${size} > 1000000 THEN error('Target length must be in the range [0..1000000]') ELSE ${name}(${text}, CAST(${size} AS INTEGER), ${pad}) END`,
      ),
    ),
  })),
  {
    signature: 'split(varchar, varchar): array(varchar)',
    emit: emittingOnce((text, by = '') => refusingEmpty(by, 'The delimiter may not be the empty string', `string_split(${text}, ${by})`)),
  },
  {
    signature: 'split_part(varchar, varchar, bigint): varchar',
    emit: emittingOnce((text, by = '', index = '') =>
      refusingEmpty(
        by,
        'The delimiter may not be the empty string',
        `CASE WHEN ${index} <= 0 THEN error('Index must be greater than zero') ELSE string_split(${text}, ${by})[${index}] END`,
      ),
    ),
  },
  {
    signature: 'chr(bigint): varchar',
    emit: emittingOnce(
      (code) =>
        `CASE WHEN ${code} NOT BETWEEN 0 AND 1114111 OR ${code} BETWEEN 55296 AND 57343 THEN error('Not a valid Unicode code point: ' || ${code}) ELSE chr(CAST(${code} AS INTEGER)) END`,
    ),
  },
  {
    signature: 'codepoint(varchar): integer',
    emit: emittingOnce(
      (text) => `CASE WHEN length(${text}) <> 1 THEN error('Input string must be a single character string') ELSE unicode(${text}) END`,
    ),
  },
  {
    signature: 'regexp_like(varchar, varchar): boolean',
    emit: ([text, pattern], context) => `regexp_matches(${text?.sql ?? ''}, ${re2Literal(pattern, 'find', context)})`,
  },
  {
    signature: 'regexp_extract(varchar, varchar): varchar',
    emit: ([text, pattern], context) => {
      const re2 = re2Literal(pattern, 'extract', context);
      // DuckDB's answer is '' where nothing matches; a match is never empty here.
      return `nullif(regexp_extract(${text?.sql ?? ''}, ${re2}), '')`;
    },
  },
  {
    signature: 'regexp_extract_all(varchar, varchar): array(varchar)',
    emit: ([text, pattern], context) => `regexp_extract_all(${text?.sql ?? ''}, ${re2Literal(pattern, 'extract', context)})`,
  },
  ...['', ', varchar'].map((third) => ({
    signature: `regexp_replace(varchar, varchar${third}): varchar`,
    emit: ([text, pattern, by]: readonly TypedExpression[], context: CallContext) =>
      `regexp_replace(${text?.sql ?? ''}, ${re2Literal(pattern, 'extract', context)}, ${replacement(by, context)}, 'g')`,
  })),
  {
    signature: 'regexp_split(varchar, varchar): array(varchar)',
    emit: ([text, pattern], context) => `string_split_regex(${text?.sql ?? ''}, ${re2Literal(pattern, 'extract', context)})`,
  },
];
