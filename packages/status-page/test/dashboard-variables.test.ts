import { describe, expect, it } from 'vitest';
import { withVariables } from '../src/browser/dashboard-variables.js';

const variables = [
  { name: 'job', type: 'query', query: '', allValue: '.+' },
  { name: 'job_of', type: 'query', query: '' },
];
const resolve = (text: string, chosen: Record<string, string[]> = {}): string => withVariables(text, variables, chosen, { __interval: 15 });

describe('variables in an expression', () => {
  it('stand for everything when nothing is chosen', () => {
    expect(resolve('up{job=~"$job", of=~"$job_of"}')).toBe('up{job=~".+", of=~".*"}');
  });

  it('stand for the value that is chosen, or for any of several', () => {
    expect(resolve('up{job=~"${job}"}', { job: ['a'] })).toBe('up{job=~"a"}');
    expect(resolve('up{job=~"$job"}', { job: ['a', 'b'] })).toBe('up{job=~"(a|b)"}');
  });

  it('match a value with signs of regular expressions or quotes as it is, and nothing else', () => {
    expect(resolve('up{job=~"$job"}', { job: ['127.0.0.1:9201'] })).toBe(String.raw`up{job=~"127\\.0\\.0\\.1:9201"}`);
    expect(resolve('up{job=~"$job"}', { job: ['a"} or up{b="\\\n'] })).toBe(String.raw`up{job=~"a\"\\} or up\\{b=\"\\\\\n"}`);
    expect(resolve('up{job=~"$job"}', { job: ['$job_of'] })).toBe(String.raw`up{job=~"\\$job_of"}`);
  });

  it('are durations where they name an interval, and stay where nobody knows them', () => {
    expect(resolve('rate(up[$__interval]) + $unknown')).toBe('rate(up[15s]) + $unknown');
  });
});
