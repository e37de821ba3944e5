import { useEffect, useRef, useState } from 'preact/hooks';
import UPlot from 'uplot';
import { formatNumber } from './format-number.js';

export interface PlotLine {
  readonly label: string;
  readonly values: readonly (number | null)[];
}

export interface PlotProps {
  readonly title: string;
  readonly description: string;
  /** Seconds since the Unix epoch. */
  readonly timesSeconds: readonly number[];
  readonly lines: readonly PlotLine[];
  readonly unit: string;
}

/** Distinct in light and dark, and for the common kinds of colour blindness: after Okabe and Ito. */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#8a7f00', '#999999'];
const MAX_LINES = 40;
const ROWS_OF_TABLE = 12;

/** A plot with its numbers as a table, for whoever cannot see the plot. */
export function Plot({ title, description, timesSeconds, lines, unit }: PlotProps) {
  const holder = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  const shown = lines.slice(0, MAX_LINES);
  const isEmpty = shown.every(({ values }) => values.every((value) => value === null));

  useEffect(() => {
    const element = holder.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry?.contentRect.width ?? 0)));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  useEffect(() => {
    const element = holder.current;
    if (element === null || width === 0 || isEmpty) return undefined;
    const ink = getComputedStyle(element).color;
    const axis = { stroke: ink, grid: { stroke: `color-mix(in srgb, ${ink} 15%, transparent)`, width: 1 }, ticks: { show: false } };
    const plot = new UPlot(
      {
        width,
        height: 200,
        legend: { show: false },
        cursor: { drag: { x: false, y: false } },
        scales: { y: { range: (_self, min, max) => (min >= 0 ? [0, max > 0 ? max * 1.05 : 1] : [min * 1.05, Math.max(max * 1.05, 0)]) } },
        axes: [axis, { ...axis, size: 64, values: (_self, ticks) => ticks.map((tick) => formatNumber(tick, unit)) }],
        series: [
          {},
          ...shown.map(({ label }, index) => ({ label, stroke: COLOURS[index % COLOURS.length] ?? '#000', width: 1.5, spanGaps: false })),
        ],
      },
      [[...timesSeconds], ...shown.map(({ values }) => [...values])],
      element,
    );
    return () => plot.destroy();
  }, [width, timesSeconds, lines]);

  return (
    <figure class="plot">
      <figcaption>
        <strong>{title}</strong> <span class="quiet">{description}</span>
      </figcaption>
      <div ref={holder} class="canvas" aria-hidden="true">
        {isEmpty && <p class="quiet">Nothing yet.</p>}
      </div>
      {!isEmpty && (
        <ul class="legend">
          {shown.map(({ label, values }, index) => (
            <li key={label}>
              <span class={`dash colour-${index % COLOURS.length}`} aria-hidden="true" />
              {label} <b>{formatNumber(lastOf(values), unit)}</b>
            </li>
          ))}
          {lines.length > shown.length && <li>and {lines.length - shown.length} more</li>}
        </ul>
      )}
      {!isEmpty && <Numbers title={title} timesSeconds={timesSeconds} lines={shown} unit={unit} />}
    </figure>
  );
}

function Numbers({ title, timesSeconds, lines, unit }: Omit<PlotProps, 'description'>) {
  const [isOpen, setOpen] = useState(false);
  const from = Math.max(0, timesSeconds.length - ROWS_OF_TABLE);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Numbers</summary>
      {isOpen && (
        <div class="scroll" tabIndex={0} role="region" aria-label={`Numbers of ${title}`}>
          <table>
            <caption class="hidden">{title}, newest last</caption>
            <thead>
              <tr>
                <th scope="col">time</th>
                {lines.map(({ label }) => (
                  <th scope="col" key={label}>
                    {label}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {timesSeconds.slice(from).map((seconds, index) => (
                <tr key={seconds}>
                  <th scope="row">{new Date(seconds * 1000).toLocaleTimeString()}</th>
                  {lines.map(({ label, values }) => (
                    <td key={label}>{formatNumber(values[from + index] ?? null, unit)}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </details>
  );
}

function lastOf(values: readonly (number | null)[]): number | null {
  for (let index = values.length - 1; index >= 0; index -= 1) {
    const value = values[index];
    if (value !== null && value !== undefined) return value;
  }
  return null;
}
