import { ActionIcon, Tooltip } from "@mantine/core";
import classes from "./designer.module.css";
import { useDesignerScope } from "./designer-context.ts";
import { IconFit, IconLayout, IconMinus, IconPlus } from "./designer-icons.ts";
import { moveNodes } from "./edit-steps.ts";
import { layoutCanvas } from "./layout.ts";

/** Zoom, fit and auto layout, in a corner of the canvas. */
export function CanvasControls({ onZoom, onFit }: { onZoom: (factor: number) => void; onFit: () => void }) {
  const { designer } = useDesignerScope();
  const arrange = () => {
    designer.change((document) => moveNodes(document, layoutCanvas(document.workflow)));
    onFit();
  };
  const buttons = [
    { label: "Zoom out", icon: IconMinus, run: () => onZoom(1 / 1.25) },
    { label: "Zoom in", icon: IconPlus, run: () => onZoom(1.25) },
    { label: "Show all", icon: IconFit, run: onFit },
    { label: "Arrange the steps", icon: IconLayout, run: arrange },
  ];
  return (
    <div className={classes.canvasControls} role="toolbar" aria-label="Canvas">
      {buttons.map(({ label, icon: Icon, run }) => (
        <Tooltip key={label} label={label} position="top">
          <ActionIcon aria-label={label} onClick={run} variant="subtle" color="gray" size={30}>
            <Icon size={17} />
          </ActionIcon>
        </Tooltip>
      ))}
    </div>
  );
}
