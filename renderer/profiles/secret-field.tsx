/** A secret: that it is set, and where it comes from; typed anew, from a variable of the environment, or forgotten. */
import { Button, Input, PasswordInput, SegmentedControl, TextInput } from "@mantine/core";
import { useId } from "react";
import type { ProfileList } from "../../engine/api/schemas/profile.ts";
import type { HeldSecret, SecretForm } from "./profile-form.ts";
import classes from "./profiles.module.css";

type KeyStore = ProfileList["key_store"];

interface SecretFieldProps {
  label: string;
  held: HeldSecret | undefined;
  keyStore: KeyStore;
  value: SecretForm;
  error: string | undefined;
  onChange: (value: SecretForm) => void;
  /** A key may lie in a file, and is many lines long where it is typed. */
  isKey?: boolean;
}

export function SecretField({ label, held, keyStore, value, error, onChange, isKey = false }: SecretFieldProps) {
  const labelId = useId();
  const first: SecretForm["from"] = isKey ? "file" : keyStore.available ? "typed" : "variable";
  if (value.from === "forgotten" || (value.from === "kept" && held !== undefined)) {
    return (
      <div className={classes.wide}>
        <Input.Label component="div" size="xs">
          {label}
        </Input.Label>
        <div className={classes.held}>
          <span>{value.from === "forgotten" ? "will be forgotten when saved" : whereHeld(held)}</span>
          <Button
            size="compact-xs"
            aria-label={`Change ${label}`}
            onClick={() => onChange({ from: first, text: held?.env ?? held?.path ?? "" })}
          >
            Change
          </Button>
          {value.from === "kept" && (
            <Button size="compact-xs" aria-label={`Forget ${label}`} onClick={() => onChange({ from: "forgotten" })}>
              Forget
            </Button>
          )}
          {value.from === "forgotten" && held !== undefined && (
            <Button size="compact-xs" onClick={() => onChange({ from: "kept" })}>
              Keep it
            </Button>
          )}
        </div>
      </div>
    );
  }
  const from = value.from === "kept" ? first : value.from;
  const text = value.from === "kept" ? "" : value.text;
  const set = (next: string) => onChange(next === "" && held === undefined ? { from: "kept" } : { from, text: next });
  return (
    <div className={classes.wide}>
      <div className={classes.secretHead}>
        <Input.Label component="div" size="xs" id={labelId}>
          {label}
        </Input.Label>
        <SegmentedControl
          aria-label={`Where the ${label.toLowerCase()} comes from`}
          size="xs"
          value={from}
          onChange={(next) => onChange({ from: sourceOf(next), text: "" })}
          data={[
            ...(isKey ? [{ value: "file", label: "file" }] : []),
            { value: "typed", label: "key store", disabled: !keyStore.available },
            { value: "variable", label: "variable" },
          ]}
        />
        {held !== undefined && (
          <Button size="compact-xs" onClick={() => onChange({ from: "kept" })}>
            Leave it as it is
          </Button>
        )}
      </div>
      {from === "typed" ? (
        <PasswordInput
          aria-labelledby={labelId}
          value={text}
          error={error}
          onChange={(event) => set(event.currentTarget.value)}
          description={isKey ? "PEM text. It goes to the system's key store." : "It goes to the system's key store."}
          autoComplete="new-password"
          inputWrapperOrder={["label", "input", "description", "error"]}
        />
      ) : (
        <TextInput
          aria-labelledby={labelId}
          value={text}
          error={error}
          onChange={(event) => set(event.currentTarget.value)}
          placeholder={from === "file" ? "/path/to/client.key" : "KAFKA_PASSWORD"}
          description={from === "file" ? "Read where the console runs, each time it connects." : VARIABLE_NOTE}
          leftSection={from === "variable" ? <span className="ag-mono">$</span> : undefined}
          spellCheck={false}
          autoComplete="off"
          inputWrapperOrder={["label", "input", "description", "error"]}
        />
      )}
    </div>
  );
}

const VARIABLE_NOTE = "The name of a variable of the environment in which the console is started.";

function sourceOf(value: string): "typed" | "variable" | "file" {
  return value === "typed" || value === "file" ? value : "variable";
}

function whereHeld(held: HeldSecret | undefined): string {
  if (held?.env !== undefined) return `from the variable ${held.env}`;
  if (held?.path !== undefined) return `from the file ${held.path}`;
  return "set, in the key store";
}
