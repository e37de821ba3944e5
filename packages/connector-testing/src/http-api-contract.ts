import { gunzipSync } from 'node:zlib';
import type { TimeSeries } from '@timestream-prometheus/prom-codec';
import { describe, expect, it } from 'vitest';
import type { ContractRequest, ContractResponse } from './contract-subject.js';
import { series } from './remote-messages.js';

/** What the cases of the HTTP API need of the suite that they are part of. */
export interface HttpApiSuite {
  /** Sends as a caller with a key, unless the headers say otherwise. */
  readonly send: (parts: Partial<ContractRequest>) => Promise<ContractResponse>;
  readonly write: (timeseries: readonly TimeSeries[]) => Promise<void>;
  readonly newMetric: () => string;
  readonly startMs: number;
}

type Parameters = readonly (readonly [name: string, value: string])[];

function formOf(parameters: Parameters): string {
  return parameters.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&');
}

/** Prometheus' HTTP API: what addresses, forms and bodies become on the way through an edge. */
export function httpApiContract({ send, write, newMetric, startMs }: HttpApiSuite): void {
  const times: Parameters = [['start', String(startMs / 1000 - 60)], ['end', String(startMs / 1000 + 600)]]; // oxfmt-ignore

  function jsonOf({ headers, body }: ContractResponse): unknown {
    expect(headers['content-type']).toBe('application/json');
    const bytes = headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
    return JSON.parse(Buffer.from(bytes).toString()) as unknown;
  }

  async function get(path: string, parameters: Parameters = []): Promise<unknown> {
    const query = formOf(parameters);
    return jsonOf(await send({ method: 'GET', path: `/api/v1/${path}${query === '' ? '' : `?${query}`}` }));
  }

  async function post(path: string, parameters: Parameters, authorization: string | undefined): Promise<unknown> {
    const body = new TextEncoder().encode(formOf(parameters));
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      ...(authorization === undefined ? {} : { authorization }),
    };
    return jsonOf(await send({ path: `/api/v1/${path}`, headers, body }));
  }

  describe('the HTTP API', () => {
    it('answers for labels, their values and series, with selectors, times and names that need escaping', async () => {
      const [first, second] = [newMetric(), newMetric()];
      await write([
        series({ __name__: first, instance: 'a/b c+d&e', 'http.status': '2%20' }, [startMs, 1]),
        series({ __name__: second, instance: '\u00fcber', le: '0.5' }, [startMs, 1]),
      ]);
      const both: Parameters = [...times, ['match[]', first], ['match[]', `{__name__="${second}",le=~"0\\\\..+"}`]];
      expect(await get('labels', both)).toEqual({
        status: 'success',
        ['data']: ['__name__', 'http.status', 'instance', 'le'],
      });
      expect(await get('label/instance/values', both)).toEqual({ status: 'success', ['data']: ['a/b c+d&e', '\u00fcber'] });
      for (const name of ['http.status', 'U__http_2e_status', 'http%2Estatus']) {
        expect(await get(`label/${name}/values`, both)).toEqual({ status: 'success', ['data']: ['2%20'] });
      }
      expect(await get('series', [...both, ['limit', '1']])).toEqual({
        status: 'success',
        ['data']: [{ __name__: first, 'http.status': '2%20', instance: 'a/b c+d&e' }],
        warnings: ['results truncated due to limit'],
      });
    }, 20_000);

    it('answers a query, and says whose API it is', async () => {
      const metric = newMetric();
      await write([series({ __name__: metric, kind: 'a b' }, [startMs, 1.5])]);
      const time = startMs / 1000;
      expect(await get('query', [['query', `${metric}{kind="a b"} + 1`], ['time', String(time)]])).toEqual({
        status: 'success',
        ['data']: { resultType: 'vector', result: [{ metric: { kind: 'a b' }, value: [time, '2.5'] }] },
      }); // oxfmt-ignore
      expect(await get('status/buildinfo')).toMatchObject({
        status: 'success',
        ['data']: { version: expect.stringMatching(/^3\./) as string },
      });
    });

    it('asks for credentials before it reads a form', async () => {
      expect(await post('labels', times, undefined)).toMatchObject({ status: 'error', errorType: 'unauthorized' });
      expect(await post('series', times, undefined)).toMatchObject({ status: 'error', errorType: 'unauthorized' });
    });
  });
}
