/**
 * Every step and negation as one row with its attempts as bars: the outline for keyboard and screen readers, and the
 * time line. Its cursor moves the whole page to a moment of the past.
 */
import { Button } from "@mantine/core";
import { memo, useEffect, useMemo, useRef, useState } from "react";
import type { CompiledFlow } from "../../engine/core/flow.ts";
import { useNow } from "../parts/clock.ts";
import { duration, exactTime, shortTime } from "../parts/format.ts";
import type { History } from "./history.ts";
import classes from "./journey.module.css";
import type { Moment } from "./moment.ts";
import { isUnderWay } from "./step-look.ts";
import timeClasses from "./time.module.css";
import { TimeCursor } from "./time-cursor.tsx";
import { TimeRowView } from "./time-row.tsx";
import { type TimeLineData, type TimeRow, timeLine } from "./time-rows.ts";

interface TimeCardProps {
  history: History;
  flow: CompiledFlow | undefined;
  moment: Moment;
  selected: string | undefined;
  onSelect: (step: string | undefined, negation?: string) => void;
}

export function TimeCard({ history, flow, moment, selected, onSelect }: TimeCardProps) {
  const moving = isUnderWay(history.now);
  const now = useNow(moving);
  const data = useMemo(() => timeLine(history.now, history.events, flow, now), [history, flow, now]);
  const short = data.scale.to - data.scale.from < 60_000;
  const clock = (ms: number) => {
    const at = new Date(ms).toISOString();
    return short ? exactTime(at).slice(11, 23) : shortTime(at);
  };
  return (
    <section className={`${classes.card} ${timeClasses.card}`} aria-label="Steps and time">
      <div className={classes.cardHead}>
        <h2 className={classes.cardTitle}>Steps and time</h2>
        {data.idleMs > 0 && <span className={classes.small}>idle {duration(data.idleMs)} compressed</span>}
        {!moment.live && (
          <Button size="compact-xs" onClick={moment.goLive}>
            Back to live
          </Button>
        )}
        <span className={classes.grow} />
        <span className={classes.small}>
          {clock(data.scale.from)} → {moving ? "now" : clock(data.scale.to)}
        </span>
      </div>
      <Rows data={data} history={history} moment={moment} selected={selected} onSelect={onSelect} />
    </section>
  );
}

/** Pixels, as time.module.css has it. */
const ROW = 22;
/** Rows drawn above and below those in sight. */
const SPARE_ROWS = 6;
/** Up to this many rows are all drawn, whatever is in sight. */
const FEW_ROWS = 60;

interface RowsProps {
  data: TimeLineData;
  history: History;
  moment: Moment;
  selected: string | undefined;
  onSelect: TimeCardProps["onSelect"];
}

function Rows({ data, history, moment, selected, onSelect }: RowsProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const list = useRef<HTMLUListElement>(null);
  const { rows } = data;
  const [first, count] = useWindow(scroller, rows.length);
  const [focused, setFocused] = useState<string>();
  const current = focused ?? rows.find(({ step }) => step === selected)?.key ?? rows[0]?.key;

  // The chosen step is brought into sight, without moving the page around it.
  const selectedIndex = rows.findIndex(({ step }) => step === selected);
  useEffect(() => {
    const element = scroller.current;
    if (element === null || selectedIndex < 0) return;
    const top = selectedIndex * ROW;
    const height = element.clientHeight - ROW;
    if (top < element.scrollTop || top + ROW > element.scrollTop + height) {
      element.scrollTop = Math.max(0, top - height / 2);
    }
  }, [selectedIndex]);

  const onKeyDown = (event: React.KeyboardEvent) => {
    const index = rows.findIndex(({ key }) => key === current);
    const to = target(event.key, index, rows.length);
    const row = to === undefined ? undefined : rows[to];
    if (row === undefined || to === undefined) return;
    event.preventDefault();
    const element = scroller.current;
    if (element !== null && (to < first || to >= first + count)) element.scrollTop = to * ROW;
    setFocused(row.key);
    onSelect(row.step, row.negation);
    requestAnimationFrame(() => list.current?.querySelector<HTMLElement>('[tabindex="0"]')?.focus());
  };

  return (
    <div ref={scroller} className={timeClasses.scroller}>
      <div className={timeClasses.content} style={{ minHeight: (rows.length + 1) * ROW }}>
        <TimeCursor data={data} history={history} moment={moment} />
        <ul
          ref={list}
          className={timeClasses.rows}
          style={{ paddingTop: first * ROW, paddingBottom: (rows.length - first - count) * ROW }}
          aria-label="Steps"
          onKeyDown={onKeyDown}
        >
          {rows.slice(first, first + count).map((row, index) => (
            <Row
              key={row.key}
              row={row}
              data={data}
              index={first + index}
              total={rows.length}
              selected={row.step === selected}
              reachable={row.key === current}
              onSelect={onSelect}
            />
          ))}
        </ul>
      </div>
    </div>
  );
}

function target(key: string, index: number, count: number): number | undefined {
  switch (key) {
    case "ArrowDown":
      return Math.min(count - 1, index + 1);
    case "ArrowUp":
      return Math.max(0, index - 1);
    case "Home":
      return 0;
    case "End":
      return count - 1;
    default:
      return undefined;
  }
}

/** The first row drawn and how many: a flow of hundreds of steps draws those in sight. */
function useWindow(scroller: React.RefObject<HTMLDivElement | null>, total: number): [first: number, count: number] {
  const [place, setPlace] = useState({ top: 0, height: 300 });
  useEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const look = () => {
      const top = Math.floor(element.scrollTop / (ROW * 4)) * ROW * 4;
      const height = element.clientHeight;
      setPlace((before) => (before.top === top && before.height === height ? before : { top, height }));
    };
    look();
    element.addEventListener("scroll", look, { passive: true });
    const observer = new ResizeObserver(look);
    observer.observe(element);
    return () => {
      element.removeEventListener("scroll", look);
      observer.disconnect();
    };
  }, [scroller]);
  if (total <= FEW_ROWS) return [0, total];
  const first = Math.min(Math.max(0, total - 1), Math.max(0, Math.floor(place.top / ROW) - SPARE_ROWS));
  const count = Math.ceil(place.height / ROW) + 2 * SPARE_ROWS + 4;
  return [first, Math.min(count, total - first)];
}

interface RowProps {
  row: TimeRow;
  data: TimeLineData;
  index: number;
  total: number;
  selected: boolean;
  reachable: boolean;
  onSelect: TimeCardProps["onSelect"];
}

const Row = memo(function Row({ row, data, index, total, selected, reachable, onSelect }: RowProps) {
  return (
    <TimeRowView
      row={row}
      scale={data.scale}
      position={index + 1}
      total={total}
      selected={selected}
      reachable={reachable}
      onSelect={onSelect}
    />
  );
});
