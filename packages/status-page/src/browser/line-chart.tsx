import { useEffect, useRef, useState } from 'preact/hooks';
import UPlot from 'uplot';
import { formatNumber } from './format-number.js';

export interface PlotLine {
  readonly label: string;
  readonly values: readonly (number | null)[];
}

export interface ChartLook {
  /** Pixels. */
  readonly height: number;
  readonly lineWidth: number;
  /** Percent. */
  readonly fillOpacity: number;
  /** Each line stands on the one before it. */
  readonly isStacked: boolean;
  /** The line alone, beside a number that says what it is. */
  readonly isBare: boolean;
}

export const PLAIN_LOOK: ChartLook = { height: 200, lineWidth: 1.5, fillOpacity: 0, isStacked: false, isBare: false };

export interface LineChartProps {
  /** Seconds since the Unix epoch. */
  readonly timesSeconds: readonly number[];
  readonly lines: readonly PlotLine[];
  readonly unit: string;
  readonly look: ChartLook;
  /** Charts of one group show the same moment under the pointer. */
  readonly group?: string;
}

/** Distinct in light and dark, and for the common kinds of colour blindness: after Okabe and Ito. */
export const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#8a7f00', '#999999'];
const MAX_TOOLTIP_LINES = 10;
/** Distances of ticks that are round in KiB and MiB. */
const POWERS_OF_TWO = Array.from({ length: 60 }, (_none, power) => 2 ** (power - 10));
const DAY_SECONDS = 86_400;

/** Lines over time, without words: what stands beside it says the same as text. The pointer shows the numbers of a moment. */
export function LineChart({ timesSeconds, lines, unit, look, group }: LineChartProps) {
  const holder = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  const [pointed, setPointed] = useState<{ readonly index: number; readonly left: number }>();
  const { height, lineWidth, fillOpacity, isStacked, isBare } = look;

  useEffect(() => {
    const element = holder.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry?.contentRect.width ?? 0)));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  useEffect(() => {
    const element = holder.current;
    if (element === null || width === 0) return undefined;
    const ink = getComputedStyle(element).color;
    const axis = { stroke: ink, grid: { stroke: `color-mix(in srgb, ${ink} 15%, transparent)`, width: 1 }, ticks: { show: false } };
    const first = timesSeconds[0] ?? 0;
    const last = timesSeconds.at(-1) ?? first;
    const alpha = Math.round((fillOpacity / 100) * 255)
      .toString(16)
      .padStart(2, '0');
    const drawn = isStacked ? stacked(lines) : lines.map(({ values }) => [...values]);
    const plot = new UPlot(
      {
        width,
        height,
        legend: { show: false },
        cursor: isBare
          ? { show: false }
          : { drag: { x: false, y: false }, points: { show: false }, ...(group === undefined ? {} : { sync: { key: group } }) },
        scales: {
          // The whole range that was asked for, also where there are no values.
          x: { range: () => [first, last > first ? last : first + 1] },
          y: { range: (_self, min, max) => (min >= 0 ? [0, max > 0 ? max * 1.05 : 1] : [min * 1.05, Math.max(max * 1.05, 0)]) },
        },
        axes: isBare
          ? [{ show: false }, { show: false }]
          : [
              { ...axis, size: 32, space: 70, values: (_self, ticks) => ticks.map((tick) => timeText(tick, last - first)) },
              {
                ...axis,
                size: 70,
                ...(unit.startsWith('B') ? { incrs: POWERS_OF_TWO } : {}),
                values: (_self, ticks) => ticks.map((tick) => formatNumber(tick, unit)),
              },
            ],
        series: [
          {},
          ...lines.map(({ label }, index) => {
            const colour = COLOURS[index % COLOURS.length] ?? '#000';
            const isFilled = fillOpacity > 0 && !(isStacked && index > 0);
            return {
              label,
              stroke: colour,
              width: lineWidth,
              spanGaps: false,
              points: isBare ? { show: false } : { fill: colour, size: 4 },
              ...(isFilled ? { fill: colour + alpha } : {}),
            };
          }),
        ],
        ...(isStacked
          ? {
              bands: lines.slice(1).map((_line, index) => ({
                series: [index + 2, index + 1] as [number, number],
                fill: (COLOURS[(index + 1) % COLOURS.length] ?? '#000') + alpha,
              })),
            }
          : {}),
        hooks: {
          setCursor: [
            ({ cursor, over }) => {
              const isHere = over.matches(':hover') && typeof cursor.idx === 'number';
              setPointed(isHere ? { index: cursor.idx ?? 0, left: (cursor.left ?? 0) / Math.max(1, over.clientWidth) } : undefined);
            },
          ],
        },
      },
      [[...timesSeconds], ...drawn],
      element,
    );
    return () => {
      plot.destroy();
      setPointed(undefined);
    };
  }, [width, timesSeconds, lines, unit, height, lineWidth, fillOpacity, isStacked, isBare, group]);

  return (
    <div class="chart" aria-hidden="true">
      <div ref={holder} />
      {pointed !== undefined && <Tooltip {...pointed} timesSeconds={timesSeconds} lines={lines} unit={unit} />}
    </div>
  );
}

interface TooltipProps extends Pick<LineChartProps, 'timesSeconds' | 'lines' | 'unit'> {
  readonly index: number;
  /** From 0 at the left edge to 1 at the right. */
  readonly left: number;
}

/** The numbers of the moment under the pointer, the largest first. */
function Tooltip({ index, left, timesSeconds, lines, unit }: TooltipProps) {
  const values = lines
    .map(({ label, values: column }, line) => ({ label, value: column[index] ?? null, line }))
    .filter(({ value }) => value !== null)
    .sort((a, b) => (b.value ?? 0) - (a.value ?? 0));
  return (
    <div class={left < 0.5 ? 'tooltip right' : 'tooltip left'}>
      {new Date((timesSeconds[index] ?? 0) * 1000).toLocaleString()}
      <ul class="plain">
        {values.slice(0, MAX_TOOLTIP_LINES).map(({ label, value, line }) => (
          <li key={line}>
            <span class={`dash colour-${line % COLOURS.length}`} />
            {label} <b>{formatNumber(value, unit)}</b>
          </li>
        ))}
        {values.length > MAX_TOOLTIP_LINES && <li>and {values.length - MAX_TOOLTIP_LINES} more</li>}
      </ul>
    </div>
  );
}

/** What each line has on top of those before it. A line without a value leaves a gap and lifts none. */
function stacked(lines: readonly PlotLine[]): (number | null)[][] {
  const base: number[] = [];
  return lines.map(({ values }) =>
    values.map((value, index) => {
      if (value === null) return null;
      base[index] = (base[index] ?? 0) + value;
      return base[index];
    }),
  );
}

/** In the reader's own way to write a time; over more than two days with the date. */
function timeText(seconds: number, rangeSeconds: number): string {
  const time = new Date(seconds * 1000);
  if (rangeSeconds > 2 * DAY_SECONDS) return time.toLocaleDateString([], { month: 'short', day: 'numeric' });
  return time.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', ...(rangeSeconds < 300 ? { second: '2-digit' } : {}) });
}
