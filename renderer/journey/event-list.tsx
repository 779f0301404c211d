import { SegmentedControl, TextInput } from "@mantine/core";
import { useMemo, useState } from "react";
import type { JourneyEvent } from "../../engine/core/events.ts";
import { exactTime, plural } from "../parts/format.ts";
import { IconSearch } from "../parts/icons.ts";
import { JsonView } from "../parts/json-view.tsx";
import classes from "./event-list.module.css";
import { type EventKind, kindOf, summaryOf, textOf, toneOf } from "./event-words.ts";
import { JsonText } from "./json-text.tsx";
import type { Moment } from "./moment.ts";
import { RecordLink } from "./record-link.tsx";

interface EventListProps {
  events: readonly JourneyEvent[];
  moment: Moment;
  onStep: (step: string | undefined) => void;
  /** With the choice of kinds, for the events of the whole journey. */
  kinds?: boolean;
}

/** More are shown on demand: a long history must not make the page slow. */
const PAGE_EVENTS = 150;

const KINDS: { value: EventKind | "all"; label: string }[] = [
  { value: "all", label: "All" },
  { value: "forward", label: "Forward" },
  { value: "undo", label: "Undo" },
  { value: "operator", label: "Operators" },
];

/** Events up to the shown moment, filterable; each opens to its JSON and can be gone to. */
export function EventList({ events, moment, onStep, kinds = false }: EventListProps) {
  const [query, setQuery] = useState("");
  const [kind, setKind] = useState<EventKind | "all">("all");
  const [view, setView] = useState<"list" | "json">("list");
  const [limit, setLimit] = useState(PAGE_EVENTS);
  const found = useMemo(() => {
    const words = query.toLowerCase().split(/\s+/).filter(Boolean);
    return events.filter((event) => {
      if (kind !== "all" && kindOf(event) !== kind) return false;
      if (words.length === 0) return true;
      const text = textOf(event);
      return words.every((word) => text.includes(word));
    });
  }, [events, query, kind]);
  return (
    <div className={classes.events}>
      <div className={classes.tools}>
        <TextInput
          className={classes.filter}
          aria-label="Filter events"
          placeholder="Filter: type, call, data, error"
          leftSection={<IconSearch size={14} />}
          value={query}
          onChange={(event) => setQuery(event.currentTarget.value)}
        />
        <SegmentedControl
          size="xs"
          aria-label="Show events as"
          value={view}
          onChange={setView}
          data={[
            { value: "list", label: "List" },
            { value: "json", label: "JSON" },
          ]}
        />
      </div>
      {kinds && (
        <SegmentedControl
          size="xs"
          fullWidth
          aria-label="Kind of events"
          value={kind}
          onChange={setKind}
          data={KINDS}
        />
      )}
      {found.length < events.length && (
        <p className={classes.count} role="status">
          {plural(found.length, "event")} of {events.length}
        </p>
      )}
      {view === "json" ? (
        <JsonView value={found} label="Events as JSON" maxHeight={560} />
      ) : (
        <ol className={classes.list} aria-label="Events">
          {found.slice(0, limit).map((event) => (
            <EventRow
              key={event.seq}
              event={event}
              current={!moment.live && event.seq === moment.seq}
              onGo={moment.goTo}
              onStep={onStep}
            />
          ))}
        </ol>
      )}
      {view === "list" && found.length > limit && (
        <button type="button" className={classes.more} onClick={() => setLimit(limit + PAGE_EVENTS)}>
          {plural(found.length - limit, "more event")}
        </button>
      )}
    </div>
  );
}

interface EventRowProps {
  event: JourneyEvent;
  current: boolean;
  onGo: (seq: number) => void;
  onStep: (step: string | undefined) => void;
}

function EventRow({ event, current, onGo, onStep }: EventRowProps) {
  const [open, setOpen] = useState(false);
  const { seq, at, type, step, cause } = event;
  return (
    <li className={classes.row} aria-current={current || undefined}>
      <button type="button" className={classes.line} aria-expanded={open} onClick={() => setOpen(!open)}>
        <span className={classes.seq}>{seq}</span>
        <span className={classes.type} data-tone={toneOf(type)}>
          {type}
        </span>
        <time className={classes.time} dateTime={at} title={exactTime(at)}>
          {exactTime(at).slice(11, 23)}
        </time>
        <span className={classes.summary}>{summaryOf(event)}</span>
      </button>
      {open && (
        <div className={classes.open}>
          <div className={classes.links}>
            <button type="button" className={classes.link} onClick={() => onGo(seq)}>
              Show this moment
            </button>
            {step !== undefined && (
              <button type="button" className={classes.link} onClick={() => onStep(step)}>
                Show the step
              </button>
            )}
            {cause !== undefined && (
              <span>
                caused by <RecordLink position={cause} />
              </span>
            )}
          </div>
          <JsonText value={event} label={`Event ${seq}`} maxHeight={260} />
        </div>
      )}
    </li>
  );
}
