import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const repositoryRoot = fileURLToPath(new URL('../..', import.meta.url));
const textOf = (file: string): string => readFileSync(repositoryRoot + file, 'utf8');

interface Promised {
  readonly promise: string;
  readonly proofs: readonly { readonly file: string; readonly title: string }[];
}

/** The rows of tables whose last cell names tests. */
function promisesOf(page: string): readonly Promised[] {
  return [...page.matchAll(/^\| (.*?) +\| (`[^`|]+\.test\.ts`: .*?) +\|$/gm)].map(([, promise = '', cell = '']) => ({
    promise,
    proofs: cell.split('<br>').map((proof) => {
      const [, file = '', title = ''] = /^`([\w/.-]+\.test\.ts)`: (.*)$/.exec(proof) ?? [];
      return { file, title };
    }),
  }));
}

/** As it stands in the source: an apostrophe may be escaped. */
const titlesIn = (source: string): string => source.replaceAll("\\'", "'");

describe('what e2e/README.md promises', () => {
  const promises = promisesOf(textOf('e2e/README.md'));

  it('is a table of more than twenty rows', () => {
    expect(promises.length).toBeGreaterThan(20);
  });

  it.each(promises)('$promise: is shown by tests that exist', ({ proofs }) => {
    for (const { file, title } of proofs) {
      expect(existsSync(repositoryRoot + file), file).toBe(true);
      expect(title).not.toBe('');
      const source = titlesIn(textOf(file));
      expect(
        ["'", '"', '`'].some((quote) => source.includes(`${quote}${title}${quote}`)),
        `${file} has no test with the title: ${title}`,
      ).toBe(true);
    }
  });
});

describe('the reading of the page', () => {
  it('finds the tests of a row', () => {
    expect(promisesOf('| It works | `a/b.test.ts`: is true<br>`c.test.ts`: is $seen |\n| --- | --- |\n| x | y |')).toEqual([
      {
        promise: 'It works',
        proofs: [
          { file: 'a/b.test.ts', title: 'is true' },
          { file: 'c.test.ts', title: 'is $seen' },
        ],
      },
    ]);
  });
});
