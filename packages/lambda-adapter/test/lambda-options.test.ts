import { ConfigError } from '@timestream-prometheus/connector';
import { describe, expect, it } from 'vitest';
import { parseLambdaOptions } from '../src/lambda-options.js';

describe('the options of this edge', () => {
  it('have defaults', () => {
    expect(parseLambdaOptions({})).toEqual({ basePath: '', timeoutMs: 30_000, metricsNamespace: 'TimestreamPrometheusConnector' });
  });

  it('come from the environment', () => {
    const env = { base_path: '/prom/v1', timeout_in_millis: '60000', metrics_namespace: 'Prometheus/dev' };
    expect(parseLambdaOptions(env)).toEqual({ basePath: '/prom/v1', timeoutMs: 60_000, metricsNamespace: 'Prometheus/dev' });
  });

  it('switch metrics off with an empty namespace', () => {
    expect(parseLambdaOptions({ metrics_namespace: '' }).metricsNamespace).toBe('');
  });

  it.each([
    [{ base_path: 'prom' }, 'base-path'],
    [{ base_path: '/prom/' }, 'base-path'],
    [{ timeout_in_millis: '30s' }, 'timeout-in-millis'],
    [{ timeout_in_millis: '999' }, 'timeout-in-millis'],
    [{ timeout_in_millis: '900001' }, 'timeout-in-millis'],
    [{ metrics_namespace: 'AWS/Lambda' }, 'metrics-namespace'],
    [{ metrics_namespace: 'with space' }, 'metrics-namespace'],
  ])('refuse %j by name', (env, option) => {
    const act = () => parseLambdaOptions(env);
    expect(act).toThrow(ConfigError);
    expect(act).toThrow(new RegExp(`${option} must be .*\\(from the environment variable ${option.replaceAll('-', '_')}\\)`));
  });
});
