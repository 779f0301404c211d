import { Button, Menu } from "@mantine/core";
import { lazy, Suspense, useState } from "react";
import type { JourneyRow } from "../../engine/audit/store.ts";
import { plural } from "../parts/format.ts";
import { IconChevronDown } from "../parts/icons.ts";
import { useProfile } from "../queries.ts";
import { BULK_ACTIONS, type BulkAction } from "./bulk/bulk-actions.ts";
import classes from "./bulk-bar.module.css";
import { MAXIMUM_SELECTED, type Selection } from "./selection.ts";

const BulkSheet = lazy(() => import("./bulk/bulk-sheet.tsx").then((module) => ({ default: module.BulkSheet })));

/** What can be done with the rows chosen. The sheet works on exactly the rows that were chosen when it opened. */
export function BulkBar({ selection }: { selection: Selection }) {
  const [asked, setAsked] = useState<{ action: BulkAction; rows: JourneyRow[] } | undefined>(undefined);
  const readOnly = useProfile()?.read_only === true;
  const ask = (action: BulkAction) => setAsked({ action, rows: selection.rows() });
  return (
    <section className={classes.bar} aria-label="Selected journeys">
      <b>{plural(selection.size, "journey")} selected</b>
      <span className="ag-dim">
        {selection.size >= MAXIMUM_SELECTED
          ? "the most one action takes"
          : "exactly these, whatever the filter does next"}
      </span>
      <div className={classes.grow} />
      {!readOnly && (
        <>
          {BULK_ACTIONS.filter(({ prominent }) => prominent).map((action) => (
            <Button key={action.action} leftSection={<action.icon size={15} />} onClick={() => ask(action)}>
              {action.label}…
            </Button>
          ))}
          <Menu position="bottom-end" width={230}>
            <Menu.Target>
              <Button rightSection={<IconChevronDown size={14} />}>More</Button>
            </Menu.Target>
            <Menu.Dropdown>
              {BULK_ACTIONS.filter(({ prominent }) => !prominent).map((action) => (
                <Menu.Item key={action.action} leftSection={<action.icon size={15} />} onClick={() => ask(action)}>
                  {action.label}…
                </Menu.Item>
              ))}
            </Menu.Dropdown>
          </Menu>
        </>
      )}
      <Button variant="subtle" onClick={selection.clear}>
        Clear
      </Button>
      {asked !== undefined && (
        <Suspense fallback={null}>
          <BulkSheet action={asked.action} journeys={asked.rows} onClose={() => setAsked(undefined)} />
        </Suspense>
      )}
    </section>
  );
}
