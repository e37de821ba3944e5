import type { SeededRandom } from '../differential/seeded-random.js';

/** A table beside the one that the connector has, with one row. Nothing that is asked of the connector may touch it or show what it holds. */
export const CANARY = { table: 'canary', text: 'tweet-5d41402abc4b' } as const;

/** Texts by which SQL, and what is made of it here (patterns, paths, JSON), have been broken out of. What is found is put down here. */
export const HOSTILE_TEXTS: readonly string[] = [
  "'",
  '"',
  "''",
  '\\',
  "\\'",
  "' OR '1'='1",
  '" OR "1"="1',
  "'; DROP TABLE canary; --",
  '"; DROP TABLE metrics.canary; --',
  `' UNION ALL SELECT * FROM metrics.canary --`,
  `" UNION ALL SELECT * FROM "metrics"."canary" --`,
  `') UNION SELECT note FROM metrics.canary WHERE ('1' = '1`,
  `x' AND (SELECT count(*) FROM metrics.canary) > 0 --`,
  `metrics"."canary`,
  'canary',
  '../canary',
  'metrics.canary',
  '/* ',
  ' */ SELECT 1',
  '-- ',
  ';',
  "a' || (SELECT note FROM metrics.canary) || '",
  "'||chr(39)||'",
  '$$; DELETE FROM canary; $$',
  '%',
  '_',
  '%\' ESCAPE \'%',
  '$1',
  '${canary}',
  '{{canary}}',
  ':canary',
  '?',
  '@canary',
  'measure_value::double',
  'time',
  'measure_name',
  'sample_value',
  'v',
  'prometheus_labels',
  '","x":"y',
  '{"a":"b"}',
  '\n; DROP TABLE canary',
  '\u0000',
  "\u0000' OR 1=1 --",
  '\u2019 OR \u20191\u2019=\u20191',
  '\uff07 OR 1=1',
  'ʼ',
  '\ufeff\'',
  "read_csv('/etc/passwd')",
  "ATTACH 'x.db'",
  'PRAGMA database_list',
  "COPY canary TO '/tmp/x'",
  '.+|(?:canary)',
  '(?i)canary',
  '\\Qcanary\\E',
  '[[:alpha:]]+',
  "(?:')|(?:\")",
]; // oxfmt-ignore

/** Two of them joined, cut or repeated: the text of this draw. */
export function randomHostileText(random: SeededRandom): string {
  const [first, second] = [random.pick(HOSTILE_TEXTS), random.pick(HOSTILE_TEXTS)];
  switch (random.below(4)) {
    case 0:
      return first + second;
    case 1:
      return first.slice(random.below(first.length + 1)) + second.slice(0, random.below(second.length + 1));
    case 2:
      return first.repeat(1 + random.below(20));
    default:
      return `${second.slice(0, 1)}${first}${second.slice(-1)}`;
  }
}
