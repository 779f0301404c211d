/** Journeys as people read them on a terminal. */
import type { JourneyEvent } from "../core/events.ts";
import type { JourneyView, Preview, StepView } from "../core/view.ts";
import { brief, duration, localTime, table } from "./table.ts";

export function journeyText(journey: JourneyView): string {
  const lines = [
    `${journey.uuid}  ${journey.name} ${journey.version}  ${journey.status}`,
    `started ${localTime(journey.started_at)}${ended(journey)}`,
    `input   ${brief(journey.input, 100)}`,
  ];
  if (journey.output !== undefined) lines.push(`output  ${brief(journey.output, 100)}`);
  if (journey.error) lines.push(`error   ${errorText(journey.error)}`);
  if (journey.held) lines.push(`held    ${journey.held.step ? `at ${journey.held.step}: ` : ""}${journey.held.why}`);
  if (journey.replay_of) lines.push(`replay  of ${journey.replay_of}`);
  const { rollback } = journey;
  if (rollback) {
    const by = rollback.actor ? ` by ${rollback.actor}` : "";
    const why = rollback.reason ? `: ${rollback.reason}` : "";
    lines.push(`undo    of ${rollback.scope} (${rollback.trigger})${by}${why}`);
    if (rollback.left_standing.length > 0) lines.push(`stands  ${rollback.left_standing.join(", ")}`);
  }
  return [...lines, "", stepsTable(journey.steps)].join("\n");
}

export function stepsTable(steps: Record<string, StepView>): string {
  const rows = Object.entries(steps).flatMap(([id, step]) => [
    [
      id,
      `${step.service}.${step.function}`,
      step.status,
      String(step.attempts),
      // An undone step has ended with its undoing: how long it ran itself stands in its events alone.
      step.status === "undone" ? "" : duration(step.started_at, step.ended_at),
      step.error ? errorText(step.error) : "",
    ],
    ...Object.entries(step.undo ?? {}).map(([name, undo]) => [
      "",
      `  undo ${step.service}.${name}`,
      undo.status,
      String(undo.attempts),
      "",
      undo.error ? errorText(undo.error) : "",
    ]),
  ]);
  return table(["STEP", "CALL", "STATUS", "TRIES", "TOOK", "ERROR"], rows);
}

export function eventsTable(events: JourneyEvent[]): string {
  return table(
    ["SEQ", "AT", "EVENT", "STEP", "CALL", "WHAT"],
    events.map((event) => [
      String(event.seq),
      localTime(event.at),
      event.type,
      event.step ?? "",
      event.service && event.function ? `${event.service}.${event.function}${tries(event.attempt)}` : "",
      event.error
        ? errorText(event.error)
        : [event.actor, event.reason].filter(Boolean).join(": ") || brief(event.data),
    ]),
  );
}

/** What an action would do, in the order it would do it. */
export function previewText(preview: Preview): string {
  const lines = preview.levels.map((level, index) => {
    const calls = level.map(({ step, service, function: name }) => `${service}.${name} (${step})`).join(", ");
    return `  ${index + 1}. ${calls}`;
  });
  const text = lines.length > 0 ? ["It would send, one line after the other:", ...lines] : ["It would send nothing."];
  for (const { step, service, function: name, adds } of preview.in_flight) {
    const added = adds.map((command) => `${command.service}.${command.function}`).join(", ") || "nothing";
    text.push(`In flight: ${service}.${name} (${step}); its success would add ${added}.`);
  }
  if (preview.irreversible.length > 0) text.push(`Can't be undone: ${preview.irreversible.join(", ")}.`);
  for (const { step, service, function: called, message } of preview.refused ?? []) {
    text.push(`Refused by its schema: ${step} ${service}.${called}: ${message}`);
  }
  if (preview.left_standing.length > 0) text.push(`Stays: ${preview.left_standing.join(", ")}.`);
  text.push(`Plan ${preview.plan} at seq ${preview.seq}; give both back (--plan, --seq) to do exactly this.`);
  return text.join("\n");
}

export function errorText(error: { code?: string; message?: string }): string {
  return [error.code, error.message].filter(Boolean).join(": ");
}

function ended(journey: JourneyView): string {
  if (!journey.ended_at) return "";
  return `, ended ${localTime(journey.ended_at)}, took ${duration(journey.started_at, journey.ended_at)}`;
}

function tries(attempt: number | undefined): string {
  return attempt !== undefined && attempt > 1 ? ` #${attempt}` : "";
}
