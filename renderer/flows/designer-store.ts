/** The state of one open designer: the document with its history, what is selected, and what asks to be seen. */
import { useSyncExternalStore } from "react";
import { type FlowDocument, ownValue } from "./document.ts";
import { renameStep } from "./edit-steps.ts";
import { beginHistory, type History, record, redo, undo } from "./history.ts";

export interface DesignerState {
  history: History<FlowDocument>;
  /** The node whose settings are shown; undefined: the flow's own. */
  selection?: string;
  /** What the canvas shall bring into sight: a node, or (without id) everything; a new object each time. */
  reveal?: { id?: string };
}

export interface Designer {
  state(): DesignerState;
  subscribe(listener: () => void): () => void;
  document(): FlowDocument;
  /** Applies an edit and records it; successive edits with the same `key` are undone together. */
  change(edit: (document: FlowDocument) => FlowDocument, key?: string): void;
  select(id: string | undefined): void;
  /** Selects a node and brings it into sight on the canvas. */
  show(id: string): void;
  /** Deselects, and shows all of the flow on the canvas. */
  showAll(): void;
  rename(id: string, to: string): void;
  undo(): void;
  redo(): void;
}

export function createDesigner(document: FlowDocument): Designer {
  let state: DesignerState = { history: beginHistory(document) };
  const listeners = new Set<() => void>();

  function become(next: DesignerState): void {
    if (next === state) return;
    const { nodes } = next.history.present.workflow;
    const gone = next.selection !== undefined && ownValue(nodes, next.selection) === undefined;
    state = gone ? { ...next, selection: undefined } : next;
    for (const listener of listeners) listener();
  }

  function travel(history: History<FlowDocument>): void {
    if (history !== state.history) become({ ...state, history });
  }

  return {
    state: () => state,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    document: () => state.history.present,
    change: (edit, key) => travel(record(state.history, edit(state.history.present), key)),
    select: (id) => {
      if (id !== state.selection) become({ ...state, selection: id });
    },
    show: (id) => become({ ...state, selection: id, reveal: { id } }),
    showAll: () => become({ ...state, selection: undefined, reveal: {} }),
    rename(id, to) {
      const history = record(state.history, renameStep(state.history.present, id, to));
      if (history === state.history) return;
      become({ ...state, history, selection: state.selection === id ? to : state.selection });
    },
    undo: () => travel(undo(state.history)),
    redo: () => travel(redo(state.history)),
  };
}

/** Reads a part of the state; `read` must answer with the same value while nothing changed. */
export function useDesigner<T>(designer: Designer, read: (state: DesignerState) => T): T {
  return useSyncExternalStore(designer.subscribe, () => read(designer.state()));
}
