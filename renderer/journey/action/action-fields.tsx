import { Checkbox, Select } from "@mantine/core";
import { useId } from "react";
import type { CompiledFlow } from "../../../engine/core/flow.ts";
import type { Journey } from "../../../engine/core/journey.ts";
import { IconAlertTriangle } from "../../parts/icons.ts";
import { formatJson, JsonField, parseJson } from "../../parts/json-view.tsx";
import { useFlows } from "../../queries.ts";
import type { Offer } from "../offers.ts";
import classes from "./action.module.css";
import { type ActionForm, passedPivot, stepsRun } from "./action-form.ts";
import { ScopeField, stepLabel } from "./scope-field.tsx";

interface ActionFieldsProps {
  offer: Offer;
  form: ActionForm;
  journey: Journey;
  flow: CompiledFlow;
  /** The engine said that the pivot has passed. */
  pastPivot: boolean;
  onChange: (form: ActionForm) => void;
}

/** What can be chosen for an action. */
export function ActionFields(props: ActionFieldsProps) {
  const { offer, form, journey, flow, onChange } = props;
  switch (offer.action) {
    case "rollback":
      return (
        <>
          <ScopeField offer={offer} form={form} journey={journey} flow={flow} onChange={onChange} />
          <ForceField {...props} />
        </>
      );
    case "cancel":
      return <ForceField {...props} />;
    case "retry":
      return form.data === undefined ? null : (
        <JsonInput
          label="Data to send instead"
          hint="JSON. Only this call gets it; the journey's history keeps what was sent before."
          value={form.data}
          onChange={(data) => onChange({ ...form, data })}
          onClear={() => onChange({ ...form, data: undefined })}
        />
      );
    case "skip":
      return offer.function === undefined ? (
        <JsonInput
          label="Output"
          hint="JSON; what the steps after it get. Empty is null."
          value={form.output ?? ""}
          onChange={(output) => onChange({ ...form, output })}
        />
      ) : null;
    case "complete":
      return (
        <JsonInput
          label="What really came out"
          hint="JSON; what the steps after it get. null for nothing."
          value={form.output ?? ""}
          onChange={(output) => onChange({ ...form, output })}
        />
      );
    case "replay":
      return (
        <>
          <VersionField {...props} />
          <JsonInput
            label="Input"
            hint="JSON. As it is, it is this journey's own."
            value={form.data ?? formatJson(journey.input)}
            onChange={(data) => onChange({ ...form, data })}
          />
        </>
      );
    case "rerun":
      return (
        <>
          <Select
            label="Run again from"
            data={stepsRun(journey, flow).map((id) => ({ value: id, label: stepLabel(flow, id) }))}
            value={form.step ?? null}
            onChange={(step) => onChange({ ...form, step: step ?? undefined, data: undefined })}
            placeholder="choose a step"
            searchable
          />
          {form.step !== undefined && form.data === undefined && (
            <button
              type="button"
              className={classes.edit}
              onClick={() => onChange({ ...form, data: formatJson(journey.steps[form.step ?? ""]?.input ?? null) })}
            >
              give it other data
            </button>
          )}
          {form.data !== undefined && (
            <JsonInput
              label="Data for the step"
              hint="JSON, in place of what it would get."
              value={form.data}
              onChange={(data) => onChange({ ...form, data })}
              onClear={() => onChange({ ...form, data: undefined })}
            />
          )}
          <ForceField {...props} />
        </>
      );
    case "migrate":
      return <VersionField {...props} />;
    case "terminate":
    case "pause":
    case "resume":
      return null;
    default:
      return offer.action satisfies never;
  }
}

function ForceField({ form, journey, flow, pastPivot, onChange }: ActionFieldsProps) {
  if (!form.force && !pastPivot && !passedPivot(journey, flow)) return null;
  return (
    <div className={classes.force}>
      <p className={classes.warn} data-tone="bad">
        <IconAlertTriangle size={16} aria-hidden />
        <span>
          <b>The point of no return is behind.</b> What was done after it was not meant to be undone: other people and
          systems may rely on it already. Undo it only when you know that they can bear it.
        </span>
      </p>
      <Checkbox
        color="bad"
        label="Undo it all the same (force)"
        checked={form.force}
        onChange={(event) => onChange({ ...form, force: event.currentTarget.checked })}
      />
    </div>
  );
}

function VersionField({ offer, form, journey, onChange }: ActionFieldsProps) {
  const versions = useFlows().data?.flows.find(({ name }) => name === journey.name)?.versions ?? [];
  const newest = { value: "", label: `newest (${versions[0]?.version ?? "…"})` };
  const listed = versions.map(({ version }) => ({
    value: version,
    label: version === journey.version ? `${version} (this journey's)` : version,
  }));
  if (offer.action === "migrate" && versions.length < 2) {
    return <p className={classes.small}>There is no other version of {journey.name}.</p>;
  }
  return (
    <Select
      label="Version"
      data={offer.action === "replay" ? [newest, ...listed] : listed.filter(({ value }) => value !== journey.version)}
      value={form.version ?? (offer.action === "replay" ? "" : null)}
      onChange={(version) => onChange({ ...form, version: version === null || version === "" ? undefined : version })}
      allowDeselect={false}
    />
  );
}

interface JsonInputProps {
  label: string;
  hint: string;
  value: string;
  onChange: (text: string) => void;
  onClear?: () => void;
}

function JsonInput({ label, hint, value, onChange, onClear }: JsonInputProps) {
  const errorId = useId();
  const parsed = parseJson(value);
  return (
    <div>
      <div className={classes.inputLabel}>
        <b>{label}</b> <span className={classes.small}>{hint}</span>
        {onClear !== undefined && (
          <button type="button" className={classes.edit} onClick={onClear}>
            leave it as it is
          </button>
        )}
      </div>
      <JsonField
        label={label}
        value={value}
        onChange={onChange}
        minHeight={90}
        maxHeight={240}
        describedBy={errorId}
      />
      <p id={errorId} className={classes.invalid} aria-live="polite">
        {parsed.ok ? "" : parsed.message}
      </p>
    </div>
  );
}
