import { Button, Modal } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { type ReactNode, useState } from "react";
import { useNavigate } from "react-router";
import { useProfile } from "../queries.ts";
import type { FlowDocument } from "./document.ts";
import { loadDraft, saveDraft } from "./draft.ts";
import classes from "./flow-list.module.css";
import { importFile, pickFile } from "./import-file.ts";

/** Imports a file as a new flow and opens it in the designer; asks first where a draft of a new flow would be lost. */
export function ImportButton({ icon }: { icon: ReactNode }) {
  const profile = useProfile();
  const navigate = useNavigate();
  const [waiting, setWaiting] = useState<FlowDocument>();

  const open = (document: FlowDocument) => {
    if (profile === undefined) return;
    const kept = saveDraft(localStorage, profile.name, undefined, { document, savedAt: new Date().toISOString() });
    if (kept) void navigate("/flows/new/draw");
    else {
      const message = "This browser's storage is full or shut. Open the designer and import the file there.";
      notifications.show({ color: "bad", title: "Nothing was imported", message, autoClose: false });
    }
  };

  const pick = async () => {
    const file = await pickFile();
    if (file === undefined || profile === undefined) return;
    const read = await importFile(file);
    if (!read.ok) {
      notifications.show({ color: "bad", title: "Nothing was imported", message: read.problem, autoClose: false });
    } else if (loadDraft(localStorage, profile.name, undefined) !== undefined) setWaiting(read.document);
    else open(read.document);
  };

  return (
    <>
      <Button leftSection={icon} disabled={profile === undefined} onClick={() => void pick()}>
        Import…
      </Button>
      <Modal
        opened={waiting !== undefined}
        onClose={() => setWaiting(undefined)}
        title="There is a draft of a new flow already"
      >
        <p>Importing {waiting?.name} takes its place.</p>
        <div className={classes.dialogFoot}>
          <Button onClick={() => setWaiting(undefined)}>Keep the draft</Button>
          <Button variant="filled" onClick={() => waiting !== undefined && open(waiting)}>
            Import in its place
          </Button>
        </div>
      </Modal>
    </>
  );
}
