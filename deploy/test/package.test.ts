import { unzipSync } from 'fflate';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadTemplate, textOf } from '../stack/template-document.js';
import { bundle, packages, releaseOf, serverKeyOf, sha256, zip } from '../package.mjs';

type Bundled = Awaited<ReturnType<typeof bundle>>;

describe.each(packages.map((each) => [each.name, each] as const))('the package %s', (_name, definition) => {
  let bundled: Bundled;
  let bytes: Uint8Array;

  beforeAll(async () => {
    bundled = await bundle(definition);
    bytes = await zip(bundled.files);
  });

  it('is the same, byte for byte, each time and in each time zone', async () => {
    const before = process.env['TZ'];
    process.env['TZ'] = 'Asia/Tokyo';
    const again = await zip((await bundle(definition)).files);
    if (before === undefined) delete process.env['TZ'];
    else process.env['TZ'] = before;
    expect(sha256(again)).toBe(sha256(bytes));
  });

  it('does not depend on the order in which its files come', async () => {
    const reversed = Object.fromEntries(Object.entries(bundled.files).reverse());
    expect(sha256(await zip(reversed))).toBe(sha256(bytes));
  });

  it('is at most 3 MB and holds the program and its source map', () => {
    expect(bytes.length).toBeLessThan(3_000_000);
    const programs = [definition.file, ...Object.keys(definition.workers ?? {})];
    expect(Object.keys(unzipSync(bytes))).toEqual(expect.arrayContaining(programs.flatMap((file) => [file, `${file}.map`])));
  });

  it('holds nothing that it has no use for', () => {
    expect(bundled.inputs.some((file) => file.includes('@aws-sdk/client-timestream-write'))).toBe(true);
    const foreign = definition.name === 'connector.zip' ? /fastify|pino|commander|timestream-embedded/ : /packages\/timestream-embedded/;
    expect(bundled.inputs.filter((file) => foreign.test(file))).toEqual([]);
  });

  it('holds no native code, so it runs on arm64 and x86_64 alike', () => {
    expect(
      bundled.inputs.filter((file) => file.endsWith('.node') || file.includes('@duckdb') || file.includes('node_modules/snappy')),
    ).toEqual([]);
  });
});

describe('the release', () => {
  const release = releaseOf({ 'connector.zip': new Uint8Array([1]), 'connector-server.zip': new Uint8Array([2]) });

  it('holds what sam deploy reads: the templates, their settings, and the package where the template looks for it', () => {
    const names = Object.keys(release);
    const { CodeUri: codeUri } = (loadTemplate('template.yml').Globals?.['Function'] ?? {}) as { CodeUri?: string };
    expect(codeUri).toMatch(/\.zip$/);
    expect(names).toEqual(
      expect.arrayContaining(['template.yml', 'samconfig.toml', 'privatelink/template.yml', 'privatelink/samconfig.toml', codeUri]),
    );
  });

  it('holds every policy of the guide', () => {
    const names = Object.keys(release).filter((name) => name.startsWith('iam/'));
    expect(names.sort()).toEqual(
      ['cleanup', 'deployment-options', 'deployment', 'execution', 'privatelink', 'signing'].map((name) => `iam/${name}.json`),
    );
  });

  it('is the same, byte for byte, each time', async () => {
    expect(sha256(await zip(release))).toBe(sha256(await zip(Object.fromEntries(Object.entries(release).reverse()))));
  });
});

describe('the key of the server package', () => {
  it('names the content as the template of the VPC stack demands it', () => {
    const key = serverKeyOf(new Uint8Array([1, 2, 3]));
    const pattern = loadTemplate('privatelink/template.yml').Parameters['ServerKey']?.['AllowedPattern'];
    expect(key).toBe('connector-server-039058c6f2c0cb49.zip');
    expect(key).toMatch(new RegExp(`^${textOf(pattern)}$`));
  });
});
