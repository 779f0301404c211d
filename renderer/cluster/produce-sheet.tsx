import { Button, TextInput } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation } from "@tanstack/react-query";
import { useId, useState } from "react";
import type { TopicRecord } from "../../engine/api/schemas/record.ts";
import { api } from "../api.ts";
import { formatJson, JsonField, parseJson } from "../parts/json-view.tsx";
import { SideSheet } from "../parts/side-sheet.tsx";
import { ErrorStrip } from "../parts/states.tsx";
import classes from "./cluster.module.css";
import { originalHeaders, readDeadLetter } from "./dead-letter.ts";

interface ProduceSheetProps {
  /** The topic of the page. */
  topic: string;
  /** A dead letter that is to be sent again, as a new record of the topic it came from. */
  template: TopicRecord | undefined;
  onClose: () => void;
}

/** Produces one record by hand; a dead letter can be mended before it goes out again. */
export function ProduceSheet({ topic, template, onClose }: ProduceSheetProps) {
  const target = (template === undefined ? undefined : readDeadLetter(template).topic) ?? topic;
  const errorId = useId();
  const [key, setKey] = useState(template?.key ?? "");
  const [value, setValue] = useState(() => pretty(template?.value));
  const [headers, setHeaders] = useState(() => formatJson(template === undefined ? {} : originalHeaders(template)));
  const parsedValue = parseJson(value);
  const parsedHeaders = readHeaders(headers);
  const problem = parsedHeaders.ok ? undefined : parsedHeaders.message;
  const send = useMutation({
    mutationFn: async () => {
      if (!parsedHeaders.ok) throw new Error(parsedHeaders.message);
      return api.produce(target, {
        key: key === "" ? null : key,
        // Text that isn't JSON goes out as it is: the topic's readers decide what it is worth.
        value: parsedValue.ok ? parsedValue.value : value,
        headers: parsedHeaders.headers,
      });
    },
    onSuccess: ({ records }) => {
      const at = records[0];
      notifications.show({
        color: "accent",
        title: "Record written",
        message: at === undefined ? target : `${at.topic}, partition ${at.partition}, offset ${at.offset}`,
      });
      onClose();
    },
  });

  return (
    <SideSheet
      opened
      onClose={onClose}
      busy={send.isPending}
      title={template === undefined ? `Produce a record to ${target}` : `Mend and send to ${target}`}
      footer={
        <>
          <Button onClick={onClose} disabled={send.isPending}>
            Cancel
          </Button>
          <Button
            variant="filled"
            loading={send.isPending}
            disabled={problem !== undefined || value.trim() === ""}
            onClick={() => send.mutate()}
          >
            Write the record
          </Button>
        </>
      }
    >
      {template !== undefined && (
        <p className={classes.explain}>
          It goes out as a new record. The dead letter stays where it is, as the record of what happened.
        </p>
      )}
      <TextInput
        label="Key"
        description="Chooses the partition; for journeys their uuid. Empty: none."
        value={key}
        onChange={(event) => setKey(event.currentTarget.value)}
        data-autofocus
      />
      <div>
        <div className={classes.label}>Value</div>
        <JsonField label="Value of the record" value={value} onChange={setValue} minHeight={160} maxHeight={360} />
        <p className={classes.hint}>
          {value.trim() !== "" && !parsedValue.ok ? "Not JSON: it goes out as the plain text it is." : "JSON"}
        </p>
      </div>
      <div>
        <div className={classes.label}>Headers</div>
        <JsonField
          label="Headers of the record"
          value={headers}
          onChange={setHeaders}
          minHeight={40}
          maxHeight={160}
          describedBy={errorId}
        />
        <p id={errorId} className={classes.invalid} aria-live="polite">
          {problem}
        </p>
      </div>
      {send.error !== null && <ErrorStrip what="Not written." error={send.error} />}
    </SideSheet>
  );
}

/** JSON is laid out to be read; anything else stays as it is. */
function pretty(value: string | null | undefined): string {
  if (value === null || value === undefined) return "";
  const parsed = parseJson(value);
  return parsed.ok ? formatJson(parsed.value) : value;
}

function readHeaders(text: string): { ok: true; headers: Record<string, string> } | { ok: false; message: string } {
  const parsed = parseJson(text);
  if (!parsed.ok) return parsed;
  const value = parsed.value ?? {};
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { ok: false, message: "Headers are an object of names and texts." };
  }
  const headers: Record<string, string> = {};
  for (const [name, content] of Object.entries(value)) {
    if (typeof content !== "string") return { ok: false, message: `The header ${name} must be a text.` };
    headers[name] = content;
  }
  return { ok: true, headers };
}
