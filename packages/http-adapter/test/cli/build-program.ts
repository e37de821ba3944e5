import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/**
 * The program as one file made from the sources of the workspace, so that a test of the process needs no build and never meets an old one.
 * It lies two folders below the package, where `dist/cli` is as well: the version is found the same way.
 */
export async function buildProgram(): Promise<string> {
  const outfile = fileURLToPath(new URL('../../test-results/program/main.mjs', import.meta.url));
  await build({
    entryPoints: [fileURLToPath(new URL('../../src/main.ts', import.meta.url))],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    conditions: ['@timestream-prometheus/source'],
    external: ['@aws-sdk/*', '@smithy/*', '@duckdb/*', 'commander', 'fastify', 'pino', 'prom-client', 're2js'],
    logLevel: 'silent',
  });
  return outfile;
}
