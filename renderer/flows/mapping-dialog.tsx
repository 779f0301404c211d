/** Says which calls node types mean that name none by themselves; writes the flow's `types`. */
import { Autocomplete, Button, Modal } from "@mantine/core";
import { useState } from "react";
import { plural } from "../parts/format.ts";
import classes from "./designer.module.css";
import { useDesignerScope } from "./designer-context.ts";
import { useDesigner } from "./designer-store.ts";
import { callOf, type FlowDocument, ownValue } from "./document.ts";
import { mapType } from "./edit-settings.ts";
import { unknownTypesOf } from "./import-flow.ts";

export function MappingDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    <Modal opened={opened} onClose={onClose} title="What node types mean" size="lg">
      {opened && <MappingForm onClose={onClose} />}
    </Modal>
  );
}

function MappingForm({ onClose }: { onClose: () => void }) {
  const { designer, catalogue } = useDesignerScope();
  const document = useDesigner(designer, (state) => state.history.present);
  const [types] = useState(() => typesToMap(document));
  const [written, setWritten] = useState<Record<string, string>>(() =>
    Object.fromEntries(types.map((type) => [type, ownValue(document.workflow.types, type) ?? ""])),
  );
  const known = catalogue.map((entry) => ({
    group: entry.service,
    items: entry.functions.map((item) => item.call),
  }));
  const problemOf = (type: string) => {
    const call = written[type]?.trim() ?? "";
    return call === "" || call === "start" || callOf({}, call) !== undefined
      ? undefined
      : "Write it as service.function.";
  };
  const broken = types.some((type) => problemOf(type) !== undefined);
  const save = () => {
    designer.change((current) =>
      types.reduce((next, type) => mapType(next, type, written[type]?.trim() || undefined), current),
    );
    onClose();
  };
  return (
    <form
      className={classes.dialogBody}
      onSubmit={(event) => {
        event.preventDefault();
        if (!broken) save();
      }}
    >
      <p className={classes.panelNote}>
        A node's type has to name a call. Where it doesn't, say here which call it means; the flow keeps both. Nodes
        left open stay in the flow, and it can't be published until they mean something.
      </p>
      {types.map((type, index) => (
        <Autocomplete
          key={type}
          label={`"${type}"`}
          description={usedBy(document, type)}
          placeholder="service.function"
          value={written[type] ?? ""}
          onChange={(value) => setWritten({ ...written, [type]: value })}
          error={problemOf(type)}
          data={known}
          maxDropdownHeight={220}
          openOnFocus={false}
          data-autofocus={index === 0 || undefined}
        />
      ))}
      <div className={classes.dialogFoot}>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" variant="filled" disabled={broken}>
          Save
        </Button>
      </div>
    </form>
  );
}

/** The unknown types, and those that have a mapping already. */
function typesToMap({ workflow }: FlowDocument): string[] {
  const unknown = unknownTypesOf(workflow).map(({ type }) => type);
  return [...new Set([...unknown, ...Object.keys(workflow.types ?? {})])];
}

function usedBy({ workflow }: FlowDocument, type: string): string {
  const ids = Object.entries(workflow.nodes).flatMap(([id, node]) => (node.type === type ? [id] : []));
  return ids.length === 0 ? "no node has it any more" : `${plural(ids.length, "node")}: ${ids.join(", ")}`;
}
