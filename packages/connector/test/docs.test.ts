import { readFile, writeFile } from 'node:fs/promises';
import { dropReasons } from '@timestream-prometheus/timestream-translator';
import { describe, expect, it } from 'vitest';
import {
  CONNECTOR_ERROR_CODES,
  defaultTextOf,
  environmentNameOf,
  httpStatusOf,
  isRetryable,
  meaningOf,
  METRIC_CATALOGUE,
  OPTIONS,
  type MetricDefinition,
  type Option,
} from '../src/index.js';
import { rejectionClasses } from '../src/write/rejection-reason.js';

function docUrl(name: string): URL {
  return new URL(`../../../docs/${name}`, import.meta.url);
}

/** The part of a page after a marker, which is written from the sources; UPDATE_DOCS=1 writes it. */
async function generatedPart(name: string, marker: string, expected: string): Promise<string> {
  const page = await readFile(docUrl(name), 'utf8');
  const start = page.indexOf(marker);
  if (start < 0) throw new Error(`${name} has no ${marker}`);
  const end = start + marker.length;
  if (process.env['UPDATE_DOCS'] !== '1') return page.slice(end);
  await writeFile(docUrl(name), page.slice(0, end) + expected);
  return expected;
}

const SCOPES = { both: 'server and Lambda', server: 'server only', lambda: 'Lambda only' } as const;

function optionText(option: Option<unknown>): string {
  const [server, lambda] = [defaultTextOf(option, 'server'), defaultTextOf(option, 'lambda')];
  const show = (text: string) => (text === '' ? 'none' : `\`${text}\``);
  const defaultText = server === lambda ? show(server) : `${show(server)} in the server, ${show(lambda)} on Lambda`;
  const variables = [environmentNameOf(option.flag), ...(option.fallbackEnv ?? [])].map((name) => `\`${name}\``);
  return [
    `### \`--${option.flag}=${option.placeholder}\``,
    `Variable ${variables.join(', else ')}. Default: ${defaultText}. For: ${SCOPES[option.scope]}.`,
    option.help,
  ].join('\n\n');
}

function optionsPart(): string {
  const options: readonly Option<unknown>[] = Object.values(OPTIONS);
  const groups = [...new Set(options.map(({ group }) => group))];
  const sections = groups.map((group) =>
    [`## ${group}`, ...options.filter((option) => option.group === group).map(optionText)].join('\n\n'),
  );
  return `\n\n${sections.join('\n\n')}\n`;
}

function metricText({ name, type, help, labelNames, buckets }: MetricDefinition): string {
  const labels = labelNames.length === 0 ? 'No labels.' : `Labels: ${labelNames.map((label) => `\`${label}\``).join(', ')}.`;
  const bounds = buckets === undefined ? '' : ` Buckets: ${buckets.join(', ')}.`;
  return [`### \`${name}\``, `A ${type}. ${labels}${bounds}`, help].join('\n\n');
}

describe('docs/errors.md', () => {
  it('has one section for each error code, in the order of the source, and no other', async () => {
    const page = await readFile(docUrl('errors.md'), 'utf8');
    const headings = Array.from(page.matchAll(/^## (.+)$/gm), ([, heading]) => heading);
    expect(headings).toEqual(CONNECTOR_ERROR_CODES);
  });

  it.each(CONNECTOR_ERROR_CODES)(
    'gives status, what becomes of the request, and the meaning of %s as the source has them, and then more',
    async (code) => {
      const page = await readFile(docUrl('errors.md'), 'utf8');
      const [section = ''] = page.split(`\n## ${code}\n`)[1]?.split('\n## ') ?? [];
      const opening = `\n**Status ${httpStatusOf(code)}, ${isRetryable(code) ? 'sent again' : 'final'}.** ${meaningOf(code)}\n`;
      expect(section.slice(0, opening.length)).toBe(opening);
      expect(section.slice(opening.length).trim().length).toBeGreaterThan(40);
    },
  );
});

describe('docs/runbook.md', () => {
  it('says for every error code what to do first, in the order of the source, and for no other', async () => {
    const page = await readFile(docUrl('runbook.md'), 'utf8');
    const rows = Array.from(page.matchAll(/^\| \[`([a-z0-9-]+)`\]\(errors\.md#([a-z0-9-]+)\) +\| (.+?) +\|$/gm));
    expect(rows.map(([, code]) => code)).toEqual(CONNECTOR_ERROR_CODES);
    expect(rows.map(([, , anchor]) => anchor)).toEqual(CONNECTOR_ERROR_CODES);
    for (const [, code, , first = ''] of rows) expect(first.length, code).toBeGreaterThan(20);
  });
});

describe('what docs/errors.md says of samples-rejected', () => {
  it('names every class of rejected records and every reason that rejects a sample before Timestream, and no other', async () => {
    const page = await readFile(docUrl('errors.md'), 'utf8');
    const [section = ''] = page.split('\n## samples-rejected\n')[1]?.split('\n## ') ?? [];
    const named = Array.from(section.matchAll(/^- (`.+?`):/gm), ([, list = '']) =>
      Array.from(list.matchAll(/`([^`]+)`/g), ([, name]) => name),
    );
    // All of them: what is a success to a sender of remote write 1.0 is none to one of 2.0.
    expect(named.flat().sort()).toEqual([...Object.keys(rejectionClasses), ...Object.keys(dropReasons)].sort());
  });
});

describe('what docs/data-model.md says cannot be stored', () => {
  it('gives the reason of every class of loss, as it stands in metric and answer, and no other', async () => {
    const page = await readFile(docUrl('data-model.md'), 'utf8');
    const [section = ''] = page.split('\n## What cannot be stored')[1]?.split('\n## ') ?? [];
    const reasons = Array.from(section.matchAll(/^\|.*\|.*\|([^|]*)\|$/gm), ([, cell = '']) =>
      Array.from(cell.matchAll(/`([^`]+)`/g), ([, name]) => name),
    ).flat();
    const inTheirOwnWords = new Set(['invalid', 'other']);
    const expected = [...Object.keys(rejectionClasses), ...Object.keys(dropReasons), 'start-timestamp'].filter(
      (reason) => !inTheirOwnWords.has(reason),
    );
    expect(reasons.toSorted()).toEqual(expected.toSorted());
  });
});

describe('docs/configuration.md', () => {
  it('describes every option as the option table has it', async () => {
    const expected = optionsPart();
    expect(await generatedPart('configuration.md', '<!-- options -->', expected)).toBe(expected);
  });
});

describe('docs/metrics.md', () => {
  it('describes every metric as the catalogue has it', async () => {
    const expected = `\n\n## All metrics\n\n${METRIC_CATALOGUE.map(metricText).join('\n\n')}\n`;
    expect(await generatedPart('metrics.md', '<!-- metrics -->', expected)).toBe(expected);
  });

  it('names no metric in its examples that does not exist', async () => {
    const page = await readFile(docUrl('metrics.md'), 'utf8');
    const names = new Set(METRIC_CATALOGUE.map(({ name }) => name));
    const mentioned = Array.from(page.matchAll(/timestream_connector_\w+/g), ([name]) => name.replace(/_bucket$/, ''));
    expect(mentioned.filter((name) => !names.has(name))).toEqual([]);
    expect(mentioned.length).toBeGreaterThan(names.size);
  });
});
