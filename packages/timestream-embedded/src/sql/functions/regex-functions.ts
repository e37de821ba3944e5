import { javaRegexMatcher } from '../java-pattern/java-regex-matcher.js';
import { translateJavaPattern, type PatternUse } from '../java-pattern/java-pattern.js';
import { PatternError } from '../java-pattern/pattern-node.js';
import { invalidAt } from '../sql-error.js';
import { inRoom, refusingLong } from '../values/made-text.js';
import { varchar } from '../values/sql-type.js';
import type { TypedExpression } from '../values/typed-expression.js';
import { copyingText, type CallContext, type FunctionRow } from './function-table.js';

/**
 * A literal pattern as an RE2 string for DuckDB, where RE2 means exactly the same; the translation leaves nothing in it that SQL would have to
 * quote. Undefined where it does not: the matcher of this engine is slower and follows Java in all it can do.
 * @throws {SqlError} for a pattern that neither of them takes.
 */
function re2Literal(pattern: TypedExpression | undefined, use: PatternUse, { position }: CallContext): string | undefined {
  if (pattern?.literal?.type !== 'string') return undefined;
  const java = pattern.literal.value;
  try {
    return `'${translateJavaPattern(java, use)}'`;
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
  }
  try {
    javaRegexMatcher(java);
    return undefined;
  } catch (error) {
    if (error instanceof PatternError) throw invalidAt(position, `Invalid or unsupported regular expression '${java}': ${error.message}`);
    throw error;
  }
}

/** In SQL where the pattern is a literal that RE2 takes, else by callback. */
function regex(
  use: PatternUse,
  inSql: (text: string, re2: string, args: readonly string[]) => string | undefined,
  callback: string,
): FunctionRow['emit'] {
  return (args, context) => {
    const texts = args.map(({ sql }) => sql);
    const re2 = re2Literal(args[1], use, context);
    const sql = re2 === undefined ? undefined : inSql(texts[0] ?? '', re2, texts.slice(2));
    return sql ?? `${callback}(${texts.join(', ')})`;
  };
}

const isPlainReplacement = (argument: TypedExpression | undefined): boolean =>
  argument === undefined || (argument.literal?.type === 'string' && !/[\\$]/.test(argument.literal.value));

