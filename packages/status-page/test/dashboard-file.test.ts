import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { momentsOf } from '../src/browser/dashboard-address.js';
import {
  DRAWN_PANEL_TYPES,
  legendOf,
  metricNamesOf,
  rowsOf,
  thresholdIndexOf,
  unitOf,
  type DashboardFile,
} from '../src/browser/dashboard-file.js';
import { labelQuestionOf, queryVariables, withVariables } from '../src/browser/dashboard-variables.js';

const file = JSON.parse(readFileSync(new URL('../../../deploy/monitoring/dashboard.json', import.meta.url), 'utf8')) as DashboardFile;
const panels = rowsOf(file).flatMap((row) => row.panels);

describe('the shipped dashboard', () => {
  it('has every panel under a row with a title, in the order of the file', () => {
    const rows = rowsOf(file);
    expect(rows[0]?.title).toBe('Is anything lost?');
    expect(rows.every(({ title }) => title !== '')).toBe(true);
    expect(panels.length + rows.length).toBe(file.panels.length);
  });

  it('uses no kind of panel, unit, calculation or way to draw that this page does not draw', () => {
    for (const panel of panels) {
      expect([...DRAWN_PANEL_TYPES], panel.title).toContain(panel.type);
      expect(['/s', 'req/s', 's', 'B/s', 'B', ''], panel.title).toContain(unitOf(panel));
      const { defaults } = panel.fieldConfig ?? {};
      // What stands in the file beyond these names would be left out without a word.
      expect(['unit', 'min', 'thresholds', 'color', 'custom'], panel.title).toEqual(expect.arrayContaining(Object.keys(defaults ?? {})));
      expect(defaults, panel.title).toMatchObject({ min: 0 });
      for (const [name, value] of Object.entries(defaults?.custom ?? {})) {
        const drawn: Readonly<Record<string, readonly unknown[]>> = {
          drawStyle: ['line'],
          showPoints: ['never'],
          spanNulls: [false],
          stacking: [{ mode: 'none' }, { mode: 'normal' }],
        };
        if (typeof value !== 'number') expect(drawn[name], `${panel.title}: ${name}`).toContainEqual(value);
      }
      if (panel.type === 'stat') expect(panel.options?.reduceOptions?.calcs).toEqual(['lastNotNull']);
      else expect(defaults?.thresholds?.steps, panel.title).toHaveLength(1);
    }
  });

  it('has only expressions whose variables are known, and whose metrics are found by their names', () => {
    const { intervals } = momentsOf(0, { rangeSeconds: 3_600, scrapeSeconds: 15 });
    for (const { expr } of panels.flatMap(({ targets = [] }) => targets)) {
      expect(withVariables(expr, queryVariables(file.templating.list), {}, intervals)).not.toContain('$');
      expect(metricNamesOf(expr).length).toBeGreaterThan(0);
      for (const name of metricNamesOf(expr)) expect(name).toMatch(/^(timestream_connector|process)_/);
    }
  });

  it('has only variables that this page can ask for', () => {
    expect(queryVariables(file.templating.list).map(labelQuestionOf)).toEqual([
      { selector: 'timestream_connector_open_storages', label: 'job' },
      { selector: 'timestream_connector_open_storages{job=~"$job"}', label: 'instance' },
    ]);
    const foreign = { name: 'x', type: 'query', query: 'query_result(up)' };
    expect(() => labelQuestionOf(foreign)).toThrow('the variable x asks for query_result(up), which this page cannot ask');
  });
});

describe('what a file of the dashboard means', () => {
  it('puts panels above the first row in a row without a title', () => {
    const panel = { id: 1, type: 'stat', title: 'a', gridPos: { h: 8, w: 6, x: 0, y: 0 } };
    expect(rowsOf({ panels: [panel, { ...panel, id: 2, type: 'row', title: 'r', collapsed: true }] })).toEqual([
      { title: '', collapsed: false, panels: [panel] },
      { title: 'r', collapsed: true, panels: [] },
    ]);
  });

  it('puts labels in a legend, and nothing for one that a series lacks', () => {
    expect(legendOf('{{status}} {{ error }}', { status: '204' })).toBe('204');
    expect(legendOf('refused: {{reason}}', { reason: 'invalid' })).toBe('refused: invalid');
  });

  it('finds the highest threshold that a value has reached', () => {
    const steps = [
      { color: 'green', value: null },
      { color: 'red', value: 5 },
    ];
    expect([-1, 4.9, 5, 6].map((value) => thresholdIndexOf(steps, value))).toEqual([0, 0, 1, 1]);
    expect(thresholdIndexOf([], 1)).toBe(0);
  });
});
