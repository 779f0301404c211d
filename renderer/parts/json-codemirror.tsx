/** CodeMirror for JSON, in a chunk of its own. Colours come from the tokens, so both themes hold. */
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { json, jsonParseLinter } from "@codemirror/lang-json";
import {
  bracketMatching,
  foldGutter,
  foldKeymap,
  HighlightStyle,
  indentOnInput,
  syntaxHighlighting,
} from "@codemirror/language";
import { linter, lintKeymap } from "@codemirror/lint";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { EditorState, type Extension } from "@codemirror/state";
import { drawSelection, EditorView, keymap } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { useEffect, useEffectEvent, useRef } from "react";
import { styleNonce } from "../theme/nonce.ts";
import classes from "./json.module.css";
import type { JsonFieldProps } from "./json-view.tsx";

const highlight = HighlightStyle.define([
  { tag: tags.propertyName, color: "var(--ag-accent)" },
  { tag: tags.string, color: "var(--ag-ok)" },
  { tag: tags.number, color: "var(--ag-warn)" },
  { tag: [tags.bool, tags.null], color: "var(--ag-undo)" },
  { tag: tags.invalid, color: "var(--ag-bad)" },
]);

const look = EditorView.theme({
  "&": { fontSize: "12.5px", color: "var(--ag-text)", backgroundColor: "transparent" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--ag-mono)", lineHeight: "1.5", fontVariantLigatures: "none" },
  ".cm-content": { caretColor: "var(--ag-text)", padding: "8px 0" },
  ".cm-gutters": { backgroundColor: "transparent", border: "none", color: "var(--ag-dim)" },
  ".cm-selectionBackground, &.cm-focused .cm-selectionBackground": {
    backgroundColor: "color-mix(in srgb, var(--ag-accent) 25%, transparent) !important",
  },
  ".cm-cursor": { borderLeftColor: "var(--ag-text)" },
  ".cm-searchMatch": { backgroundColor: "color-mix(in srgb, var(--ag-warn) 30%, transparent)" },
  ".cm-searchMatch-selected": { backgroundColor: "color-mix(in srgb, var(--ag-warn) 55%, transparent)" },
  ".cm-foldPlaceholder": { background: "var(--ag-dim-bg)", border: "none", color: "var(--ag-dim)", padding: "0 6px" },
  ".cm-panels": { backgroundColor: "var(--ag-panel)", color: "var(--ag-text)", borderColor: "var(--ag-line)" },
  ".cm-panel.cm-search": { fontFamily: "var(--ag-font)", padding: "6px 8px" },
  ".cm-panel.cm-search label": { fontSize: "12px" },
  ".cm-textfield": {
    backgroundColor: "var(--ag-bg)",
    color: "var(--ag-text)",
    border: "1px solid var(--ag-line-strong)",
    borderRadius: "6px",
  },
  ".cm-button": {
    backgroundImage: "none",
    backgroundColor: "var(--ag-panel)",
    color: "var(--ag-text)",
    border: "1px solid var(--ag-line-strong)",
    borderRadius: "6px",
  },
  ".cm-panel.cm-search [name=close]": { color: "var(--ag-text)" },
  ".cm-tooltip": {
    backgroundColor: "var(--ag-raised)",
    color: "var(--ag-text)",
    border: "1px solid var(--ag-line)",
    borderRadius: "6px",
  },
  ".cm-diagnostic-error": { borderLeftColor: "var(--ag-bad)" },
});

/** What every view of JSON has: colours, folding, search, the nonce for its styles, and a name for screen readers. */
export function jsonExtensions(label: string, describedBy: string | undefined): Extension[] {
  const nonce = styleNonce();
  return [
    nonce === "" ? [] : EditorView.cspNonce.of(nonce),
    json(),
    foldGutter(),
    drawSelection(),
    bracketMatching(),
    syntaxHighlighting(highlight),
    highlightSelectionMatches(),
    search({ top: true }),
    look,
    EditorView.lineWrapping,
    EditorView.contentAttributes.of({
      "aria-label": label,
      ...(describedBy === undefined ? {} : { "aria-describedby": describedBy }),
    }),
  ];
}

export function JsonViewer({ text, label, maxHeight }: { text: string; label: string; maxHeight: number }) {
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (host.current === null) return;
    const view = new EditorView({
      parent: host.current,
      state: EditorState.create({
        doc: text,
        extensions: [
          jsonExtensions(label, undefined),
          EditorState.readOnly.of(true),
          EditorView.editable.of(false),
          EditorView.contentAttributes.of({ tabindex: "0", "aria-readonly": "true" }),
          keymap.of([...searchKeymap, ...foldKeymap, ...defaultKeymap]),
        ],
      }),
    });
    view.scrollDOM.style.maxHeight = `${maxHeight}px`;
    return () => view.destroy();
  }, [text, label, maxHeight]);
  return <div ref={host} className={classes.editor} />;
}

export function JsonEditor({
  value,
  onChange,
  label,
  minHeight = 120,
  maxHeight = 320,
  describedBy,
}: JsonFieldProps) {
  const host = useRef<HTMLDivElement>(null);
  const editor = useRef<EditorView | null>(null);
  const changed = useEffectEvent(onChange);
  const initial = useEffectEvent(() => value);

  useEffect(() => {
    if (host.current === null) return;
    const view = new EditorView({
      parent: host.current,
      state: EditorState.create({
        doc: initial(),
        extensions: [
          jsonExtensions(label, describedBy),
          history(),
          indentOnInput(),
          linter((view) => (view.state.doc.toString().trim() === "" ? [] : jsonParseLinter()(view)), { delay: 300 }),
          // Tab indents; Escape, then Tab leaves the field (CodeMirror's own way out for keyboards).
          keymap.of([
            ...searchKeymap,
            ...lintKeymap,
            ...foldKeymap,
            ...historyKeymap,
            ...defaultKeymap,
            indentWithTab,
          ]),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) changed(update.state.doc.toString());
          }),
        ],
      }),
    });
    view.scrollDOM.style.maxHeight = `${maxHeight}px`;
    view.contentDOM.style.minHeight = `${minHeight}px`;
    editor.current = view;
    return () => view.destroy();
  }, [label, describedBy, minHeight, maxHeight]);

  // A value set from outside (another flow was chosen) replaces the text; what was typed is there already.
  useEffect(() => {
    const view = editor.current;
    if (view === null || view.state.doc.toString() === value) return;
    view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: value } });
  }, [value]);

  return <div ref={host} className={`${classes.editor} ${classes.editable}`} />;
}