export const regexFunctions: readonly FunctionRow[] = [
  {
    signature: 'regexp_like(varchar, varchar): boolean',
    emit: regex('find', (text, re2) => `regexp_matches(${text}, ${re2})`, 'ts_regexp_like'),
    example: ["regexp_like('example', 'ex')", 'true'],
  },
  {
    signature: 'regexp_extract(varchar, varchar): varchar',
    // DuckDB's answer is '' where nothing matches; a match that RE2 may look for is never empty.
    emit: copyingText((args, context) => {
      const [text, pattern] = args;
      const re2 = re2Literal(pattern, 'extract', context);
      if (re2 !== undefined) return `nullif(regexp_extract(${text?.sql ?? ''}, ${re2}), '')`;
      return `ts_regexp_extract(${text?.sql ?? ''}, ${pattern?.sql ?? ''}, CAST(0 AS BIGINT))`;
    }),
    example: ["regexp_extract('example', 'exa\\w')", 'exam'],
  },
  {
    signature: 'regexp_extract(varchar, varchar, bigint): varchar',
    emit: copyingText(regex('extract', () => undefined, 'ts_regexp_extract')),
    example: ["regexp_extract('example', '(ex)(am\\w)', 2)", 'amp'],
  },
  {
    signature: 'regexp_extract_all(varchar, varchar): array(varchar)',
    emit: copyingText((args, context) => {
      const [text, pattern] = args;
      const re2 = re2Literal(pattern, 'extract', context);
      if (re2 !== undefined) return `regexp_extract_all(${text?.sql ?? ''}, ${re2})`;
      return `ts_regexp_extract_all(${text?.sql ?? ''}, ${pattern?.sql ?? ''}, CAST(0 AS BIGINT))`;
    }),
    example: ["regexp_extract_all('example expect complex', 'ex\\w')", ['exa', 'exp']],
  },
  {
    signature: 'regexp_extract_all(varchar, varchar, bigint): array(varchar)',
    emit: copyingText(regex('extract', () => undefined, 'ts_regexp_extract_all')),
    example: ["regexp_extract_all('example expect', '(ex)(\\w)', 2)", ['a', 'p']],
  },
  {
    signature: 'regexp_replace(varchar, varchar): varchar',
    emit: copyingText((args, context) => {
      const [text, pattern] = args;
      const re2 = re2Literal(pattern, 'extract', context);
      if (re2 !== undefined) return `regexp_replace(${text?.sql ?? ''}, ${re2}, '', 'g')`;
      return `ts_regexp_replace(${text?.sql ?? ''}, ${pattern?.sql ?? ''}, '')`;
    }),
    example: ["regexp_replace('example expect', 'expect')", 'example '],
  },
  {
    signature: 'regexp_replace(varchar, varchar, varchar): varchar',
    emit: copyingText((args, context) => {
      const [text, pattern, by] = args.map(({ sql }) => sql);
      const re2 = isPlainReplacement(args[2]) ? re2Literal(args[1], 'extract', context) : undefined;
      if (re2 !== undefined)
        return context.emitter.onceAll([text ?? ''], ([once = '']) =>
          // The empty text matches before each character and behind the last one.
          refusingLong(
            `(length(${once}) + 1) * length(${by ?? ''})`,
            `strlen(${once}) + len(regexp_extract_all(${once}, ${re2})) * strlen(${by ?? ''})`,
            `regexp_replace(${once}, ${re2}, ${by ?? ''}, 'g')`,
          ),
        );
      // A pattern that cannot be used is said before anything runs.
      re2Literal(args[1], 'extract', context);
      return `ts_regexp_replace(${text ?? ''}, ${pattern ?? ''}, ${by ?? ''})`;
    }),
    example: ["regexp_replace('example expect', '(ex)(\\w+)', '$2$1')", 'ampleex pectex'],
  },
  {
    signature: 'regexp_replace(varchar, varchar, function(array(varchar), varchar)): varchar',
    emit: (args, context) => {
      const [text, pattern, lambda] = args.map(({ sql }) => sql);
      re2Literal(args[1], 'extract', context);
      return context.emitter.onceAll([text ?? '', pattern ?? ''], ([t = '', p = '']) => {
        const group = context.emitter.name('v');
        const by = inRoom(context.emitter.apply(lambda ?? '', [group]), varchar, context.emitter);
        // What the pattern finds is found once, not again for each place.
        const found = [`ts_regexp_between(${t}, ${p})`, `ts_regexp_groups(${t}, ${p})`, `ts_regexp_group_count(${p})`];
        const text = context.emitter.onceAll(found, ([between = '', all = '', count = '']) => {
          const groups = `list_transform(generate_series(1, len(${between}) - 1), lambda i: list_slice(${all}, (i - 1) * ${count} + 1, i * ${count}))`;
          const replaced = `list_concat(list_transform(${groups}, lambda ${group}: ${by}), [''])`;
          const joined = `list_transform(list_zip(${between}, ${replaced}), lambda pair: pair[1] || coalesce(pair[2], ''))`;
          return `ts_array_join(${joined}, '')`;
        });
        return `CASE WHEN ${t} IS NULL OR ${p} IS NULL THEN NULL ELSE ${text} END`;
      });
    },
    example: ["regexp_replace('example', '(\\w)', x -> upper(x[1]))", 'EXAMPLE'],
  },
  {
    signature: 'regexp_split(varchar, varchar): array(varchar)',
    emit: copyingText(regex('split', (text, re2) => `string_split_regex(${text}, ${re2})`, 'ts_regexp_split')),
    example: ["regexp_split('example', 'x')", ['e', 'ample']],
  },
];
