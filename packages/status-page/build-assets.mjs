// Makes what a browser gets, in dist/assets: one script and one style sheet with everything in them, so that the page asks no other host,
// the dashboard of deploy/monitoring, and the page of errors from docs/errors.md.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { marked } from 'marked';

const here = new URL('.', import.meta.url);
const assets = new URL('dist/assets/', here);

mkdirSync(assets, { recursive: true });
await build({
  entryPoints: [fileURLToPath(new URL('src/browser/main.tsx', here)), fileURLToPath(new URL('src/browser/page.css', here))],
  outdir: fileURLToPath(assets),
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  logLevel: 'warning',
});
copyFileSync(new URL('src/browser/index.html', here), new URL('index.html', assets));
// The one file that Grafana draws as well.
copyFileSync(new URL('../../deploy/monitoring/dashboard.json', here), new URL('dashboard.json', assets));

const errorsText = readFileSync(new URL('../../docs/errors.md', here), 'utf8');
const meanings = Object.fromEntries(
  Array.from(errorsText.matchAll(/^## ([a-z0-9-]+)\n\n\*\*[^*]+\*\* (.+)$/gm), ([, code, meaning]) => [code, meaning]),
);
writeFileSync(new URL('error-meanings.json', assets), `${JSON.stringify(meanings)}\n`);

// Other pages of docs/ are not part of the package: a link to one becomes plain text.
const errorsHtml = (await marked.parse(errorsText))
  .replace(/<a href="(?!#)[^"]*">(.*?)<\/a>/gs, '$1')
  .replace(/<h2>([a-z0-9-]+)<\/h2>/g, '<h2 id="$1">$1</h2>');
writeFileSync(
  new URL('errors.html', assets),
  `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <title>Errors of timestream-prometheus</title>
    <link rel="icon" href="data:," />
    <link rel="stylesheet" href="page.css" />
  </head>
  <body>
    <p><a href="../">Back to the status page</a></p>
    <main>
${errorsHtml}
    </main>
  </body>
</html>
`,
);
