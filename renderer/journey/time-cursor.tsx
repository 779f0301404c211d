/** The time line's axis: where time was compressed, when it was rolled back, who did something, and the cursor. */
import { useRef } from "react";
import { duration, exactTime } from "../parts/format.ts";
import { IconUser } from "../parts/icons.ts";
import type { History } from "./history.ts";
import type { Moment } from "./moment.ts";
import classes from "./time.module.css";
import { percent } from "./time-row.tsx";
import type { TimeLineData } from "./time-rows.ts";

/** With Shift, and by Page Up and Down. */
const BIG_STEP_EVENTS = 10;

interface TimeCursorProps {
  data: TimeLineData;
  history: History;
  moment: Moment;
}

export function TimeCursor({ data, history, moment }: TimeCursorProps) {
  const track = useRef<HTMLDivElement>(null);
  const { scale } = data;
  const event = history.events[moment.seq - 1];
  const x = moment.live ? 1 : scale.x(Date.parse(event?.at ?? ""));

  const follow = (clientX: number) => {
    const box = track.current?.getBoundingClientRect();
    if (box === undefined || box.width === 0) return;
    const share = (clientX - box.left) / box.width;
    if (share >= 0.995) moment.goLive();
    else moment.goTo(seqAt(history, scale.time(share)));
  };

  const onPointerDown = (down: React.PointerEvent<HTMLDivElement>) => {
    if (down.button !== 0) return;
    down.preventDefault();
    down.currentTarget.setPointerCapture(down.pointerId);
    follow(down.clientX);
  };
  const onPointerMove = (move: React.PointerEvent<HTMLDivElement>) => {
    if (move.currentTarget.hasPointerCapture(move.pointerId)) follow(move.clientX);
  };

  const onKeyDown = (key: React.KeyboardEvent) => {
    const to = seqAfterKey(key, moment.seq, history.events.length);
    if (to === undefined) return;
    key.preventDefault();
    moment.goTo(to);
  };

  return (
    <>
      <div className={classes.under} aria-hidden>
        {data.rollbacks.map(({ from, to }) => (
          <span
            key={from}
            className={classes.rollback}
            style={{ left: percent(scale.x(from)), width: percent(scale.x(to) - scale.x(from)) }}
          />
        ))}
        {scale.breaks.map(({ from, to }) => (
          <span key={from} className={classes.break} style={{ left: percent((scale.x(from) + scale.x(to)) / 2) }} />
        ))}
      </div>
      <div className={classes.axis}>
        <span className={classes.axisLabel}>
          {moment.live ? "live" : `+${duration(Date.parse(event?.at ?? "") - scale.from)}`}
        </span>
        <div
          ref={track}
          className={classes.axisTrack}
          onPointerDown={onPointerDown}
          onPointerMove={onPointerMove}
          title="Drag to look at an earlier moment"
        >
          {scale.breaks.map(({ from, to, idle }) => (
            <span
              key={from}
              className={classes.breakMark}
              style={{ left: percent((scale.x(from) + scale.x(to)) / 2) }}
              title={`${duration(to - from)}${idle ? " idle" : ""}, drawn shorter`}
            />
          ))}
          {data.marks.map(({ seq, at, actor, did }) => (
            <span
              key={seq}
              className={classes.operator}
              style={{ left: percent(scale.x(Date.parse(at))) }}
              title={`${actor} ${did}`}
            >
              <IconUser size={12} stroke={2.4} />
            </span>
          ))}
          <div
            className={classes.knob}
            style={{ left: percent(x) }}
            role="slider"
            tabIndex={0}
            aria-label="Moment shown"
            aria-valuemin={1}
            aria-valuemax={history.events.length}
            aria-valuenow={moment.seq}
            aria-valuetext={momentInWords(history, moment)}
            onKeyDown={onKeyDown}
          />
        </div>
      </div>
      <div className={classes.over} aria-hidden data-live={moment.live || undefined}>
        <span className={classes.line} style={{ left: percent(x) }} />
        {!moment.live && <span className={classes.veil} style={{ left: percent(x) }} />}
      </div>
    </>
  );
}

function momentInWords(history: History, { seq, live }: Moment): string {
  const event = history.events[seq - 1];
  if (event === undefined) return "";
  const call = event.function === undefined ? "" : ` ${event.service}.${event.function}`;
  const where = `event ${seq} of ${history.events.length}, ${exactTime(event.at).slice(11, 23)}: ${event.type}${call}`;
  return live ? `live, ${where}` : where;
}

/** The last event at or before a time. */
function seqAt(history: History, timeMs: number): number {
  let low = 0;
  let high = history.events.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (Date.parse(history.events[middle]?.at ?? "") <= timeMs) low = middle + 1;
    else high = middle;
  }
  return Math.max(1, low);
}

function seqAfterKey(key: React.KeyboardEvent, seq: number, last: number): number | undefined {
  const step = key.shiftKey ? BIG_STEP_EVENTS : 1;
  switch (key.key) {
    case "ArrowLeft":
    case "ArrowDown":
      return seq - step;
    case "ArrowRight":
    case "ArrowUp":
      return seq + step;
    case "PageDown":
      return seq - BIG_STEP_EVENTS;
    case "PageUp":
      return seq + BIG_STEP_EVENTS;
    case "Home":
      return 1;
    case "End":
      return last;
    default:
      return undefined;
  }
}
