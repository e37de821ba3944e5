#!/usr/bin/env node
/**
 * Prepares what a publisher uploads for the one-click links, and prints the commands that upload it:
 *
 *   npm run package && node deploy/publish.mjs --bucket-prefix=my-connector
 *
 * The published template takes the package from the publisher's bucket in the region of the stack; otherwise it is deploy/template.yml.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isProgram } from '../scripts/setup.mjs';
import { bucketPrefixOf, publishing } from './one-click-links.mjs';
import { sha256 } from './package.mjs';

const localCode = 'CodeUri: dist/connector.zip';

/**
 * The template of this repository with the code of the function in the publisher's buckets.
 *
 * @param {string} template
 * @param {string} bucketPrefix
 * @param {string} codeKey
 * @returns {string}
 */
export function publishedTemplate(template, bucketPrefix, codeKey) {
  const parts = template.split(localCode);
  if (parts.length !== 2) throw new Error(`deploy/template.yml must say "${localCode}" once`);
  return parts.join(`CodeUri:\n      Bucket: !Sub ${bucketPrefix}-\${AWS::Region}\n      Key: ${codeKey}`);
}

if (isProgram(import.meta.url)) {
  const bucketPrefix = bucketPrefixOf(process.argv.slice(2));
  if (bucketPrefix === undefined) {
    console.error('Which buckets? Give --bucket-prefix=<prefix>; the package of a region goes to <prefix>-<region>.');
    process.exit(1);
  }
  const packageFile = new URL('./dist/connector.zip', import.meta.url);
  // A key that names the content: a stack that is updated sees new code, and an old template keeps its own.
  const codeKey = `connector-${sha256(readFileSync(packageFile)).slice(0, 16)}.zip`;
  const template = readFileSync(new URL('./template.yml', import.meta.url), 'utf8');
  const outputFolder = new URL('./dist/one-click/', import.meta.url);
  mkdirSync(outputFolder, { recursive: true });
  writeFileSync(new URL('template.yml', outputFolder), publishedTemplate(template, bucketPrefix, codeKey));
  console.log(`Written: ${fileURLToPath(new URL('template.yml', outputFolder))}\n\nUpload, with the publisher's credentials:\n`);
  for (const { code } of publishing.regions) {
    console.log(`aws s3 cp deploy/dist/connector.zip s3://${bucketPrefix}-${code}/${codeKey} --region ${code}`);
    console.log(`aws s3 cp deploy/dist/one-click/template.yml s3://${bucketPrefix}-${code}/template.yml --region ${code}`);
  }
  console.log(`\nThen: node deploy/one-click-links.mjs --bucket-prefix=${bucketPrefix}`);
}
