import { describe, expect, it } from 'vitest';
import { completionsAt } from '../src/browser/completions.js';

const metrics = ['up', 'node_cpu_seconds_total', 'node_load1'];
const labels = ['instance', 'job', 'mode'];
const textsAt = (expression: string): string[] => completionsAt(expression, expression.length, metrics, labels).map(({ text }) => text);

describe('completion of PromQL', () => {
  it('offers metrics that hold what was typed, those that begin with it first', () => {
    expect(textsAt('node')).toEqual(['node_cpu_seconds_total', 'node_load1']);
    expect(textsAt('load')).toEqual(['node_load1']);
  });

  it('offers functions beside metrics', () => {
    expect(textsAt('ra')).toContain('rate');
  });

  it('offers labels within braces and within a grouping', () => {
    expect(textsAt('up{jo')).toEqual(['job']);
    expect(textsAt('sum by (mo')).toEqual(['mode']);
    expect(textsAt('up{job="a"} + no')).toEqual(['node_cpu_seconds_total', 'node_load1']);
  });

  it('offers nothing within a text, and nothing for a word that is complete', () => {
    expect(textsAt('up{job="no')).toEqual([]);
    expect(textsAt('up{job="a\\"no')).toEqual([]);
    expect(textsAt('')).toEqual([]);
    expect(textsAt('node_load1')).toEqual([]);
  });

  it('says which part of the expression it replaces', () => {
    expect(completionsAt('sum(up) + lo', 12, metrics, labels)[0]).toMatchObject({ start: 10, end: 12, text: 'node_load1' });
  });
});
