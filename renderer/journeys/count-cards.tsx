import { Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { JourneyFilter } from "../../engine/audit/store.ts";
import type { JourneyStatus } from "../../engine/core/view.ts";
import { api } from "../api.ts";
import { count } from "../parts/format.ts";
import { ErrorStrip } from "../parts/states.tsx";
import { JOURNEY_LOOKS, JOURNEY_STATUS_ORDER, NEEDS_OPERATOR } from "../parts/status.ts";
import { keys } from "../query-keys.ts";
import classes from "./count-cards.module.css";

interface CountCardsProps {
  /** The filter without its statuses: the cards say what each status would show. */
  filter: JourneyFilter;
  chosen: readonly JourneyStatus[];
  onChoose: (status: JourneyStatus[]) => void;
}

/** How many journeys there are of each status; those that need somebody first, and loud when there are any. */
export function CountCards({ filter, chosen, onChoose }: CountCardsProps) {
  const { data, error, refetch } = useQuery({
    queryKey: keys.counts(filter),
    queryFn: ({ signal }) => api.counts(filter, signal),
    placeholderData: (before) => before,
  });
  if (data === undefined && error !== null) {
    return <ErrorStrip what="The counts can't be read." error={error} onRetry={() => void refetch()} />;
  }

  // Alone by a click; together with others with Ctrl, Cmd or Shift.
  const choose = (status: JourneyStatus, together: boolean) => {
    const isChosen = chosen.includes(status);
    if (together) onChoose(isChosen ? chosen.filter((other) => other !== status) : [...chosen, status]);
    else onChoose(isChosen && chosen.length === 1 ? [] : [status]);
  };

  return (
    <fieldset className={classes.cards}>
      <legend className="ag-visually-hidden">Journeys by status; press to filter</legend>
      {JOURNEY_STATUS_ORDER.map((status) => {
        const { word, tone, icon: Icon } = JOURNEY_LOOKS[status];
        const value = data?.[status];
        const loud = NEEDS_OPERATOR.includes(status) && value !== undefined && value > 0;
        return (
          <button
            key={status}
            type="button"
            aria-pressed={chosen.includes(status)}
            className={`${classes.card} ${classes[tone]} ${loud ? classes.loud : ""} ${value === 0 ? classes.zero : ""}`}
            onClick={(event) => choose(status, event.ctrlKey || event.metaKey || event.shiftKey)}
          >
            {value === undefined ? (
              <Skeleton height={26} width={38} mb={3} />
            ) : (
              <span className={classes.value}>{count(value)}</span>
            )}
            <span className={classes.word}>
              <Icon size={14} stroke={2.2} aria-hidden />
              {word}
            </span>
          </button>
        );
      })}
    </fieldset>
  );
}
