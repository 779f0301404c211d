/** Two texts side by side, in a chunk of its own. */
import { MergeView } from "@codemirror/merge";
import { EditorState } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { useEffect, useRef } from "react";
import { jsonExtensions } from "../parts/json-codemirror.tsx";
import classes from "./flow-diff.module.css";

export interface DiffSide {
  label: string;
  text: string;
}

const look = EditorView.theme({
  // A line under what changed, not a colour behind it: the text's own colours must stay readable.
  "&.cm-merge-a .cm-changedText": { background: "none", boxShadow: "inset 0 -2px var(--ag-bad)" },
  "&.cm-merge-b .cm-changedText": { background: "none", boxShadow: "inset 0 -2px var(--ag-ok)" },
  "&.cm-merge-a .cm-changedLine": { backgroundColor: "var(--ag-bad-bg)" },
  "&.cm-merge-b .cm-changedLine": { backgroundColor: "var(--ag-ok-bg)" },
  ".cm-collapsedLines": {
    background: "var(--ag-dim-bg)",
    color: "var(--ag-dim)",
    padding: "4px 12px",
    // Its own marks are missing in most fonts.
    "&::before, &::after": { content: '"···"' },
  },
});

/** Shows what differs and folds what doesn't. `height`: pixels; left out it takes what it gets. */
export function FlowDiff({ before, after, height }: { before: DiffSide; after: DiffSide; height?: number }) {
  const [labelA, textA, labelB, textB] = [before.label, before.text, after.label, after.text];
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (host.current === null) return;
    const side = (label: string, text: string) => ({
      doc: text,
      extensions: [
        jsonExtensions(label, undefined),
        look,
        EditorState.readOnly.of(true),
        EditorView.editable.of(false),
        EditorView.contentAttributes.of({ tabindex: "0", role: "textbox", "aria-readonly": "true" }),
      ],
    });
    const view = new MergeView({
      a: side(labelA, textA),
      b: side(labelB, textB),
      parent: host.current,
      collapseUnchanged: { margin: 3, minSize: 6 },
      gutter: true,
    });
    return () => view.destroy();
  }, [labelA, textA, labelB, textB]);
  return (
    <div className={classes.diff}>
      <div className={classes.labels}>
        <span>{before.label}</span>
        <span>{after.label}</span>
      </div>
      <div ref={host} className={classes.editors} style={{ height }} />
    </div>
  );
}
