import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const repositoryRoot = fileURLToPath(new URL('../..', import.meta.url));
const textOf = (file: string): string => readFileSync(repositoryRoot + file, 'utf8');

interface Promised {
  readonly number: number;
  readonly promise: string;
  /** A section of a page in docs/. */
  readonly keptIn: { readonly page: string; readonly anchor: string };
  /** Names of tests in their files; none where nothing of ours runs. */
  readonly proofs: readonly { readonly file: string; readonly test: string }[];
  readonly reason: string;
}

function promisesOf(page: string): Promised[] {
  return [...page.matchAll(/^\| +(\d+) \| (.*?) +\| \[.*?\]\((.*?)#(.*?)\) +\| (.*?) +\|$/gm)].map(
    ([, number = '', promise = '', file = '', anchor = '', reason = '']) => ({
      number: Number(number),
      promise,
      keptIn: { page: file, anchor },
      proofs: [...reason.matchAll(/`([\w/.-]+\.test\.ts)`: (.*?)(?=<br>|$)/g)].map(([, proofFile = '', test = '']) => ({
        file: proofFile,
        test,
      })),
      reason,
    }),
  );
}

/** As the forge makes them of headings: lower case, words joined by hyphens, other characters left out. */
const anchorsOf = (page: string): string[] =>
  [...page.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\s-]/g, '')
      .trim()
      .replaceAll(/\s/g, '-'),
  );

const promises = promisesOf(textOf('docs/serverless-promises.md'));

describe('the promises of the earlier guide', () => {
  it('are all there, numbered', () => {
    expect(promises.map(({ number }) => number)).toEqual(Array.from({ length: 74 }, (_none, index) => index + 1));
  });

  it.each(promises)('$number, "$promise", is kept in a section that exists', ({ keptIn: { page, anchor } }) => {
    expect(anchorsOf(textOf(`docs/${page}`))).toContain(anchor);
  });

  it.each(promises)('$number, "$promise", is proved by tests that exist, or says why nothing of ours can run', ({ proofs, reason }) => {
    if (proofs.length === 0) expect(reason).toMatch(/nothing of ours to run|in the tests above/);
    for (const { file, test } of proofs) {
      expect(existsSync(repositoryRoot + file), file).toBe(true);
      expect(textOf(file)).toContain(test);
    }
  });

  it('are proved by a test wherever something of ours can run', () => {
    expect(promises.filter(({ proofs }) => proofs.length > 0).length).toBeGreaterThan(0.85 * promises.length);
  });
});

describe('the reading of the page', () => {
  it('finds a section and the tests of a row', () => {
    const row =
      '| 7 | It works | [When much comes](a.md#when-much-comes) | `deploy/test/a.test.ts`: is true<br>`e2e/test/b.test.ts`: is seen |';
    expect(promisesOf(row)).toMatchObject([
      {
        number: 7,
        keptIn: { page: 'a.md', anchor: 'when-much-comes' },
        proofs: [
          { file: 'deploy/test/a.test.ts', test: 'is true' },
          { file: 'e2e/test/b.test.ts', test: 'is seen' },
        ],
      },
    ]);
  });

  it('makes anchors of headings as the forge does', () => {
    expect(anchorsOf('## With access keys (Basic authentication)\n### Answers larger than 4.4 MB')).toEqual([
      'with-access-keys-basic-authentication',
      'answers-larger-than-44-mb',
    ]);
  });
});
