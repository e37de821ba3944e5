import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { housePicture, picture, pictureFile } from '@timestream-prometheus/scripts/house-picture';
import { costsOf } from '@timestream-prometheus/scripts/test-costs';
import { describe, expect, it } from 'vitest';

const repositoryRoot = fileURLToPath(new URL('../..', import.meta.url));
const trackedFiles = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: repositoryRoot,
  encoding: 'utf8',
}).split('\n');

/** Whether a file or folder ends with this path: a guide may leave out the beginning that its sentence has named. */
const exists = (name: string): boolean =>
  existsSync(path.join(repositoryRoot, name)) || trackedFiles.some((file) => `/${file}`.includes(`/${name.replace(/\/$/, '')}`));

/** What stands in backticks and looks like a path, and what links lead to. */
function pathsOf(text: string): string[] {
  const prose = text.replaceAll(/```[\s\S]*?```/g, '');
  const inBackticks = [...prose.matchAll(/`([\w.@-]+(?:\/[\w.@-]+)+\/?|[\w-]+\.(?:md|ts|mjs|yml|json))`/g)].map(([, name = '']) => name);
  const links = [...prose.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map(([, name = '']) => name);
  return [...inBackticks, ...links].filter((name) => !name.startsWith('@') && !name.startsWith('/'));
}

/** Made when something runs and ignored by git, or the reader's own. */
const made = ['.nx/cache', 'test-results/', 'release/', 'prometheus.yml'];

describe.each(['ARCHITECTURE.md', 'CONTRIBUTING.md', 'README.md', 'e2e/README.md'])('%s', (guide) => {
  const paths = pathsOf(readFileSync(path.join(repositoryRoot, guide), 'utf8'));

  it('names only files and folders that exist', () => {
    expect(paths.length).toBeGreaterThan(5);
    const folder = path.dirname(guide);
    expect(paths.filter((name) => !made.includes(name) && !exists(name) && !exists(path.join(folder, name)))).toEqual([]);
  });
});

describe('the check of paths', () => {
  it('finds what is not there, in backticks, in tables and behind links', () => {
    expect(pathsOf('see `packages/no/where.ts`, [a page](docs/none.md#part) | `no-such.md` |').filter((name) => !exists(name))).toEqual([
      'packages/no/where.ts',
      'no-such.md',
      'docs/none.md',
    ]);
  });
});

describe('the picture of the house', () => {
  it('is what the code gives: after a change of imports, run `npm run picture`', () => {
    expect(readFileSync(pictureFile, 'utf8')).toBe(picture());
  });

  it('has a box for each package, a line for each room, and an arrow for each import', () => {
    const svg = housePicture([
      {
        name: 'upper',
        kind: 'edge',
        rooms: [
          { name: 'hall', to: ['cellar'] },
          { name: 'cellar', to: [] },
        ],
        imports: ['lower'],
      },
      { name: 'lower', kind: 'pure', rooms: [{ name: '.', to: [] }], imports: [] },
    ]);
    expect(svg.match(/<rect x=/g)).toHaveLength(2);
    expect(svg).toContain('hall → cellar');
    expect(svg.match(/marker-end/g)).toHaveLength(1);
  });
});

describe('the costs of tests', () => {
  it('are added up by suite, the slowest files first', () => {
    const result = (name: string, seconds: number) => ({ name: `checkout/${name}`, startTime: 0, endTime: seconds * 1000 });
    const { suites, slowest } = costsOf(
      [
        {
          testResults: [result('packages/a/test/x.test.ts', 1), result('packages/a/test/y.test.ts', 2), result('deploy/test/z.test.ts', 5)],
        },
      ],
      'checkout',
    );
    expect(suites).toEqual([
      ['deploy', { files: 1, seconds: 5 }],
      ['packages/a', { files: 2, seconds: 3 }],
    ]);
    expect(slowest[0]).toEqual({ file: 'deploy/test/z.test.ts', seconds: 5 });
  });
});
