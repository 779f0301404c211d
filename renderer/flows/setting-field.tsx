/** One setting as a field: its default as placeholder, its finding below, its meaning at the foot of the panel. */
import { Autocomplete, Select, Switch, Textarea, TextInput } from "@mantine/core";
import { memo, useId } from "react";
import type { Finding } from "../../engine/core/flow.ts";
import type { SettingKind } from "../../engine/core/setting-docs.ts";
import { useFlows } from "../queries.ts";
import classes from "./designer.module.css";
import { useChecked, useDesignerScope } from "./designer-context.ts";
import { useDesigner } from "./designer-store.ts";
import { ownValue, type Settings, type Workflow } from "./document.ts";
import { setPolicy, setSetting, settingAt } from "./edit-settings.ts";
import { SETTING_LABELS, WHEN_EMPTY } from "./setting-labels.ts";

interface Field {
  kind: SettingKind;
  default?: string | number | boolean;
  unit?: string;
  choices?: readonly string[];
  doc: string;
}

interface SettingFieldProps {
  /** The step whose setting it is; undefined for the flow's policy. */
  step?: string;
  setting: string;
  /** The part of the setting: a field of a retry policy, or the predecessor of a condition. */
  part?: string;
  field: Field;
  label?: string;
  onHelp: (text: string | undefined) => void;
}

/** Drawn anew only when its own value, default or finding changes: a panel has dozens of these. */
export const SettingField = memo(function SettingField(props: SettingFieldProps) {
  const { step, setting, part, field, label, onHelp } = props;
  const { designer } = useDesignerScope();
  const helpId = useId();
  const path = part === undefined ? [setting] : [setting, part];
  const value = useDesigner(designer, ({ history }) => settingAt(settingsOf(history.present.workflow, step), path));
  const inherited = useDesigner(designer, ({ history }) =>
    step === undefined ? undefined : settingAt(history.present.workflow.policy, path),
  );
  const error = useChecked(({ findings }) => problemOf(findings, step, path));
  const placeholder = inherited === undefined ? defaultText(field, setting) : `${text(inherited)} (the flow's)`;
  const help = `${field.doc}${field.unit === undefined ? "" : ` ${upper(field.unit)}.`}`;
  const set = (next: unknown) => {
    const key = `${step ?? ""} ${path.join(".")}`;
    designer.change(
      (document) => (step === undefined ? setPolicy(document, path, next) : setSetting(document, step, path, next)),
      key,
    );
  };
  const shared = {
    label: label ?? SETTING_LABELS[part ?? setting] ?? path.join("."),
    error,
    "aria-describedby": helpId,
    onFocus: () => onHelp(help),
    onBlur: () => onHelp(undefined),
    onMouseEnter: () => onHelp(help),
    onMouseLeave: () => onHelp(undefined),
  };
  return (
    <div className={isWide(field.kind) ? classes.fieldWide : classes.field}>
      {setting === "flow" ? (
        <FlowNameInput value={value} placeholder={placeholder} set={set} shared={shared} />
      ) : (
        <FieldInput field={field} value={value} placeholder={placeholder} set={set} shared={shared} />
      )}
      <span id={helpId} className="ag-visually-hidden">
        {help}
      </span>
    </div>
  );
});

interface InputProps {
  field: Field;
  value: unknown;
  placeholder: string;
  set: (value: unknown) => void;
  shared: Record<string, unknown> & { label: string; error: string | undefined };
}

/** The flow that a built-in step runs: one that is published, or will be. */
function FlowNameInput({ value, placeholder, set, shared }: Omit<InputProps, "field">) {
  const flows = useFlows().data?.flows ?? [];
  return (
    <Autocomplete
      {...shared}
      data={flows.map(({ name }) => name)}
      value={text(value)}
      onChange={(written) => set(written || undefined)}
      placeholder={placeholder}
      spellCheck={false}
    />
  );
}

function FieldInput({ field, value, placeholder, set, shared }: InputProps) {
  switch (field.kind) {
    case "boolean":
      return (
        <Switch
          {...shared}
          checked={value === true}
          onChange={(event) => set(event.currentTarget.checked || undefined)}
        />
      );
    case "choice":
      return (
        <Select
          {...shared}
          data={[...(field.choices ?? [])]}
          value={typeof value === "string" ? value : null}
          onChange={(choice) => set(choice ?? undefined)}
          placeholder={placeholder}
          clearable
          allowDeselect={false}
        />
      );
    case "expression":
    case "conditions":
      return (
        <Textarea
          {...shared}
          value={text(value)}
          onChange={(event) => set(event.currentTarget.value || undefined)}
          placeholder={placeholder}
          autosize
          minRows={1}
          maxRows={6}
          spellCheck={false}
          classNames={{ input: "ag-mono" }}
        />
      );
    case "integer":
    case "number":
      return (
        <TextInput
          {...shared}
          inputMode="decimal"
          value={text(value)}
          onChange={(event) => set(numberOrText(event.currentTarget.value))}
          placeholder={placeholder}
        />
      );
    case "duration":
    case "moment":
    case "text":
      return (
        <TextInput
          {...shared}
          value={text(value)}
          onChange={(event) => set(event.currentTarget.value || undefined)}
          placeholder={placeholder}
          spellCheck={false}
        />
      );
    case "retry":
      return null;
    default:
      return field.kind satisfies never;
  }
}

function settingsOf(workflow: Workflow, step: string | undefined): Settings | undefined {
  return step === undefined ? workflow.policy : ownValue(workflow.steps, step);
}

/** The checker's message about this very setting, without its path. */
function problemOf(findings: readonly Finding[], step: string | undefined, path: readonly string[]) {
  const where = `${step === undefined ? "policy" : `steps.${step}`}.${path.join(".")}`;
  const found = findings.find(({ message }) => message.startsWith(`${where}:`) || message.startsWith(`${where} `));
  return found === undefined ? undefined : upper(found.message.slice(where.length).replace(/^[: ]+/, ""));
}

function isWide(kind: SettingKind): boolean {
  return kind === "expression" || kind === "conditions" || kind === "boolean" || kind === "moment";
}

function defaultText(field: Field, setting: string): string {
  if (field.kind === "boolean") return "";
  return field.default === undefined ? (WHEN_EMPTY[setting] ?? "") : String(field.default);
}

function text(value: unknown): string {
  if (value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** What isn't a number stays as written, for the checker to say so. */
function numberOrText(written: string): unknown {
  if (written.trim() === "") return undefined;
  const number = Number(written.replace(",", "."));
  return Number.isFinite(number) && !written.endsWith(".") && !written.endsWith(",") ? number : written;
}

function upper(sentence: string): string {
  return sentence.charAt(0).toUpperCase() + sentence.slice(1);
}
