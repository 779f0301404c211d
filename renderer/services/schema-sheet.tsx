import { Button } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useId, useState } from "react";
import type { SchemaSubject } from "../../engine/api/schemas/schema.ts";
import { api } from "../api.ts";
import { formatJson, JsonField, parseJson } from "../parts/json-view.tsx";
import { SideSheet } from "../parts/side-sheet.tsx";
import { ErrorStrip } from "../parts/states.tsx";
import { keys } from "../query-keys.ts";
import { inferSchema, type JsonSchema } from "./infer-schema.ts";
import { newestData } from "./newest-data.ts";
import classes from "./services.module.css";

interface SchemaSheetProps {
  subject: SchemaSubject;
  /** `capture (command)`. */
  name: string;
  onClose: () => void;
}

/** Registers the first schema of a function's commands or replies, or another version of it. */
export function SchemaSheet({ subject, name, onClose }: SchemaSheetProps) {
  const queries = useQueryClient();
  const errorId = useId();
  const [text, setText] = useState(() => formatJson(subject.schema ?? inferSchema([])));
  const read = readSchema(text);
  const problem = read.ok ? undefined : read.message;
  const infer = useMutation({
    mutationFn: () => newestData(subject),
    onSuccess: (values) => values.length > 0 && setText(formatJson(inferSchema(values))),
  });
  const register = useMutation({
    mutationFn: async () => {
      if (!read.ok) throw new Error(read.message);
      return api.registerSchema(subject.subject, read.schema);
    },
    onSuccess: ({ version }) => {
      void queries.invalidateQueries({ queryKey: keys.schemas });
      notifications.show({ color: "accent", title: "Schema registered", message: `${name}, version ${version}` });
      onClose();
    },
  });
  const isNew = subject.version === undefined;
  return (
    <SideSheet
      opened
      onClose={onClose}
      busy={register.isPending}
      title={isNew ? `Register a schema: ${name}` : `New version: ${name}`}
      footer={
        <>
          <Button onClick={onClose} disabled={register.isPending}>
            Cancel
          </Button>
          <Button
            variant="filled"
            loading={register.isPending}
            disabled={problem !== undefined}
            onClick={() => register.mutate()}
          >
            {isNew ? "Register" : "Register the version"}
          </Button>
        </>
      }
    >
      <p className={classes.explain}>
        From then on data that breaks it doesn't flow: such a command isn't sent and its step fails, such a reply
        counts as a failure. Subject <span className="ag-mono">{subject.subject}</span>.
      </p>
      <div>
        <Button size="compact-sm" loading={infer.isPending} onClick={() => infer.mutate()}>
          Begin with the newest data seen
        </Button>
        <span role="status" className={classes.explain}>
          {infer.data?.length === 0 && " No journey of the last ones has any."}
          {(infer.data?.length ?? 0) > 0 && " Only a start: what wasn't seen isn't in it."}
        </span>
      </div>
      {infer.error !== null && <ErrorStrip what="The newest data can't be read." error={infer.error} />}
      <JsonField
        label={`JSON Schema of ${name}`}
        value={text}
        onChange={setText}
        minHeight={220}
        maxHeight={460}
        describedBy={errorId}
      />
      <p id={errorId} className={classes.invalid} aria-live="polite">
        {problem}
      </p>
      {register.error !== null && <ErrorStrip what="Not registered." error={register.error} />}
    </SideSheet>
  );
}

function readSchema(text: string): { ok: true; schema: JsonSchema | boolean } | { ok: false; message: string } {
  const parsed = parseJson(text);
  if (!parsed.ok) return parsed;
  const { value } = parsed;
  if (typeof value === "boolean") return { ok: true, schema: value };
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { ok: false, message: "A JSON Schema is an object, or true or false." };
  }
  return { ok: true, schema: value as JsonSchema };
}
