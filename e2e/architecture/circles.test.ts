import { readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { circlesOf, importGraph } from '@timestream-prometheus/scripts/import-graph';
import { describe, expect, it } from 'vitest';

const packagesFolder = fileURLToPath(new URL('../../packages', import.meta.url));

/** An expression holds expressions: whoever parses a primary one parses what stands in its brackets. */
const allowedCircles = [['timestream-embedded/src/sql/parse/expression-parser.ts', 'timestream-embedded/src/sql/parse/primary-parser.ts']];

describe('the sources of the packages', () => {
  it('import no file in a circle, but for the recursion of the parser', () => {
    const circles = readdirSync(packagesFolder).flatMap((name) =>
      circlesOf(importGraph(path.join(packagesFolder, name, 'src'))).map((circle) => circle.map((file) => `${name}/src/${file}`)),
    );
    expect(circles).toEqual(allowedCircles);
  });
});

describe('the search for circles', () => {
  const graph = (arrows: Readonly<Record<string, readonly string[]>>): string[][] => circlesOf(new Map(Object.entries(arrows)));

  it('finds two files that import each other, a longer way round, and a file that imports itself', () => {
    expect(graph({ a: ['b'], b: ['a'] })).toEqual([['a', 'b']]);
    expect(graph({ main: ['a'], a: ['b'], b: ['c'], c: ['a', 'd'], d: [] })).toEqual([['a', 'b', 'c']]);
    expect(graph({ a: ['a'], b: [] })).toEqual([['a']]);
  });

  it('tells circles apart that one leads to', () => {
    expect(graph({ a: ['b'], b: ['a', 'c'], c: ['d'], d: ['c'] })).toEqual([
      ['c', 'd'],
      ['a', 'b'],
    ]);
  });

  it('finds none where two ways lead to one file', () => {
    expect(graph({ a: ['b', 'c'], b: ['d'], c: ['d'], d: [] })).toEqual([]);
  });

  it('sees the imports of the real sources, those of types too', () => {
    const imports = importGraph(path.join(packagesFolder, 'prom-codec/src'));
    expect(imports.get('read-request.ts')).toContain('model.ts');
    expect(imports.get('index.ts')).toContain('decode-snappy.ts');
  });
});
