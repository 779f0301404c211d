/** One setting as a field: its default as placeholder, its finding below, its meaning at the foot of the panel. */
import { Select, Switch, Textarea, TextInput } from "@mantine/core";
import { useId } from "react";
import type { Finding } from "../../engine/core/flow.ts";
import type { SettingKind } from "../../engine/core/setting-docs.ts";
import classes from "./designer.module.css";
import { useDesignerScope } from "./designer-context.ts";
import { useDesigner } from "./designer-store.ts";
import { ownValue, type Settings } from "./document.ts";
import { setPolicy, setSetting, settingAt } from "./edit-settings.ts";
import { SETTING_LABELS } from "./setting-labels.ts";

/** Whose settings a panel shows: one step's, or the flow's policy. */
export type SettingScope = { step: string } | "policy";

interface Field {
  kind: SettingKind;
  default?: string | number | boolean;
  unit?: string;
  choices?: readonly string[];
  doc: string;
}

interface SettingFieldProps {
  scope: SettingScope;
  /** For instance ["retry", "maximumAttempts"]. */
  path: readonly string[];
  field: Field;
  label?: string;
  onHelp: (text: string | undefined) => void;
}

export function SettingField({ scope, path, field, label, onHelp }: SettingFieldProps) {
  const { designer, checked } = useDesignerScope();
  const { own, policy } = useSettings(scope);
  const helpId = useId();
  const value = settingAt(own, path);
  const name = label ?? SETTING_LABELS[path.at(-1) ?? ""] ?? path.join(".");
  const error = problemOf(checked.findings, scope, path);
  const fallback = scope === "policy" ? undefined : settingAt(policy, path);
  const placeholder = fallback === undefined ? defaultText(field) : `${text(fallback)} (the flow's)`;
  const help = `${field.doc}${field.unit === undefined ? "" : ` ${upper(field.unit)}.`}`;
  const set = (next: unknown) => {
    const key = `${scope === "policy" ? "policy" : `step ${scope.step}`} ${path.join(".")}`;
    designer.change(
      (document) =>
        scope === "policy" ? setPolicy(document, path, next) : setSetting(document, scope.step, path, next),
      key,
    );
  };
  const shared = {
    label: name,
    error,
    "aria-describedby": helpId,
    onFocus: () => onHelp(help),
    onBlur: () => onHelp(undefined),
    onMouseEnter: () => onHelp(help),
    onMouseLeave: () => onHelp(undefined),
  };
  return (
    <div className={isWide(field.kind) ? classes.fieldWide : classes.field}>
      <FieldInput field={field} value={value} placeholder={placeholder} set={set} shared={shared} />
      <span id={helpId} className="ag-visually-hidden">
        {help}
      </span>
    </div>
  );
}

interface InputProps {
  field: Field;
  value: unknown;
  placeholder: string;
  set: (value: unknown) => void;
  shared: Record<string, unknown> & { label: string; error: string | undefined };
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

/** The settings that the scope has of its own, and the flow's policy behind them. */
export function useSettings(scope: SettingScope): { own: Settings | undefined; policy: Settings | undefined } {
  const { designer } = useDesignerScope();
  const workflow = useDesigner(designer, (state) => state.history.present.workflow);
  const own = scope === "policy" ? workflow.policy : ownValue(workflow.steps, scope.step);
  return { own, policy: workflow.policy };
}

/** The checker's message about this very setting, without its path. */
export function problemOf(
  findings: readonly Finding[],
  scope: SettingScope,
  path: readonly string[],
): string | undefined {
  const where = `${scope === "policy" ? "policy" : `steps.${scope.step}`}.${path.join(".")}`;
  const found = findings.find(({ message }) => message.startsWith(`${where}:`) || message.startsWith(`${where} `));
  return found === undefined ? undefined : upper(found.message.slice(where.length).replace(/^[: ]+/, ""));
}

function isWide(kind: SettingKind): boolean {
  return kind === "expression" || kind === "conditions" || kind === "boolean" || kind === "moment";
}

function defaultText(field: Field): string {
  return field.default === undefined || field.kind === "boolean" ? "" : String(field.default);
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
