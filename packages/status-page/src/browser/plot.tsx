import type { ComponentChildren } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { formatNumber } from './format-number.js';
import { COLOURS, LineChart, PLAIN_LOOK, type ChartLook, type PlotLine } from './line-chart.js';

export interface PlotProps {
  readonly title: string;
  readonly description: ComponentChildren;
  /** Seconds since the Unix epoch. */
  readonly timesSeconds: readonly number[];
  readonly lines: readonly PlotLine[];
  readonly unit: string;
  readonly look?: ChartLook;
  /** Plots of one group show the same moment under the pointer. */
  readonly group?: string;
  /** It is being asked for again. */
  readonly isBusy?: boolean;
  /** What stands in the place of the lines when there are none. */
  readonly whenEmpty?: ComponentChildren;
  /** Between title and lines. */
  readonly children?: ComponentChildren;
}

const MAX_LINES = 40;
const ROWS_OF_TABLE = 12;

/** A plot with its numbers as a table, for whoever cannot see the plot. */
export function Plot({ title, description, timesSeconds, lines, unit, look = PLAIN_LOOK, group, isBusy, whenEmpty, children }: PlotProps) {
  const shown = useMemo(() => lines.slice(0, MAX_LINES), [lines]);
  const isEmpty = shown.every(({ values }) => values.every((value) => value === null));
  return (
    <figure class="plot" aria-busy={isBusy}>
      <figcaption>
        <strong>{title}</strong> <span class="quiet">{description}</span>
      </figcaption>
      {children}
      {isEmpty ? (
        <div class="canvas">{whenEmpty ?? <p class="quiet">Nothing yet.</p>}</div>
      ) : (
        <>
          <LineChart timesSeconds={timesSeconds} lines={shown} unit={unit} look={look} {...(group === undefined ? {} : { group })} />
          {!look.isBare && (
            <ul class="legend">
              {shown.map(({ label, values }, index) => (
                <li key={index}>
                  <span class={`dash colour-${index % COLOURS.length}`} aria-hidden="true" />
                  {label} <b>{formatNumber(lastOf(values), unit)}</b>
                </li>
              ))}
              {lines.length > shown.length && <li>and {lines.length - shown.length} more</li>}
            </ul>
          )}
          <Numbers title={title} timesSeconds={timesSeconds} lines={shown} unit={unit} />
        </>
      )}
    </figure>
  );
}

function Numbers({ title, timesSeconds, lines, unit }: Pick<PlotProps, 'title' | 'timesSeconds' | 'lines' | 'unit'>) {
  const [isOpen, setOpen] = useState(false);
  const from = Math.max(0, timesSeconds.length - ROWS_OF_TABLE);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        Numbers <span class="hidden">of {title}</span>
      </summary>
      {isOpen && (
        <div class="scroll" tabIndex={0} role="region" aria-label={`Numbers of ${title}`}>
          <table>
            <caption class="hidden">{title}, newest last</caption>
            <thead>
              <tr>
                <th scope="col">time</th>
                {lines.map(({ label }, index) => (
                  <th scope="col" key={index}>
                    {label}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {timesSeconds.slice(from).map((seconds, index) => (
                <tr key={seconds}>
                  <th scope="row">{new Date(seconds * 1000).toLocaleTimeString()}</th>
                  {lines.map(({ values }, line) => (
                    <td key={line}>{formatNumber(values[from + index] ?? null, unit)}</td>
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

/** The newest value that there is. */
export function lastOf(values: readonly (number | null)[]): number | null {
  return values.findLast((value) => value !== null) ?? null;
}
