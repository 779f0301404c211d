import { useElementSize } from "@mantine/hooks";
import { useId, useState } from "react";
import { shortTime } from "../parts/format.ts";
import classes from "./charts.module.css";

export interface Series {
  name: string;
  tone: "calls" | "failed" | "latency";
  /** One value a bucket; undefined where there is none. */
  values: readonly (number | undefined)[];
}

interface TimeChartProps {
  /** What it shows, for screen readers. */
  label: string;
  /** When each bucket begins, ISO 8601. */
  times: readonly string[];
  /** Bars stand in front of each other, the first at the back. */
  series: readonly Series[];
  kind: "bars" | "line";
  /** Writes a value of the axis and of the tip. */
  format: (value: number) => string;
}

/** Until the place it has is known. */
const FIRST_WIDTH = 480;
const HEIGHT = 150;
const LEFT = 52;
const BOTTOM = 20;
const TOP = 8;

/** A small chart over time. The bucket under the pointer is read out below it. */
export function TimeChart({ label, times, series, kind, format }: TimeChartProps) {
  const id = useId();
  const [at, setAt] = useState<number | undefined>(undefined);
  const { ref, width: measured } = useElementSize<HTMLElement>();
  const width = measured === 0 ? FIRST_WIDTH : measured;
  const most = niceCeiling(Math.max(0, ...series.flatMap(({ values }) => values.map((value) => value ?? 0))));
  const step = (width - LEFT) / Math.max(1, times.length);
  const y = (value: number) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / most);
  const shown = at === undefined ? undefined : times[at];
  return (
    <figure ref={ref} className={classes.figure} aria-labelledby={id}>
      <figcaption id={id} className="ag-visually-hidden">
        {label}
      </figcaption>
      <svg
        viewBox={`0 0 ${width} ${HEIGHT}`}
        className={classes.chart}
        role="img"
        aria-label={label}
        onPointerLeave={() => setAt(undefined)}
        onPointerMove={(event) => {
          const box = event.currentTarget.getBoundingClientRect();
          const x = event.clientX - box.left - LEFT;
          const index = Math.floor(x / step);
          setAt(index >= 0 && index < times.length ? index : undefined);
        }}
      >
        {[0, most / 2, most].map((value) => (
          <g key={value}>
            <line x1={LEFT} x2={width} y1={y(value)} y2={y(value)} className={classes.base} />
            <text x={LEFT - 8} y={y(value) + 4} textAnchor="end" className={classes.axis}>
              {format(value)}
            </text>
          </g>
        ))}
        {axisTimes(times).map(({ time, index, anchor }) => (
          <text
            key={anchor}
            x={LEFT + step * (index + 0.5)}
            y={HEIGHT - 5}
            textAnchor={anchor}
            className={classes.axis}
          >
            {shortTime(time)}
          </text>
        ))}
        {series.map(({ name, tone, values }) =>
          kind === "bars" ? (
            <g key={name} className={classes[tone]}>
              {values.map((value, index) =>
                value === undefined || value === 0 ? null : (
                  <rect
                    // biome-ignore lint/suspicious/noArrayIndexKey: a bucket is known by its place
                    key={index}
                    x={LEFT + step * index + step * 0.12}
                    y={y(value)}
                    width={step * 0.76}
                    height={Math.max(1, y(0) - y(value))}
                  />
                ),
              )}
            </g>
          ) : (
            <g key={name} className={classes.line}>
              <path d={linePath(values, step, y)} />
              {values.map((value, index) =>
                value === undefined || !isAlone(values, index) ? null : (
                  // biome-ignore lint/suspicious/noArrayIndexKey: a bucket is known by its place
                  <circle key={index} cx={LEFT + step * (index + 0.5)} cy={y(value)} r={2.5} />
                ),
              )}
            </g>
          ),
        )}
        {at !== undefined && (
          <line
            x1={LEFT + step * (at + 0.5)}
            x2={LEFT + step * (at + 0.5)}
            y1={TOP}
            y2={y(0)}
            className={classes.cursor}
          />
        )}
      </svg>
      <div className={classes.tip}>
        {shown === undefined || at === undefined
          ? "\u00a0"
          : `${shortTime(shown)}: ${series
              .map(({ name, values }) => {
                const value = values[at];
                return `${name} ${value === undefined ? "none" : format(value)}`;
              })
              .join(", ")}`}
      </div>
    </figure>
  );
}

/** The first, the middle and the last moment. */
function axisTimes(times: readonly string[]) {
  const places = [
    { index: 0, anchor: "start" },
    { index: Math.floor(times.length / 2), anchor: "middle" },
    { index: times.length - 1, anchor: "end" },
  ] as const;
  return places.flatMap((place) => {
    const time = times[place.index];
    return time === undefined ? [] : [{ ...place, time }];
  });
}

/** A value between two gaps, which a line can't show. */
function isAlone(values: readonly (number | undefined)[], index: number): boolean {
  return values[index - 1] === undefined && values[index + 1] === undefined;
}

/** The line with a gap where a bucket has no value. */
function linePath(values: readonly (number | undefined)[], step: number, y: (value: number) => number): string {
  let path = "";
  let drawing = false;
  for (const [index, value] of values.entries()) {
    if (value === undefined) {
      drawing = false;
      continue;
    }
    const x = (LEFT + step * (index + 0.5)).toFixed(1);
    path += drawing ? `L${x} ${y(value).toFixed(1)}` : `M${x} ${y(value).toFixed(1)}`;
    drawing = true;
  }
  return path;
}

/** The next 1, 2, 4, 5 or 10 times a power of ten: an axis with readable numbers. */
export function niceCeiling(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const factor = [1, 2, 4, 5, 10].find((nice) => nice * power >= value) ?? 10;
  return factor * power;
}
