import { readFileSync } from 'node:fs';
import { TIMESTREAM_REGIONS } from '@timestream-prometheus/connector/operations';
import { describe, expect, it } from 'vitest';
import { docsFile, linksOf, placeholderPrefix, publishing, tableOf, withTable } from '../one-click-links.mjs';
import { publishedTemplate } from '../publish.mjs';
import { deployFolder, loadTemplate } from '../stack/template-document.js';

const document = readFileSync(docsFile, 'utf8');
const template = readFileSync(`${deployFolder}/template.yml`, 'utf8');

describe('the one-click links of docs/serverless.md', () => {
  it('are those that deploy/one-click-links.mjs writes', () => {
    const prefix = /\[view\]\(https:\/\/([\w-]+?)-us-east-1\./.exec(document)?.[1];
    expect(withTable(document, prefix ?? placeholderPrefix)).toBe(document);
  });

  it('name no bucket that somebody else could own, until a publisher names one', () => {
    expect(placeholderPrefix).toMatch(/[A-Z]/);
  });

  it('are for the regions where the service exists', () => {
    expect(publishing.regions.map(({ code }) => code)).toEqual(TIMESTREAM_REGIONS);
  });

  it.each(publishing.regions)('point into $code', (region) => {
    const links = linksOf(region, 'acme');
    for (const link of Object.values(links)) expect(() => new URL(link)).not.toThrow();
    expect(links.view).toBe(`https://acme-${region.code}.s3.${region.code}.amazonaws.com/template.yml`);
    for (const launch of [links.launchBasic, links.launchSigV4]) {
      const url = new URL(launch);
      expect(url.host).toBe(region.partition === 'aws-us-gov' ? 'console.amazonaws-us-gov.com' : 'console.aws.amazon.com');
      expect(url.searchParams.get('region')).toBe(region.code);
      const settings = new URLSearchParams(url.hash.slice(url.hash.indexOf('?') + 1));
      expect(settings.get('stackName')).toBe('PrometheusTimestreamConnector');
      expect(settings.get('templateURL')).toBe(links.view);
      expect(['true', 'false']).toContain(settings.get('param_EnableSigV4Auth'));
    }
  });

  it('set a parameter that the template has', () => {
    expect(loadTemplate('template.yml').Parameters).toHaveProperty('EnableSigV4Auth');
    expect(tableOf('acme')).toContain('param_EnableSigV4Auth');
  });
});

describe('the published template', () => {
  it('is the template of this repository, with its code in the publisher’s bucket of the stack’s region', () => {
    const published = publishedTemplate(template, 'acme', 'connector-0123.zip');
    expect(published).toContain('Bucket: !Sub acme-${AWS::Region}\n      Key: connector-0123.zip');
    expect(published).not.toContain('CodeUri: dist/');
    expect(published.length - template.length).toBeLessThan(100);
  });

  it('cannot be made from a template without local code', () => {
    expect(() => publishedTemplate('Resources: {}', 'acme', 'k')).toThrow(/CodeUri/);
  });
});
