/** The journeys that a built-in step runs: the one of `journey`, or those of `each`, an element a row. */
import { SegmentedControl } from "@mantine/core";
import { useState } from "react";
import { Link } from "react-router";
import type { Element, Step } from "../../engine/core/journey.ts";
import { childUuid } from "../../engine/core/journey-ids.ts";
import { count, shortId } from "../parts/format.ts";
import type { Tone } from "../parts/status.ts";
import { Badge, JourneyStatusBadge } from "../parts/status-badge.tsx";
import { useJourney } from "../queries.ts";
import { Block } from "./block.tsx";
import classes from "./child-journeys.module.css";

interface ChildJourneysProps {
  /** Of the journey that the step belongs to. */
  parent: string;
  step: string;
  state: Step;
  attempt: number;
}

export function ChildJourneys({ parent, step, state, attempt }: ChildJourneysProps) {
  if (state.elements !== undefined) return <Elements parent={parent} step={step} elements={state.elements} />;
  return <Child uuid={childUuid(parent, step, attempt)} />;
}

function Child({ uuid }: { uuid: string }) {
  const { data: child, isPending } = useJourney(uuid);
  return (
    <Block title="The journey it runs">
      <p className={classes.child}>
        {child === undefined ? (
          <span className="ag-dim">{isPending ? "…" : "Not begun yet: "}</span>
        ) : (
          <>
            <JourneyStatusBadge status={child.status} />
            <span>
              {child.name} <span className="ag-dim">v{child.version}</span>
            </span>
          </>
        )}
        <ChildLink uuid={uuid} />
      </p>
    </Block>
  );
}

const LOOKS: Record<Element["status"], { word: string; tone: Tone }> = {
  waiting: { word: "waits", tone: "dim" },
  running: { word: "runs", tone: "run" },
  succeeded: { word: "succeeded", tone: "ok" },
  failed: { word: "failed", tone: "bad" },
};
/** So many rows are drawn; the others are a press away. */
const FIRST_ROWS = 100;

function Elements({ parent, step, elements }: { parent: string; step: string; elements: readonly Element[] }) {
  const [chosen, setChosen] = useState<Element["status"] | "all">("all");
  const [all, setAll] = useState(false);
  const numbered = elements.map((element, index) => ({ element, index }));
  const fitting = numbered.filter(({ element }) => chosen === "all" || element.status === chosen);
  const shown = all ? fitting : fitting.slice(0, FIRST_ROWS);
  const present = (["failed", "running", "waiting", "succeeded"] as const).flatMap((status) => {
    const number = elements.filter((element) => element.status === status).length;
    return number === 0 ? [] : [{ value: status, label: `${LOOKS[status].word} ${count(number)}` }];
  });
  return (
    <Block title={`Its journeys, one for each of ${count(elements.length)} elements`}>
      {present.length > 1 && (
        <SegmentedControl
          aria-label="Elements shown"
          size="xs"
          mb={6}
          value={chosen}
          onChange={(value) => setChosen(present.find((each) => each.value === value)?.value ?? "all")}
          data={[{ value: "all", label: "all" }, ...present]}
        />
      )}
      <ol className={classes.elements} aria-label="Elements">
        {shown.map(({ element, index }) => (
          <li key={index}>
            <span className={classes.index}>{index}</span>
            <Badge tone={LOOKS[element.status].tone}>{LOOKS[element.status].word}</Badge>
            <span className="ag-truncate" title={element.error?.message}>
              {element.error?.message}
            </span>
            {element.attempt !== undefined && <ChildLink uuid={childUuid(parent, step, element.attempt, index)} />}
          </li>
        ))}
      </ol>
      {shown.length < fitting.length && (
        <button type="button" className={classes.more} onClick={() => setAll(true)}>
          show all {count(fitting.length)}
        </button>
      )}
    </Block>
  );
}

function ChildLink({ uuid }: { uuid: string }) {
  return (
    <Link to={`/journeys/${uuid}`} className="ag-mono" title={uuid}>
      {shortId(uuid)}
    </Link>
  );
}
