import { useNow } from "./clock.ts";
import classes from "./copy.module.css";
import { useCopy } from "./copy.tsx";
import { ago, duration, exactTime, shortTime } from "./format.ts";

interface TimeProps {
  /** ISO 8601. */
  at: string;
  /** Also a button that copies the exact time. Leave it out inside rows that are links themselves. */
  copy?: boolean;
}

/** A moment in local time; exact, with the zone, on hover. */
export function Time({ at, copy = false }: TimeProps) {
  const exact = exactTime(at);
  const time = (
    <time dateTime={at} title={copy ? undefined : exact}>
      {shortTime(at)}
    </time>
  );
  return copy ? <CopyTime at={at} exact={exact} content={time} /> : time;
}

function CopyTime({ at, exact, content }: { at: string; exact: string; content: React.ReactNode }) {
  const { copied, copy } = useCopy(at);
  return (
    <button
      type="button"
      className={classes.text}
      onClick={copy}
      title={copied ? "Copied" : `${exact}\nClick to copy as ISO 8601`}
    >
      {content}
    </button>
  );
}

/** How long ago, ticking; the moment itself on hover. */
export function Ago({ at }: { at: string }) {
  const now = useNow();
  return (
    <time dateTime={at} title={exactTime(at)}>
      {ago(at, now)}
    </time>
  );
}

/** From one moment to another, or to now, ticking, while there is no end. */
export function Duration({ from, to }: { from: string; to?: string }) {
  const now = useNow(to === undefined);
  const end = to === undefined ? now : Date.parse(to);
  const ms = end - Date.parse(from);
  return <span title={`${Math.max(0, Math.round(ms)).toLocaleString("en")} ms`}>{duration(ms)}</span>;
}
