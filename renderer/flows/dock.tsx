/** What lies below the canvas: the graphs as they will run, the Steps table, "what if", and the findings. */
import { Tabs } from "@mantine/core";
import { type KeyboardEvent, type PointerEvent, useDeferredValue, useState } from "react";
import classes from "./designer.module.css";
import { useChecked, useDesignerScope } from "./designer-context.ts";
import { useDesigner } from "./designer-store.ts";
import { stepIdsOf } from "./document.ts";
import { FindingsList } from "./findings-list.tsx";
import { RunGraphs } from "./run-graphs.tsx";
import { StepsTable } from "./steps-table.tsx";
import { WhatIfPanel } from "./what-if-panel.tsx";

export type DockTab = "graphs" | "steps" | "what-if" | "findings";

const MINIMUM_HEIGHT = 120;
const MAXIMUM_HEIGHT = 640;
const KEY_STEP = 24;

interface DockProps {
  tab: DockTab;
  onTab: (tab: DockTab) => void;
  onSettings: () => void;
}

export function Dock({ tab, onTab, onSettings }: DockProps) {
  const { designer, negations } = useDesignerScope();
  const checked = useChecked((now) => now);
  const workflow = useDesigner(designer, (state) => state.history.present.workflow);
  const selection = useDesigner(designer, (state) => state.selection);
  // The graphs follow when there is time, so that typing never waits for them.
  const shown = useDeferredValue(workflow);
  const chosen = useDeferredValue(selection);
  const [height, setHeight] = useState(() => Math.round(Math.min(300, window.innerHeight * 0.32)));
  return (
    <div className={classes.dock} style={{ height }}>
      <Splitter height={height} onHeight={setHeight} />
      <Tabs
        value={tab}
        onChange={(value) => onTab(value as DockTab)}
        className={classes.dockTabs}
        keepMounted={false}
        classNames={{ panel: classes.dockPanel }}
      >
        <Tabs.List>
          <Tabs.Tab value="graphs">As it runs and is undone</Tabs.Tab>
          <Tabs.Tab value="steps">Steps ({stepIdsOf(workflow).length})</Tabs.Tab>
          <Tabs.Tab value="what-if">What if a step fails?</Tabs.Tab>
          <Tabs.Tab value="findings">Findings ({checked.findings.length})</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="graphs">
          <RunGraphs workflow={shown} negations={negations} selection={chosen} onSelect={designer.show} />
        </Tabs.Panel>
        <Tabs.Panel value="steps">
          <StepsTable onSettings={onSettings} />
        </Tabs.Panel>
        <Tabs.Panel value="what-if">
          <WhatIfPanel />
        </Tabs.Panel>
        <Tabs.Panel value="findings">
          <FindingsList />
        </Tabs.Panel>
      </Tabs>
    </div>
  );
}

/** The upper edge, to be dragged or moved with the arrow keys. */
function Splitter({ height, onHeight }: { height: number; onHeight: (height: number) => void }) {
  const set = (wanted: number) => onHeight(Math.min(MAXIMUM_HEIGHT, Math.max(MINIMUM_HEIGHT, Math.round(wanted))));
  const onPointerMove = (event: PointerEvent<HTMLDivElement>) => {
    if (event.currentTarget.hasPointerCapture(event.pointerId)) set(height - event.movementY);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = event.key === "ArrowUp" ? KEY_STEP : event.key === "ArrowDown" ? -KEY_STEP : 0;
    if (step === 0) return;
    event.preventDefault();
    set(height + step);
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: an hr can't be dragged and focused
    <div
      role="separator"
      tabIndex={0}
      aria-orientation="horizontal"
      aria-label="Height of the lower part"
      aria-valuenow={height}
      aria-valuemin={MINIMUM_HEIGHT}
      aria-valuemax={MAXIMUM_HEIGHT}
      className={classes.splitter}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={onPointerMove}
      onKeyDown={onKeyDown}
    />
  );
}
