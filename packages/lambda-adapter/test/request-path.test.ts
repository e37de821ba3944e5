import { describe, expect, it } from 'vitest';
import { pathBelowStage, pathOfRoute } from '../src/request-path.js';

describe('pathOfRoute', () => {
  it.each([
    ['/write', undefined, '/write'],
    ['/{proxy+}', { proxy: 'api/v1/write' }, '/api/v1/write'],
    ['/prom/{proxy+}', { proxy: 'read' }, '/prom/read'],
    ['/{tenant}/{proxy+}', { tenant: 'a', proxy: 'read' }, '/a/read'],
    ['/{proxy+}', {}, undefined],
    ['/{proxy+}', null, undefined],
    ['$default', undefined, undefined],
    ['/$default', undefined, undefined],
  ])('of %s with %j is %s', (route, parameters, expected) => {
    expect(pathOfRoute(route, parameters)).toBe(expected);
  });

  it('leaves a parameter alone that looks like a replacement pattern', () => {
    expect(pathOfRoute('/{proxy+}', { proxy: '$&' })).toBe('/$&');
  });
});

describe('pathBelowStage', () => {
  it.each([
    ['dev', '/dev/write', '/write'],
    ['dev', '/device/write', '/device/write'],
    ['dev', '/dev', '/'],
    ['dev', '/write', '/write'],
    ['', '/write', '/write'],
    [undefined, '/write', '/write'],
    [null, '/write', '/write'],
    ['$default', '/$default/write', '/$default/write'],
    ['a/b', '/a/b/api/v1/read', '/api/v1/read'],
    ['write', '/write/read', '/read'],
  ])('at the stage %s: %s is %s', (stage, path, expected) => {
    expect(pathBelowStage(stage, path)).toBe(expected);
  });
});
