import type { ReactNode } from "react";
import type { JourneyStatus, StepStatus } from "../../engine/core/view.ts";
import { JOURNEY_LOOKS, SERVICE_LOOKS, STEP_LOOKS, type StatusLook, type Tone } from "./status.ts";
import classes from "./status-badge.module.css";

/** A status as icon, word and colour. */
export function JourneyStatusBadge({ status }: { status: JourneyStatus }) {
  return <LookBadge look={JOURNEY_LOOKS[status]} />;
}

export function StepStatusBadge({ status }: { status: StepStatus }) {
  return <LookBadge look={STEP_LOOKS[status]} />;
}

export function ServiceStatusBadge({ status }: { status: "up" | "down" | "unknown" }) {
  return <LookBadge look={SERVICE_LOOKS[status]} />;
}

function LookBadge({ look }: { look: StatusLook }) {
  const Icon = look.icon;
  return (
    <Badge tone={look.tone}>
      <Icon size={14} stroke={2.2} aria-hidden />
      {look.word}
    </Badge>
  );
}

/** A word on its colour; `tone` never says more than the word does. */
export function Badge({ tone, children, title }: { tone: Tone; children: ReactNode; title?: string }) {
  return (
    <span className={`${classes.badge} ${classes[tone]}`} title={title}>
      {children}
    </span>
  );
}
