import type { JourneyEvent } from "../../engine/core/events.ts";
import type { CompiledFlow } from "../../engine/core/flow.ts";
import type { Journey } from "../../engine/core/journey.ts";
import type { History } from "./history.ts";
import classes from "./journey.module.css";
import { JourneyDetails } from "./journey-details.tsx";
import type { Moment } from "./moment.ts";
import type { Offer } from "./offers.ts";
import { StepDetails } from "./step-details.tsx";

export interface DetailsProps {
  history: History;
  /** At the shown moment. */
  journey: Journey;
  /** Up to the shown moment. */
  events: readonly JourneyEvent[];
  flow: CompiledFlow | undefined;
  moment: Moment;
  selected: string | undefined;
  onSelect: (step: string | undefined) => void;
  /** Actions are allowed on this profile. */
  writable: boolean;
  onOffer: (offer: Offer) => void;
}

/** The chosen step, or the journey as a whole. */
export function Details(props: DetailsProps) {
  const { selected, journey, flow } = props;
  const known = selected !== undefined && (flow?.steps[selected] ?? journey.steps[selected]) !== undefined;
  return (
    <aside className={`${classes.card} ${classes.details}`} aria-label="Details">
      {known ? <StepDetails key={selected} {...props} step={selected} /> : <JourneyDetails {...props} />}
    </aside>
  );
}
