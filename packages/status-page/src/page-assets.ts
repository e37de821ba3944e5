import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

export interface PageAsset {
  readonly contentType: string;
  readonly body: Buffer;
}

const FILES = {
  '/': ['index.html', 'text/html; charset=utf-8'],
  // The same page: its script looks at the address.
  '/dashboard': ['index.html', 'text/html; charset=utf-8'],
  '/page/dashboard.json': ['dashboard.json', 'application/json; charset=utf-8'],
  '/page/main.js': ['main.js', 'text/javascript; charset=utf-8'],
  '/page/page.css': ['page.css', 'text/css; charset=utf-8'],
  '/page/errors.html': ['errors.html', 'text/html; charset=utf-8'],
} as const;

/**
 * Sent with every file of the page. Scripts, styles and requests come from and go to this server only; no other page may frame it; nothing
 * of its address is told to a page that it links to. https://www.w3.org/TR/CSP3/
 */
export const PAGE_SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cache-control': 'no-cache',
};

// The package's own name, not a relative path: a program that bundles this file still finds the files of the page beside it.
const requireFromHere = createRequire(import.meta.url);

function readAsset(file: string): Buffer {
  return readFileSync(requireFromHere.resolve(`@timestream-prometheus/status-page/assets/${file}`));
}

/**
 * The files of the page by their paths.
 *
 * @throws Error if the package was not built
 */
export function readPageAssets(): ReadonlyMap<string, PageAsset> {
  return new Map(Object.entries(FILES).map(([path, [file, contentType]]) => [path, { contentType, body: readAsset(file) }]));
}

/**
 * What each error code means, in one sentence of docs/errors.md.
 *
 * @throws Error if the package was not built
 */
export function readErrorMeanings(): Readonly<Record<string, string>> {
  return JSON.parse(readAsset('error-meanings.json').toString()) as Record<string, string>;
}
