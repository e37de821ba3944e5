import type { LabelMatcher, TimeSeries } from '@timestream-prometheus/prom-codec';
import { createMatcher } from '@timestream-prometheus/timestream-translator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { unescapeLabelName } from '../../src/api/unescape-label-name.js';
import { METRICS, openAwsStorage } from '../../src/index.js';
import { basicAuthorization, PROTOCOL_HEADERS, series, writeBody } from '@timestream-prometheus/connector-testing';
import { createMemoryLogger, KEY, testConfig } from '../support/connector-fixture.js';
import { startEmbeddedSubject, type EmbeddedSubject } from '../support/embedded-subject.js';

type Labels = Readonly<Record<string, string>>;

interface Answer {
  readonly status: number;
  readonly json: {
    readonly status: string;
    readonly warnings?: readonly string[];
    readonly error?: string;
    readonly errorType?: string;
  } & Readonly<Record<'data', readonly unknown[]>>;
}

const LONG = `long_${'x'.repeat(300)}`;
const nowMs = Math.floor(Date.now() / 1000) * 1000 - 60_000;
const EARLIER_MS = nowMs - 3_600_000;

/** Every way in which a label can lie in a table. */
const LABEL_SETS: readonly Labels[] = [
  { __name__: 'up', job: 'api', instance: 'a:1' },
  { __name__: 'up', job: 'api', instance: 'b:1', zone: '' },
  { __name__: 'up', job: 'db', 'x:y': 'in json', time: 'utc' },
  { __name__: 'job:up:sum', job: 'api' },
  { __name__: 'bare' },
  { __name__: LONG, job: 'api', quote: `it's "so" \\ <b>` },
  { __name__: `${LONG}y`, job: 'db' },
  { __name__: 'wide', ['l'.repeat(80)]: 'too long for a column', '\u00fcber': '\u{1f600}' },
];
/** Written by another connector, which had no dimension left for `job` and `late`. */
const HAND_WRITTEN: Labels = { __name__: 'by_hand', job: 'hand', late: 'json' };

const MATCHERS: readonly (readonly LabelMatcher[])[] = [
  [],
  [{ name: '__name__', type: '=', value: 'up' }],
  [{ name: '__name__', type: '=~', value: 'job:.+|long_x+' }],
  [{ name: '__name__', type: '!~', value: 'u.*' }, { name: 'job', type: '!=', value: '' }],
  [{ name: 'job', type: '=', value: 'api' }, { name: 'zone', type: '=', value: '' }],
  [{ name: 'job', type: '=~', value: 'd.|hand' }],
  [{ name: 'time', type: '=', value: 'utc' }],
  [{ name: 'x:y', type: '=~', value: 'in.*' }, { name: 'instance', type: '=', value: '' }],
  [{ name: 'late', type: '!=', value: '' }],
  [{ name: 'quote', type: '=~', value: '.*<b>' }],
  [{ name: 'job', type: '=', value: 'nobody' }],
  [{ name: 'never_seen', type: '=', value: 'x' }],
]; // oxfmt-ignore

function selectorOf(matchers: readonly LabelMatcher[]): string {
  return `{${matchers.map(({ name, type, value }) => `${JSON.stringify(name)}${type}${JSON.stringify(value)}`).join(',')}}`;
}

const byBytes = (left: string, right: string): number => Buffer.compare(Buffer.from(left), Buffer.from(right));

