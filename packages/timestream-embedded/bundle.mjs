// Makes the two programs of dist, the library and the command, one file each with what they share beside them. Node spends more time on finding,
// reading and linking a hundred modules than on everything else that a start does. Only DuckDB's native part stays outside.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = fileURLToPath(new URL('.', import.meta.url));

const { metafile } = await build({
  absWorkingDir: here,
  entryPoints: ['src/index.ts', 'src/main.ts'],
  outdir: 'dist',
  bundle: true,
  splitting: true,
  chunkNames: 'shared-[hash]',
  platform: 'node',
  format: 'esm',
  target: 'node20',
  external: ['@duckdb/node-bindings'],
  // Some of the libraries are CommonJS, and ask for Node's own modules with `require`.
  banner: { js: "import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);" },
  // The licences stand in a file of their own.
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
});

// Their licences ask to stand wherever the code does.
const folders = new Set(Object.keys(metafile.inputs).flatMap((input) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0] ?? []));
const licences = [...folders].sort().map((folder) => {
  const inFolder = path.join(here, folder);
  const { name, version } = JSON.parse(readFileSync(path.join(inFolder, 'package.json'), 'utf8'));
  const file = readdirSync(inFolder).find((each) => /^licen[cs]e/i.test(each));
  if (file === undefined) throw new Error(`${name} has no licence file: its code cannot be given away`);
  return `${name} ${version}\n\n${readFileSync(path.join(inFolder, file), 'utf8').trim()}\n`;
});
writeFileSync(path.join(here, 'dist', 'LICENSES.txt'), licences.join(`\n${'-'.repeat(80)}\n\n`));
