import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { apiReport } from '@timestream-prometheus/scripts/api-report';
import { publishedPackages } from '@timestream-prometheus/scripts/published-packages';
import { describe, expect, it } from 'vitest';

const repositoryRoot = fileURLToPath(new URL('../..', import.meta.url));
const textOf = (file: string): string => readFileSync(path.join(repositoryRoot, file), 'utf8');

describe('api.md', () => {
  it.each(publishedPackages())('of %s is what its built types declare: after a change, run `npm run api`', (folder) => {
    expect(textOf(`${folder}/api.md`)).toBe(apiReport(folder));
  });

  it('shows signatures, fields, and types that are not exported themselves', () => {
    const codec = textOf('packages/prom-codec/api.md');
    expect(codec).toMatch(/export function decodeSnappy\(.*maxBytes|export function decodeSnappy\(/);
    expect(codec).toContain('readonly maxBytes: number;');
    expect(textOf('packages/connector/api.md')).toMatch(/^(?:type|interface) \w+/m);
  });
});

describe('the index of the translator', () => {
  it('has what its README names, and no more', () => {
    const index = textOf('packages/timestream-translator/src/index.ts');
    const exported = [...index.matchAll(/export (?:type )?\{([^}]*)\}/g)].flatMap(([, names = '']) =>
      names
        .split(',')
        .map((name) => name.trim().replace(/^type /, ''))
        .filter(Boolean),
    );
    expect(exported.length).toBeGreaterThan(20);
    const words = new Set(textOf('packages/timestream-translator/README.md').match(/\w+/g));
    expect(exported.filter((name) => !words.has(name))).toEqual([]);
  });
});
