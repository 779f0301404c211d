import { Button } from "@mantine/core";
import type { UseQueryResult } from "@tanstack/react-query";
import { useRef } from "react";
import type { CompiledFlow } from "../../engine/core/flow.ts";
import type { Journey } from "../../engine/core/journey.ts";
import { IconArrowsMaximize, IconFocusCentered, IconMinus, IconPlus } from "../parts/icons.ts";
import { EmptyState, ErrorState, SkeletonBlock } from "../parts/states.tsx";
import { Badge } from "../parts/status-badge.tsx";
import { useConnection } from "../stream.ts";
import { type GraphControls, JourneyGraph } from "./graph.tsx";
import classes from "./journey.module.css";
import type { Moment } from "./moment.ts";

interface GraphCardProps {
  flow: UseQueryResult<CompiledFlow>;
  journey: Journey;
  moment: Moment;
  /** The shown moment in exact form. */
  at: string;
  /** Events in all. */
  total: number;
  selected: string | undefined;
  onSelect: (id: string | undefined) => void;
}

export function GraphCard({ flow, journey, moment, at, total, selected, onSelect }: GraphCardProps) {
  const controls = useRef<GraphControls>(null);
  const lost = useConnection().kind === "lost";
  return (
    <section className={`${classes.card} ${classes.graphCard}`} aria-label="Flow">
      <div className={classes.cardHead}>
        <h2 className={classes.cardTitle}>Flow</h2>
        <span className={classes.small}>
          at {at.slice(11, 23)}, event {moment.seq} of {total}
        </span>
        {!moment.live && (
          <>
            <Badge tone="warn">not live</Badge>
            <Button size="compact-xs" onClick={moment.goLive}>
              Back to live
            </Button>
          </>
        )}
        {lost && <Badge tone="bad">not connected: may be out of date</Badge>}
        <span className={classes.grow} />
        <Legend rollingBack={journey.rollback !== undefined} />
        <span className={classes.zoom}>
          <IconButton label="Zoom out" onClick={() => controls.current?.zoomBy(1 / 1.25)} icon={IconMinus} />
          <IconButton label="Zoom in" onClick={() => controls.current?.zoomBy(1.25)} icon={IconPlus} />
          <IconButton label="Show all of it" onClick={() => controls.current?.fit()} icon={IconArrowsMaximize} />
          <IconButton
            label="Go to the step that matters"
            onClick={() => controls.current?.focus()}
            icon={IconFocusCentered}
          />
        </span>
      </div>
      <div className={classes.graphBody}>
        {flow.data !== undefined ? (
          <JourneyGraph flow={flow.data} journey={journey} selected={selected} onSelect={onSelect} ref={controls} />
        ) : flow.error !== null ? (
          <NoFlow journey={journey} query={flow} />
        ) : (
          <SkeletonBlock height="100%" />
        )}
      </div>
    </section>
  );
}

function NoFlow({ journey, query }: { journey: Journey; query: UseQueryResult<CompiledFlow> }) {
  const { error } = query;
  const code = error !== null && "code" in error ? error.code : undefined;
  if (code !== "flow_not_found") {
    return <ErrorState what="The flow can't be read." error={error} onRetry={() => void query.refetch()} />;
  }
  return (
    <EmptyState title={`${journey.name} ${journey.version} isn't known here`}>
      The graph can't be drawn and no action can be planned; the time line and the events are complete.
    </EmptyState>
  );
}

function Legend({ rollingBack }: { rollingBack: boolean }) {
  return (
    <span className={classes.legend} aria-hidden>
      <svg width="22" height="8" aria-hidden>
        <path d="M1 4H21" className={classes.legendForward} />
      </svg>
      forward
      {rollingBack && (
        <>
          <svg width="22" height="8" aria-hidden>
            <path d="M1 4H21" className={classes.legendUndo} />
          </svg>
          undo
        </>
      )}
    </span>
  );
}

function IconButton({ label, onClick, icon: Icon }: { label: string; onClick: () => void; icon: typeof IconPlus }) {
  return (
    <button type="button" className={classes.iconButton} onClick={onClick} aria-label={label} title={label}>
      <Icon size={16} />
    </button>
  );
}
