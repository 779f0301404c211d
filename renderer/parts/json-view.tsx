import { lazy, Suspense, useDeferredValue, useMemo } from "react";
import classes from "./json.module.css";

const Viewer = lazy(() => import("./json-codemirror.tsx").then((module) => ({ default: module.JsonViewer })));
const Editor = lazy(() => import("./json-codemirror.tsx").then((module) => ({ default: module.JsonEditor })));

interface JsonViewProps {
  value: unknown;
  /** What it is, for screen readers: `Output of user.create_user`. */
  label: string;
  /** Pixels; longer values scroll. */
  maxHeight?: number;
}

/** A JSON value, read only, with folding and search (Ctrl/Cmd-F while it has the focus). Data is only ever text. */
export function JsonView({ value, label, maxHeight = 320 }: JsonViewProps) {
  const text = useMemo(() => formatJson(value), [value]);
  // The text stands there at once; folding and search are made when the page around it has been drawn.
  const drawn = useDeferredValue(true, false);
  if (!drawn) return <Plain text={text} maxHeight={maxHeight} />;
  return (
    <Suspense fallback={<Plain text={text} maxHeight={maxHeight} />}>
      <Viewer text={text} label={label} maxHeight={maxHeight} />
    </Suspense>
  );
}

export interface JsonFieldProps {
  value: string;
  onChange: (text: string) => void;
  label: string;
  /** Pixels. */
  minHeight?: number;
  maxHeight?: number;
  /** Id of the element that describes it, for instance the error below. */
  describedBy?: string;
}

/** A JSON text being edited, with its mistakes marked where they are. */
export function JsonField(props: JsonFieldProps) {
  return (
    <Suspense fallback={<Plain text={props.value} maxHeight={props.maxHeight ?? 320} minHeight={props.minHeight} />}>
      <Editor {...props} />
    </Suspense>
  );
}

function Plain({ text, maxHeight, minHeight }: { text: string; maxHeight: number; minHeight?: number }) {
  return (
    <pre className={classes.plain} style={{ maxHeight, minHeight }}>
      {text}
    </pre>
  );
}

/** Two spaces a level; undefined (nothing came) as an empty text. */
export function formatJson(value: unknown): string {
  return value === undefined ? "" : JSON.stringify(value, null, 2);
}

/** One line for a table cell, cut at `limit` characters. */
export function jsonLine(value: unknown, limit = 120): string {
  const text = value === undefined ? "" : JSON.stringify(value);
  return text.length <= limit ? text : `${text.slice(0, limit)}…`;
}

/** The value, or where the text goes wrong in a sentence. An empty text is `undefined`. */
export function parseJson(text: string): { ok: true; value: unknown } | { ok: false; message: string } {
  if (text.trim() === "") return { ok: true, value: undefined };
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch (error) {
    return { ok: false, message: `Not valid JSON: ${(error as Error).message}` };
  }
}
