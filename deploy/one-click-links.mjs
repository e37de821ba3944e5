#!/usr/bin/env node
/**
 * Writes the table of one-click links into docs/serverless.md, from deploy/regions.json:
 *
 *   node deploy/one-click-links.mjs --bucket-prefix=my-connector
 *
 * The publisher owns one bucket per region, named `<prefix>-<region>`: a function's code must lie in the region that it runs in. Without the
 * option the table names no bucket that could exist (bucket names have no capitals), so nobody can stand in for the publisher.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isProgram } from '../scripts/setup.mjs';

export const placeholderPrefix = 'YOUR-BUCKET-PREFIX';
export const docsFile = fileURLToPath(new URL('../docs/serverless.md', import.meta.url));
/**
 * @typedef {{ readonly code: string; readonly name: string; readonly partition: string }} Region
 * @type {{ readonly stackName: string; readonly partitions: Record<string, { readonly console: string; readonly urlSuffix: string }>; readonly regions: readonly Region[] }}
 */
export const publishing = JSON.parse(readFileSync(new URL('./regions.json', import.meta.url), 'utf8'));

const startMarker = '<!-- one-click links: written by deploy/one-click-links.mjs -->';
const endMarker = '<!-- end of one-click links -->';

/** @param {string} name */
function partitionOf(name) {
  const partition = publishing.partitions[name];
  if (partition === undefined) throw new Error(`deploy/regions.json has no partition "${name}"`);
  return partition;
}

/**
 * Where publish.mjs puts the template of a region.
 *
 * @param {Region} region
 * @param {string} bucketPrefix
 * @returns {string}
 */
export function templateUrlOf({ code, partition }, bucketPrefix) {
  return `https://${bucketPrefix}-${code}.s3.${code}.${partitionOf(partition).urlSuffix}/template.yml`;
}

/**
 * @param {Region} region
 * @param {string} bucketPrefix
 */
export function linksOf(region, bucketPrefix) {
  const { console: host } = partitionOf(region.partition);
  const templateUrl = templateUrlOf(region, bucketPrefix);
  const launch = (/** @type {string} */ parameters) =>
    `https://${host}/cloudformation/home?region=${region.code}#/stacks/create/review?stackName=${publishing.stackName}&templateURL=${encodeURIComponent(templateUrl)}${parameters}`;
  return {
    view: templateUrl,
    compose: `https://${host}/composer/canvas?region=${region.code}&templateURL=${encodeURIComponent(templateUrl)}&srcConsole=cloudformation`,
    launchBasic: launch('&param_EnableSigV4Auth=false'),
    launchSigV4: launch('&param_EnableSigV4Auth=true'),
  };
}

/** @param {string} bucketPrefix */
export function tableOf(bucketPrefix) {
  const rows = publishing.regions.map((region) => {
    const { view, compose, launchBasic, launchSigV4 } = linksOf(region, bucketPrefix);
    return `| ${region.name} | \`${region.code}\` | [view](${view}) | [compose](${compose}) | [launch](${launchBasic}) | [launch](${launchSigV4}) |`;
  });
  return [
    '| Region | Code | Template | Infrastructure Composer | With access keys (Basic) | With IAM signatures (SigV4) |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}

/**
 * The document with the table between its markers replaced.
 *
 * @param {string} document
 * @param {string} bucketPrefix
 * @returns {string}
 */
export function withTable(document, bucketPrefix) {
  const start = document.indexOf(startMarker);
  const end = document.indexOf(endMarker);
  if (start < 0 || end < start) throw new Error(`the markers of the one-click links are missing in ${docsFile}`);
  return `${document.slice(0, start)}${startMarker}\n<!-- oxfmt-ignore-start -->\n${tableOf(bucketPrefix)}\n<!-- oxfmt-ignore-end -->\n${document.slice(end)}`;
}

/**
 * `--bucket-prefix=<prefix>` of a command line; undefined when it is not given. Ends the process when it is no bucket name.
 *
 * @param {readonly string[]} args
 */
export function bucketPrefixOf(args) {
  const given = args.find((arg) => arg.startsWith('--bucket-prefix='))?.slice('--bucket-prefix='.length);
  if (given === undefined) return undefined;
  // With the longest region code a name must stay within 63 characters.
  if (/^[a-z0-9][a-z0-9-]{1,46}[a-z0-9]$/.test(given)) return given;
  console.error(`--bucket-prefix must be 3 to 48 of a-z, 0-9 and -, got "${given}"`);
  process.exit(1);
}

if (isProgram(import.meta.url)) {
  writeFileSync(docsFile, withTable(readFileSync(docsFile, 'utf8'), bucketPrefixOf(process.argv.slice(2)) ?? placeholderPrefix));
  console.log('docs/serverless.md: one-click links written');
}
