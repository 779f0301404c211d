import { Button, Textarea } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import type { TopicRecord } from "../../engine/api/schemas/record.ts";
import { api } from "../api.ts";
import { SideSheet } from "../parts/side-sheet.tsx";
import { ErrorStrip } from "../parts/states.tsx";
import { useProfile } from "../queries.ts";
import classes from "./cluster.module.css";
import { readDeadLetter } from "./dead-letter.ts";

interface ResendSheetProps {
  /** The dead letters' topic. */
  topic: string;
  letter: TopicRecord;
  onClose: () => void;
  /** Opens the form in which it can be mended first; undefined where records aren't written by hand. */
  onEdit: (() => void) | undefined;
}

/** Sends a dead letter again, as it is: to the topic it came from, with its key, bytes and headers. */
export function ResendSheet({ topic, letter, onClose, onEdit }: ResendSheetProps) {
  const prod = useProfile()?.environment === "prod";
  const [reason, setReason] = useState("");
  const dead = readDeadLetter(letter);
  const { partition, offset } = letter;
  const send = useMutation({
    mutationFn: () => api.resend(topic, { records: [{ partition, offset }], reason: reason.trim() }),
    onSuccess: ({ records }) => {
      const to = records[0]?.to;
      notifications.show({
        color: "accent",
        title: "Sent again",
        message: to === undefined ? dead.topic : `${to.topic}, partition ${to.partition}, offset ${to.offset}`,
      });
      onClose();
    },
  });
  return (
    <SideSheet
      opened
      onClose={onClose}
      busy={send.isPending}
      title={`Send again to ${dead.topic ?? "where it came from"}`}
      footer={
        <>
          {onEdit !== undefined && (
            <Button variant="subtle" onClick={onEdit} disabled={send.isPending}>
              Mend it first…
            </Button>
          )}
          <Button onClick={onClose} disabled={send.isPending}>
            Close
          </Button>
          <Button
            variant="filled"
            loading={send.isPending}
            disabled={prod && reason.trim() === ""}
            onClick={() => send.mutate()}
          >
            Send 1 record
          </Button>
        </>
      }
    >
      <div className={classes.why}>
        <b>{dead.reason}</b> {dead.message}
      </div>
      <p className={classes.explain}>
        It goes out as a new record, with its key, its bytes and its own headers. What made it a dead letter should be
        mended first, or it comes back here. The dead letter stays where it is.
      </p>
      <Textarea
        label="Reason"
        description="It stands in the activity, with your name."
        withAsterisk={prod}
        required={prod}
        autosize
        minRows={1}
        maxRows={5}
        maxLength={2000}
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
        data-autofocus
      />
      {send.error !== null && <ErrorStrip what="Not sent." error={send.error} />}
    </SideSheet>
  );
}