describe.each(['multi-measure', 'single-measure'] as const)('labels, label values and series in the layout %s', (layout) => {
  let subject: EmbeddedSubject;
  const all: readonly Labels[] = [...LABEL_SETS, HAND_WRITTEN].map((labels) =>
    Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== '')),
  );

  beforeAll(async () => {
    subject = await startEmbeddedSubject({ 'table-layout': layout, 'max-queries-per-read': '3' });
    expect(await ask('labels')).toMatchObject({ status: 200, json: { status: 'success', ['data']: [] } });
    expect(await ask('series', [['match[]', 'up']])).toMatchObject({ status: 200, json: { ['data']: [] } });
    await write(
      LABEL_SETS.map((labels) => series(labels, ...Array.from({ length: 50 }, (_, index) => [nowMs - index * 1000, index] as const))),
    );
    const config = testConfig({ 'write-base-endpoint': subject.timestream.url, 'query-base-endpoint': subject.timestream.url });
    const storage = openAwsStorage(config, { metrics: subject.metrics, logger: createMemoryLogger([]) })({ kind: 'static', ...KEY });
    const row = {
      MeasureName: 'by_hand',
      MeasureValue: '1',
      MeasureValueType: 'DOUBLE' as const,
      Time: String(nowMs),
      TimeUnit: 'MILLISECONDS' as const,
    };
    const written = await storage.write(
      {
        Records: [
          { ...row, Dimensions: [{ Name: 'prometheus_labels', Value: '{"job":"hand","late":"json"}' }] },
          // No sample of ours: a text and nothing else.
          { ...row, MeasureName: 'no_sample', MeasureValue: 'text', MeasureValueType: 'VARCHAR' as const, Dimensions: [{ Name: 'job', Value: 'texts' }] },
          // The column counts where both are there, though it is empty in no row that has the JSON.
          { ...row, Dimensions: [{ Name: 'job', Value: 'hand' }, { Name: 'prometheus_labels', Value: '{"job":"hidden","late":"json"}' }] },
        ],
        sources: [],
      } as unknown as Parameters<typeof storage.write>[0],
      new AbortController().signal,
    ); // oxfmt-ignore
    expect(written.rejected).toEqual([]);
    storage.close();
  }, 60_000);
  afterAll(() => subject.close());

  async function write(timeseries: readonly TimeSeries[]): Promise<void> {
    const headers = { authorization: basicAuthorization(KEY), ...PROTOCOL_HEADERS };
    expect((await subject.send({ method: 'POST', path: '/write', headers, body: writeBody(timeseries) })).status).toBe(204);
  }

  async function ask(path: string, parameters: readonly (readonly [string, string])[] = []): Promise<Answer> {
    const query = parameters.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&');
    const { status, body } = await subject.send({
      method: 'GET',
      path: `/api/v1/${path}?${query}`,
      headers: { authorization: basicAuthorization(KEY) },
      body: new Uint8Array(),
    });
    return { status, json: JSON.parse(Buffer.from(body).toString()) as Answer['json'] };
  }

  function selected(matchers: readonly LabelMatcher[]): readonly Labels[] {
    const compiled = matchers.map((matcher) => createMatcher(matcher));
    return all.filter((labels) => compiled.every((matcher) => matcher.matches(labels[matcher.name] ?? '')));
  }

  it.each(MATCHERS.map((matchers) => ({ selector: selectorOf(matchers).slice(0, 80), matchers })))('answers for $selector what the series say', async ({ matchers }) => {
    const parameters = matchers.length === 0 ? [] : [['match[]', selectorOf(matchers)] as const];
    const found = selected(matchers);
    const names = [...new Set(found.flatMap((labels) => Object.keys(labels)))].sort(byBytes);
    expect((await ask('labels', parameters)).json).toEqual({ status: 'success', ['data']: names });
    for (const name of ['__name__', 'job', 'late', 'l'.repeat(80)]) {
      const values = [...new Set(found.flatMap((labels) => labels[name] ?? []))].sort(byBytes);
      expect({ name, json: (await ask(`label/${encodeURIComponent(name)}/values`, parameters)).json }).toEqual({ name, json: { status: 'success', ['data']: values } });
    }
    if (matchers.length > 0) {
      const { json } = await ask('series', parameters);
      expect(new Set(json.data.map((one) => JSON.stringify(one)))).toEqual(new Set(found.map((labels) => JSON.stringify(Object.fromEntries(Object.entries(labels).sort(([left], [right]) => byBytes(left, right)))))));
      expect(json.data).toHaveLength(found.length);
    }
  }); // oxfmt-ignore

  it('puts several selectors together, each answer once and in order', async () => {
    const { json } = await ask('series', [['match[]', 'up'], ['match[]', '{job="api"}'], ['match[]', '{job="nobody"}']]); // oxfmt-ignore
    const expected = all.filter(({ __name__: name, job }) => name === 'up' || job === 'api');
    expect(json.data).toHaveLength(expected.length);
    expect(json.data[0]).toEqual({ __name__: 'job:up:sum', job: 'api' });
    expect((await ask('label/job/values', [['match[]', 'up'], ['match[]', 'by_hand']])).json.data).toEqual(['api', 'db', 'hand']); // oxfmt-ignore
  });

  it('answers for the times asked for, and for nothing else', async () => {
    const before = [['start', String(EARLIER_MS / 1000)], ['end', String(nowMs / 1000 - 1000)]] as const; // oxfmt-ignore
    expect((await ask('labels', before)).json.data).toEqual([]);
    expect((await ask('label/job/values', before)).json.data).toEqual([]);
    expect((await ask('series', [...before, ['match[]', 'up']])).json.data).toEqual([]);
    expect((await ask('labels', [['start', '2'], ['end', '1']])).json.data).toEqual([]); // oxfmt-ignore
    const everything = [['start', '-292273086-05-16T16:47:06Z'], ['end', '292277025-08-18T07:12:54.999999999Z']] as const; // oxfmt-ignore
    expect((await ask('label/job/values', everything)).json.data).toEqual(['api', 'db', 'hand']);
  });

  it('cuts at the limit and says so, and says nothing of a limit that nothing was cut by', async () => {
    for (const path of ['labels', 'label/job/values', 'series']) {
      const all3 = (await ask(path, [['match[]', 'up']])).json.data; // oxfmt-ignore
      const cut = (await ask(path, [['match[]', 'up'], ['limit', '1']])).json; // oxfmt-ignore
      expect(cut).toEqual({ status: 'success', ['data']: all3.slice(0, 1), warnings: ['results truncated due to limit'] });
      expect((await ask(path, [['match[]', 'up'], ['limit', String(all3.length)]])).json.warnings).toBeUndefined(); // oxfmt-ignore
    }
  });

  it('reads a row for each value, and none for each sample or series', async () => {
    await write(Array.from({ length: 200 }, (_, index) => series({ __name__: 'many', host: `h${index}`, role: 'web' }, [nowMs, 1], [nowMs - 1000, 1])));
    const match = ['match[]', 'many'] as const;
    await ask('labels', [match]);
    for (const path of ['labels', 'label/role/values', 'label/__name__/values']) {
      const before = subject.metrics.sum(METRICS.readRows);
      expect((await ask(path, [match])).json.data.length).toBeGreaterThan(0);
      expect(subject.metrics.sum(METRICS.readRows) - before).toBe(1);
    }
  }); // oxfmt-ignore

  it('sees a label that came after it had looked at the columns', async () => {
    await ask('labels');
    await write([series({ __name__: 'fresh', brand_new: `v-${layout}` }, [nowMs, 1])]);
    expect((await ask('label/brand_new/values')).json.data).toEqual([`v-${layout}`]);
    expect((await ask('labels', [['match[]', 'fresh']])).json.data).toEqual(['__name__', 'brand_new']); // oxfmt-ignore
  });

  it.each([
    ['labels', 'match[]=foo{', '1:5: parse error: unexpected end of input inside braces'],
    ['labels', 'match[]={}', 'match[] must contain at least one non-empty matcher'],
    ['labels', 'start=x', `invalid parameter "start": invalid time value for 'start': cannot parse "x" to a valid timestamp`],
    ['labels', 'limit=x', 'invalid parameter "limit": strconv.Atoi: parsing "x": invalid syntax'],
    ['label/U__/values', '', 'invalid label name: ""'],
    ['label/%FF/values', '', 'invalid label name: "\\xff"'],
    ['label/job/values', 'end=x', `invalid parameter "end": invalid time value for 'end': cannot parse "x" to a valid timestamp`],
    ['label/job/values', 'match[]={a=~"*"}', 'error parsing regexp: missing argument to repetition operator: `*`'],
    ['series', '', 'no match[] parameter provided'],
    ['series', 'match[]=foo{', 'invalid parameter "match[]": 1:5: parse error: unexpected end of input inside braces'],
    ['series', 'match[]={a=~".*"}', 'invalid parameter "match[]": match[] must contain at least one non-empty matcher'],
  ])('refuses %s?%s in Prometheus\u2019 words', async (path, query, error) => {
    const parameters = query === '' ? [] : [[query.slice(0, query.indexOf('=')), query.slice(query.indexOf('=') + 1)] as const];
    const { status, json } = await ask(path, parameters);
    expect({ status, errorType: json.errorType, error: json.error?.slice(-error.length) }).toEqual({ status: 400, errorType: 'bad_data', error });
  }); // oxfmt-ignore

  it('bounds how many selectors a request may have', async () => {
    const { status, json } = await ask(
      'labels',
      Array.from({ length: 4 }, () => ['match[]', 'up'] as const),
    );
    expect({ status, errorType: json.errorType }).toEqual({ status: 422, errorType: 'execution' });
    expect(json.error).toContain('max-queries-per-read');
  });
});

describe('a label name in a path', () => {
  it.each([
    ['job', 'job'],
    ['U__http_2e_status', 'http.status'],
    ['U__a__b', 'a_b'],
    ['U__\u00fc_1f600_', '\u00fc\u{1f600}'],
    ['U__a_', 'U__a_'],
    ['U__a_2e', 'U__a_2e'],
    ['U__a_xyz_', 'U__a_xyz_'],
    ['U__a_d800_', 'U__a_d800_'],
    ['U__a_00002e_', 'U__a_00002e_'],
  ])('%s means %s', (name, meaning) => expect(unescapeLabelName(name)).toBe(meaning));
});
