import { ActionIcon, Button, Menu, Tooltip } from "@mantine/core";
import { plural, shortTime } from "../parts/format.ts";
import { IconAlertTriangle, IconCheck, IconChevronDown, IconDownload, IconUpload } from "../parts/icons.ts";
import { PageHeader } from "../parts/page-header.tsx";
import { useProfile } from "../queries.ts";
import classes from "./designer.module.css";
import { useChecked, useDesignerScope } from "./designer-context.ts";
import { IconRedo, IconUndo } from "./designer-icons.ts";
import { useDesigner } from "./designer-store.ts";
import { download, flowFile, flumeFile } from "./export-flow.ts";
import { pickFile } from "./import-file.ts";
import type { SaveState } from "./use-autosave.ts";
import { suggestVersion } from "./versions.ts";

interface DesignerHeaderProps {
  flow: string | undefined;
  version: string | undefined;
  saved: SaveState;
  onImport: (file: File) => void;
  onFindings: () => void;
  onPublish: () => void;
}

export function DesignerHeader({ flow, version, saved, onImport, onFindings, onPublish }: DesignerHeaderProps) {
  const { designer } = useDesignerScope();
  const name = useDesigner(designer, (state) => state.history.present.name);
  const canUndo = useDesigner(designer, (state) => state.history.past.length > 0);
  const canRedo = useDesigner(designer, (state) => state.history.future.length > 0);
  const readOnly = useProfile()?.read_only === true;
  // What is in the file is the published version only as long as nothing has changed.
  const fileVersion = saved.kind === "same" && version !== undefined ? version : suggestVersion(version, []);
  const parent =
    flow === undefined ? { to: "/flows", label: "Flows" } : { to: `/flows/${encodeURIComponent(flow)}`, label: flow };
  return (
    <PageHeader
      title={flow === undefined ? name.trim() || "New flow" : "Designer"}
      windowTitle={`${name.trim() || "New flow"} · Designer`}
      parent={parent}
      note={
        <>
          {version !== undefined && <span>from version {version}</span>}
          <SavedNote saved={saved} />
          <FindingsNote onClick={onFindings} />
        </>
      }
      actions={
        <>
          <Tooltip label="Undo (Ctrl Z)">
            <ActionIcon aria-label="Undo" disabled={!canUndo} onClick={designer.undo} size={32}>
              <IconUndo size={17} />
            </ActionIcon>
          </Tooltip>
          <Tooltip label="Redo (Ctrl Shift Z)">
            <ActionIcon aria-label="Redo" disabled={!canRedo} onClick={designer.redo} size={32}>
              <IconRedo size={17} />
            </ActionIcon>
          </Tooltip>
          <Button
            leftSection={<IconUpload size={15} />}
            onClick={() => void pickFile().then((file) => file && onImport(file))}
          >
            Import…
          </Button>
          <Menu position="bottom-end">
            <Menu.Target>
              <Button leftSection={<IconDownload size={15} />} rightSection={<IconChevronDown size={14} />}>
                Export
              </Button>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item onClick={() => download(flowFile(designer.document(), fileVersion))}>
                Flow file, with settings and negations
              </Menu.Item>
              <Menu.Item onClick={() => download(flumeFile(designer.document()))}>Bare Flume export</Menu.Item>
            </Menu.Dropdown>
          </Menu>
          <Button
            variant="filled"
            onClick={onPublish}
            disabled={readOnly}
            title={readOnly ? "This profile is read-only" : undefined}
          >
            Publish…
          </Button>
        </>
      }
    />
  );
}

function SavedNote({ saved }: { saved: SaveState }) {
  switch (saved.kind) {
    case "same":
      return null;
    case "saved":
      return <span>draft kept {shortTime(saved.at)}</span>;
    case "failed":
      return (
        <span className={classes.bad} role="alert">
          the draft can't be kept: this browser's storage is full or shut. Export it.
        </span>
      );
    default:
      return saved satisfies never;
  }
}

function FindingsNote({ onClick }: { onClick: () => void }) {
  const checked = useChecked((now) => now);
  const parts = [
    checked.errors > 0 ? plural(checked.errors, "error") : "",
    checked.warnings > 0 ? plural(checked.warnings, "warning") : "",
  ].filter(Boolean);
  const severity = checked.errors > 0 ? "error" : checked.warnings > 0 ? "warning" : "none";
  return (
    <button type="button" className={classes.findingsNote} data-severity={severity} onClick={onClick}>
      {severity === "none" ? <IconCheck size={14} aria-hidden /> : <IconAlertTriangle size={14} aria-hidden />}
      {parts.length === 0 ? "no findings" : parts.join(", ")}
    </button>
  );
}
