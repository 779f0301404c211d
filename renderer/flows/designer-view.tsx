/** The designer itself: palette, canvas, panel and dock around one document. */
import { notifications } from "@mantine/notifications";
import { type DragEvent, type KeyboardEvent, useDeferredValue, useEffect, useMemo, useRef, useState } from "react";
import type { NegationList } from "../../engine/core/flow.ts";
import { usePaletteActions } from "../frame/palette-actions.ts";
import { IconAlertTriangle, IconArrowBackUp, IconListDetails, IconSend } from "../parts/icons.ts";
import { createStore, type Store } from "../parts/store.ts";
import { checkDocument } from "./checking.ts";
import classes from "./designer.module.css";
import { type Checked, DesignerContext, type DesignerScope } from "./designer-context.ts";
import { DesignerHeader } from "./designer-header.tsx";
import { createDesigner, useDesigner } from "./designer-store.ts";
import { Dock, type DockTab } from "./dock.tsx";
import type { FlowDocument } from "./document.ts";
import type { Draft } from "./draft.ts";
import { DraftStrip } from "./draft-strip.tsx";
import { moveNodes } from "./edit-steps.ts";
import { FlowPanel } from "./flow-panel.tsx";
import { FlumeCanvas } from "./flume-canvas.tsx";
import { importFile } from "./import-file.ts";
import { unknownTypesOf } from "./import-flow.ts";
import { layoutCanvas, needsLayout } from "./layout.ts";
import { MappingDialog } from "./mapping-dialog.tsx";
import { Palette } from "./palette.tsx";
import { PublishSheet } from "./publish-sheet.tsx";
import { StepPanel } from "./step-panel.tsx";
import { useAutosave } from "./use-autosave.ts";
import { useCatalogue, useNegations } from "./use-catalogue.ts";

interface DesignerViewProps {
  profile: string;
  /** The published flow; undefined for a new one. */
  flow?: string;
  base: { version?: string; document: FlowDocument };
  draft?: Draft;
}

export function DesignerView({ profile, flow, base, draft }: DesignerViewProps) {
  const [designer] = useState(() => createDesigner(arranged(draft?.document ?? base.document)));
  const document = useDesigner(designer, (state) => state.history.present);
  const selection = useDesigner(designer, (state) => state.selection);
  const [tab, setTab] = useState<DockTab>("graphs");
  const [mapping, setMapping] = useState(() => unknownTypesOf(designer.document().workflow).length > 0);
  const [publishing, setPublishing] = useState(false);
  const [dropping, setDropping] = useState(false);
  const panel = useRef<HTMLElement>(null);
  const negations = useNegations();
  const catalogue = useCatalogue(negations);
  const checked = useLiveCheck(document, negations);
  const autosave = useAutosave({ designer, profile, flow, base, savedAt: draft?.savedAt });

  const scope = useMemo(
    (): DesignerScope => ({
      designer,
      checked,
      catalogue,
      negations,
      openMapping: () => setMapping(true),
      openWhatIf: () => setTab("what-if"),
    }),
    [designer, checked, catalogue, negations],
  );

  usePaletteActions([
    { id: "designer publish", label: "Publish this flow…", icon: IconSend, run: () => setPublishing(true) },
    { id: "designer what if", label: "What if this step fails?", icon: IconArrowBackUp, run: scope.openWhatIf },
    { id: "designer findings", label: "Show the findings", icon: IconAlertTriangle, run: () => setTab("findings") },
    { id: "designer steps", label: "Edit the steps as a table", icon: IconListDetails, run: () => setTab("steps") },
  ]);

  const take = async (file: File) => {
    const read = await importFile(file);
    if (!read.ok) {
      notifications.show({ color: "bad", title: "Nothing was imported", message: read.problem, autoClose: false });
      return;
    }
    // A flow that is published already keeps its name, whatever the file's is.
    const imported = flow === undefined ? read.document : { ...read.document, name: flow };
    designer.change(() => arranged(imported));
    designer.showAll();
    notifications.show({ title: `Imported ${file.name}`, message: "Undo brings back what was drawn before." });
    if (unknownTypesOf(imported.workflow).length > 0) setMapping(true);
  };

  const onKeyDown = (event: KeyboardEvent) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
    const key = event.key.toLowerCase();
    const run =
      key === "z" ? (event.shiftKey ? designer.redo : designer.undo) : key === "y" ? designer.redo : undefined;
    if (run === undefined) return;
    // A text field undoes what is being typed there by itself.
    const { target } = event;
    const typing = target instanceof HTMLTextAreaElement || (target instanceof HTMLInputElement && !target.readOnly);
    if (typing) return;
    event.preventDefault();
    run();
  };

  const onDrop = (event: DragEvent) => {
    setDropping(false);
    const [file] = event.dataTransfer.files;
    if (file === undefined) return;
    event.preventDefault();
    void take(file);
  };

  return (
    <DesignerContext value={scope}>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: undo by keys anywhere inside, and a place to drop files */}
      <div
        className={classes.designer}
        data-dropping={dropping || undefined}
        onKeyDown={onKeyDown}
        onDragOver={(event) => {
          if (!event.dataTransfer.types.includes("Files")) return;
          event.preventDefault();
          setDropping(true);
        }}
        onDragLeave={(event) => {
          if (event.target === event.currentTarget) setDropping(false);
        }}
        onDrop={onDrop}
      >
        <DesignerHeader
          flow={flow}
          version={base.version}
          saved={autosave.state}
          onImport={(file) => void take(file)}
          onFindings={() => setTab("findings")}
          onPublish={() => setPublishing(true)}
        />
        <DraftStrip flow={flow} base={base} draft={draft} />
        <div className={classes.body}>
          <Palette />
          <FlumeCanvas />
          <Dock
            tab={tab}
            onTab={setTab}
            onSettings={() => panel.current?.querySelector<HTMLElement>("input, textarea")?.focus()}
          />
          <aside ref={panel} className={classes.panel} aria-label="Settings">
            {selection === undefined ? <FlowPanel fixedName={flow !== undefined} /> : <StepPanel id={selection} />}
          </aside>
        </div>
      </div>
      <MappingDialog opened={mapping} onClose={() => setMapping(false)} />
      <PublishSheet
        opened={publishing}
        onClose={() => setPublishing(false)}
        flow={flow}
        base={base}
        onPublished={autosave.end}
      />
    </DesignerContext>
  );
}

/** What the checker says of the document, a moment later: typing must not wait for it. */
function useLiveCheck(document: FlowDocument, negations: NegationList | undefined): Store<Checked> {
  const [store] = useState(() => createStore(checkDocument(document, negations)));
  const settled = useDeferredValue(document);
  const checked = useMemo(() => checkDocument(settled, negations), [settled, negations]);
  useEffect(() => store.set(checked), [store, checked]);
  return store;
}

/** Nodes that nobody placed are laid out at once. */
function arranged(document: FlowDocument): FlowDocument {
  return needsLayout(document.workflow) ? moveNodes(document, layoutCanvas(document.workflow)) : document;
}
