import { readFile, writeFile } from 'node:fs/promises';
import { format } from 'oxfmt';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { aggregateFunctions, windowFunctions } from '../../src/sql/functions/aggregate-functions.js';
import { documentationPages } from '../../src/sql/functions/documentation-page.js';
import type { ParsedFunction } from '../../src/sql/functions/function-table.js';
import { scalarFunctions } from '../../src/sql/functions/scalar-functions.js';
import { documentedFunctions, documentedStatements, pageUrl, undocumentedStatements } from './documented.js';
import { createSqlFixture, epochNs, type SqlFixture } from './sql-fixture.js';

const file = new URL('../../FUNCTIONS.md', import.meta.url);

let fixture: SqlFixture;
beforeAll(async () => {
  const records = [{ measureName: 'm', dimensions: { host: 'a' }, timeNs: epochNs, measures: { d: 2.5 } }];
  fixture = await createSqlFixture({ db: { t: { records } } });
});
afterAll(() => fixture.close());

const rowsByName = new Map<string, ParsedFunction[]>();
for (const table of [scalarFunctions, aggregateFunctions, windowFunctions])
  for (const [name, rows] of table) rowsByName.set(name, [...(rowsByName.get(name) ?? []), ...rows]);

const cell = (text: string): string => `\`${text.replaceAll('|', '\\|')}\``;

function functionLine(name: string, pageTitle: string): { readonly line: string; readonly isSupported: boolean } {
  const rows = (rowsByName.get(name) ?? []).filter(({ page }) => page.title === pageTitle);
  const example = rows.find(({ row }) => row.example !== undefined)?.row.example;
  const isSupported = rows.length > 0;
  const signatures = rows.map(({ signature }) => cell(signature)).join('<br>');
  const shown = example === undefined ? '' : `${cell(example[0])} → ${cell(example[1] === null ? 'NULL' : JSON.stringify(example[1]))}`;
  return { line: `| ${name} | ${isSupported ? signatures : 'refused'} | ${shown} |`, isSupported };
}

function reference(): string {
  const lines: string[] = [];
  let [documented, supported] = [0, 0];
  const extra = new Set(rowsByName.keys());
  for (const [key, page] of Object.entries(documentationPages)) {
    const names = documentedFunctions[key as keyof typeof documentedFunctions].split(' ');
    const own = names.map((name) => functionLine(name, page.title));
    documented += names.length;
    supported += own.filter(({ isSupported }) => isSupported).length;
    for (const name of names) extra.delete(name);
    lines.push(
      `### [${page.title}](${pageUrl(page)})`,
      '',
      '| Function | Signatures | Example |',
      '| --- | --- | --- |',
      ...own.map(({ line }) => line),
      '',
    );
  }
  const run = documentedStatements.filter(({ refusal }) => refusal === undefined).length;
  const percent = (part: number, whole: number): string => `${Math.floor((1000 * part) / whole) / 10} %`;
  return [
    '# Functions and statements of the embedded Timestream',
    '',
    'Made from the function table by `UPDATE_REFERENCE=1 npx vitest run test/sql/function-reference.test.ts`; a test compares it. Every example runs in the tests.',
    '',
    `- Documented functions: ${documented}; here: ${supported} (${percent(supported, documented)}).`,
    `- Documented constructs of statements: ${documentedStatements.length}; here: ${run} (${percent(run, documentedStatements.length)}); the others are refused with line and column.`,
    `- Beyond the documentation: ${[...extra].sort().join(', ')}.`,
    '',
    '## Statements',
    '',
    '| Construct | State | For example |',
    '| --- | --- | --- |',
    ...documentedStatements.map(
      ({ construct, sql, refusal }) =>
        `| ${construct.replaceAll('|', '\\|')} | ${refusal === undefined ? 'runs' : `refused: ${refusal}`} | ${cell(sql)} |`,
    ),
    '',
    '### Not documented',
    '',
    "Engines of Timestream's family take these, the developer guide does not have them. What Timestream would make of them cannot be known, so they are refused, with line and column.",
    '',
    '| Construct | For example |',
    '| --- | --- |',
    ...undocumentedStatements.map(({ construct, sql }) => `| ${construct} | ${cell(sql)} |`),
    '',
    '## Functions',
    '',
    ...lines,
  ].join('\n');
}

describe('the reference of functions and statements', { timeout: 30_000 }, () => {
  test('says what the function table has', async () => {
    const { code: text } = await format('functions.md', reference());
    if (process.env['UPDATE_REFERENCE'] === '1') await writeFile(file, text);
    expect(await readFile(file, 'utf8')).toBe(text);
  });

  test.each(documentedStatements.filter(({ refusal }) => refusal === undefined))('$construct runs', async ({ sql }) => {
    await expect(fixture.query(sql)).resolves.toBeDefined();
  });

  test.each([...documentedStatements.filter(({ refusal }) => refusal !== undefined), ...undocumentedStatements])(
    '$construct is refused',
    async ({ sql }) => {
      expect(await fixture.refusal(sql)).toMatch(/^ValidationException: line \d+:\d+: /);
    },
  );
});
