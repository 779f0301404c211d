/** The dry run: the commands level by level, what a late success would add, what stays and what can't be undone. */
import { useState } from "react";
import type { CompiledFlow } from "../../../engine/core/flow.ts";
import type { Journey } from "../../../engine/core/journey.ts";
import type { PlannedCommand, Preview, StepStatus } from "../../../engine/core/view.ts";
import { IconAlertTriangle, IconArrowBackUp, IconSend } from "../../parts/icons.ts";
import { jsonLine } from "../../parts/json-view.tsx";
import { STEP_LOOKS } from "../../parts/status.ts";
import { JsonText } from "../json-text.tsx";
import { stepName } from "../step-name.ts";
import { joinWords } from "../words.ts";
import classes from "./action.module.css";
import { callName, commandName } from "./texts.ts";

interface PlanViewProps {
  preview: Preview;
  journey: Journey;
  flow: CompiledFlow;
  /** Once it was sent: each command shows how it stands. */
  following: boolean;
  /** Opens the field for the first command's data. */
  onEdit?: () => void;
}

export function PlanView({ preview, journey, flow, following, onEdit }: PlanViewProps) {
  const { levels, irreversible, left_standing, in_flight, refused = [] } = preview;
  const name = (id: string): string => {
    return stepName(id, flow.steps[id] ?? journey.steps[id]);
  };
  const list = (ids: string[]): string => joinWords(ids.map(name)).join("");
  const undone = alreadyUndone(journey);
  return (
    <>
      {levels.length === 0 ? (
        <p className={classes.nothing}>No commands are sent.</p>
      ) : (
        <ol className={classes.levels} aria-label="Commands, level by level">
          {levels.map((level, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a level is known by its place
            <li key={index} className={classes.level}>
              <span className={classes.number} aria-hidden>
                {index + 1}
              </span>
              <ul aria-label={`Level ${index + 1}`}>
                {level.map((command) => (
                  <Command
                    key={`${command.step} ${command.function}`}
                    command={command}
                    undo={command.function !== flow.steps[command.step]?.function}
                    status={following ? statusOf(command, journey, flow) : undefined}
                    onEdit={index === 0 ? onEdit : undefined}
                  />
                ))}
              </ul>
            </li>
          ))}
        </ol>
      )}
      {levels.length > 1 && (
        <p className={classes.small}>Each level goes out once all of the one before it has succeeded.</p>
      )}
      {irreversible.length > 0 && (
        <p className={classes.warn} data-tone="bad">
          <IconAlertTriangle size={16} aria-hidden />
          <span>
            Can't be undone: <b>{list(irreversible)}</b>. It stays as it is.
          </span>
        </p>
      )}
      {in_flight.map(({ step, adds }) => (
        <p key={step} className={classes.warn}>
          <IconAlertTriangle size={16} aria-hidden />
          <span>
            <b>{name(step)}</b> is still in flight and is waited for.{" "}
            {adds.length === 0
              ? "Its success would add nothing."
              : `If it succeeds, ${joinWords(adds.map(callName)).join("")} ${adds.length === 1 ? "is" : "are"} sent too, in its place.`}
          </span>
        </p>
      ))}
      <ul className={classes.notes}>
        {undone.length > 0 && <li>Already undone: {joinWords(undone).join("")}.</li>}
        {refused.map(({ step, service, function: called, message }) => (
          <li key={`${step} ${called}`}>
            Refused by its schema: {service}.{called} of {step}: {message}
          </li>
        ))}
        {left_standing.length > 0 && <li>Stays as it is: {list(left_standing)}.</li>}
      </ul>
    </>
  );
}

interface CommandProps {
  command: PlannedCommand;
  undo: boolean;
  status: StepStatus | undefined;
  onEdit: (() => void) | undefined;
}

function Command({ command, undo, status, onEdit }: CommandProps) {
  const [open, setOpen] = useState(false);
  const look = status === undefined ? undefined : STEP_LOOKS[status];
  const Icon = look?.icon ?? (undo ? IconArrowBackUp : IconSend);
  const name = commandName(command);
  return (
    <li className={classes.command} data-tone={look === undefined ? (undo ? "undo" : "run") : look.tone}>
      <div className={classes.line}>
        <span className={classes.sign}>
          <Icon size={15} stroke={2.2} aria-hidden />
        </span>
        <b className={classes.call}>{name}</b>
        <button
          type="button"
          className={`${classes.data} ag-mono`}
          aria-expanded={open}
          onClick={() => setOpen(!open)}
          title="Show the data"
        >
          <span className="ag-visually-hidden">{`Data of ${name}: `}</span>
          {jsonLine(command.data, 80)}
        </button>
        {look !== undefined && <span className={classes.stands}>{look.word}</span>}
        {onEdit !== undefined && status === undefined && (
          <button type="button" className={classes.edit} onClick={onEdit}>
            edit data
          </button>
        )}
      </div>
      {open && <JsonText value={command.data} label={`Data for ${name}`} maxHeight={220} />}
    </li>
  );
}

/** How a sent command stands. */
function statusOf(command: PlannedCommand, journey: Journey, flow: CompiledFlow): StepStatus {
  const step = journey.steps[command.step];
  if (command.function === flow.steps[command.step]?.function) return step?.status ?? "waiting";
  const status = step?.undo?.[command.function]?.status ?? "waiting";
  return status === "succeeded" ? "undone" : status;
}

/** Negations of a rollback under way that have succeeded. */
function alreadyUndone(journey: Journey): string[] {
  if (journey.rollback === undefined || journey.rollback.endedAt !== undefined) return [];
  return Object.values(journey.steps).flatMap(({ service, undo }) =>
    Object.entries(undo ?? {}).flatMap(([name, { status }]) =>
      status === "succeeded" ? [`${service}.${name}`] : [],
    ),
  );
}
