import { ActionIcon, TextInput } from "@mantine/core";
import { useState } from "react";
import { IconArrowRight, IconSearch } from "../parts/icons.ts";
import { type CatalogueFunction, type CatalogueService, searchCatalogue } from "./catalogue.ts";
import classes from "./designer.module.css";
import { useDesignerScope } from "./designer-context.ts";
import { useDesigner } from "./designer-store.ts";
import { callOf } from "./document.ts";
import { addStep } from "./edit-steps.ts";
import { PALETTE_DRAG_TYPE } from "./palette-drag.ts";

/** The functions one can draw with: dragged to a place, or clicked. What isn't known is added by its name. */
export function Palette() {
  const { catalogue } = useDesignerScope();
  const [search, setSearch] = useState("");
  const found = searchCatalogue(catalogue, search);
  const written = callOf({}, search.trim());
  const isNew =
    written !== undefined && !found.some((entry) => entry.functions.some((known) => known.call === written.text));
  const nothing = found.length === 0 && !isNew;
  return (
    <section className={classes.palette} aria-label="Functions to draw with">
      <TextInput
        value={search}
        onChange={(event) => setSearch(event.currentTarget.value)}
        placeholder="Find a function"
        aria-label="Search functions, or write service.function"
        leftSection={<IconSearch size={15} />}
      />
      <div className={classes.paletteList}>
        {isNew && (
          <Group title="As written">
            <Item call={written.text} label={written.text} />
          </Group>
        )}
        {found.map((entry) => (
          <Group key={entry.service} title={entry.service} status={entry.status}>
            {entry.functions.map((known) => (
              <Item key={known.call} call={known.call} label={known.function} hint={hintOf(known)} />
            ))}
          </Group>
        ))}
        {nothing && (
          <p className={classes.paletteEmpty}>
            {search.trim() === ""
              ? "No service has been seen yet. Write service.function to draw a step nevertheless."
              : "No such function. Write it as service.function to draw it nevertheless."}
          </p>
        )}
      </div>
    </section>
  );
}

function Group(props: { title: string; status?: CatalogueService["status"]; children: React.ReactNode }) {
  const { title, status, children } = props;
  return (
    <div className={classes.paletteGroup}>
      <h2 className={classes.paletteTitle}>
        <span className="ag-truncate">{title}</span>
        {status === "up" && <span className={classes.statusUp}>up</span>}
        {status === "down" && <span className={classes.statusDown}>down</span>}
      </h2>
      {children}
    </div>
  );
}

function Item({ call, label, hint }: { call: string; label: string; hint?: string }) {
  const { designer } = useDesignerScope();
  const selection = useDesigner(designer, (state) => state.selection);
  const add = (connected: boolean) => {
    const { nodes } = designer.document().workflow;
    const beside = selection ?? Object.keys(nodes).at(-1);
    const place = connected && selection !== undefined ? { after: [selection] } : { beside };
    const added = addStep(designer.document(), call, place);
    designer.change(() => added.document);
    designer.show(added.id);
  };
  return (
    <div className={classes.paletteItem}>
      <button
        type="button"
        draggable
        className={classes.paletteButton}
        onClick={() => add(false)}
        onDragStart={(event) => {
          event.dataTransfer.setData(PALETTE_DRAG_TYPE, call);
          event.dataTransfer.effectAllowed = "copy";
        }}
        title={`${call}${hint === undefined ? "" : `\n${hint}`}\nDrag it to a place, or click to add it`}
      >
        <span className="ag-truncate">{label}</span>
        {hint !== undefined && <span className={`${classes.paletteHint} ag-truncate`}>{hint}</span>}
      </button>
      {selection !== undefined && (
        <ActionIcon
          className={classes.paletteAfter}
          size={24}
          aria-label={`Add ${call} after ${selection}`}
          title={`Add after ${selection}`}
          onClick={() => add(true)}
        >
          <IconArrowRight size={15} />
        </ActionIcon>
      )}
    </div>
  );
}

function hintOf(known: CatalogueFunction): string | undefined {
  if (known.about !== undefined) return known.about;
  if (known.undoes.length > 0) return `undoes ${known.undoes.join(", ")}`;
  return undefined;
}
