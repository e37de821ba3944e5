import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { OPTIONS } from '@timestream-prometheus/connector';
import type { FastifyInstance } from 'fastify';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../src/cli/commands/commands.js';
import { packageVersion } from '../src/cli/package-version.js';
import { bundle } from './cli/build-program.js';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

describe('README', () => {
  it('shows an example that runs', async () => {
    const [, example = ''] = /```ts\n([\s\S]*?)```/.exec(readme) ?? [];
    expect(example).toContain('port: 9201');
    const indexFile = fileURLToPath(new URL('../src/index.ts', import.meta.url));
    const source = example.replace('port: 9201', 'port: 0').replace("'@timestream-prometheus/http-adapter'", JSON.stringify(indexFile));
    const file = fileURLToPath(new URL('../test-results/readme-example.ts', import.meta.url));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${source}\nexport { server };\n`);
    const { server } = (await import(pathToFileURL(await bundle(file, 'readme')).href)) as { readonly server: FastifyInstance };
    expect((await server.inject({ method: 'GET', url: '/-/healthy' })).statusCode).toBe(200);
    await server.close();
    // A busy machine takes its time to bundle.
  }, 60_000);

  it('names only options that exist', () => {
    const own = COMMANDS.flatMap(({ ownOptions }) => ownOptions.map(({ flag }) => flag));
    const flags = new Set<string>(['help', ...own, ...Object.values(OPTIONS).map(({ flag }) => flag)]);
    const named = [...readme.matchAll(/--([a-z][\w.-]*\w)/g)].map(([, flag]) => flag ?? '');
    expect(named.length).toBeGreaterThan(5);
    for (const flag of named) expect(flags, flag).toContain(flag);
  });

  it('shows the version that the package has', () => {
    expect(readme).toContain(`timestream-prometheus ${packageVersion()} is ready`);
  });
});
