/**
 * A small JSON value in colour, without loading an editor for it: most of what a step says fits on half a screen.
 * Larger values open in the editor's view, with folding and search.
 */
import { useMemo } from "react";
import { CopyButton } from "../parts/copy.tsx";
import { formatJson, JsonView } from "../parts/json-view.tsx";
import classes from "./json-text.module.css";

/** Longer texts get folding and search. */
const LONGEST_PLAIN_CHARS = 3_000;
const TOKEN = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

interface JsonTextProps {
  value: unknown;
  /** What it is, for screen readers: `Output of user.create_user`. */
  label: string;
  /** Pixels. */
  maxHeight?: number;
}

export function JsonText({ value, label, maxHeight = 280 }: JsonTextProps) {
  const text = useMemo(() => formatJson(value), [value]);
  if (text.length > LONGEST_PLAIN_CHARS) return <JsonView value={value} label={label} maxHeight={maxHeight} />;
  return (
    <div className={classes.box}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section className={classes.scroll} style={{ maxHeight }} aria-label={label} tabIndex={0}>
        <pre className={classes.text}>{text === "" ? <span className="ag-dim">nothing</span> : coloured(text)}</pre>
      </section>
      {text !== "" && (
        <span className={classes.copy}>
          <CopyButton text={text} what={label.toLowerCase()} />
        </span>
      )}
    </div>
  );
}

function coloured(text: string) {
  const parts: React.ReactNode[] = [];
  let end = 0;
  for (const match of text.matchAll(TOKEN)) {
    if (match.index > end) parts.push(text.slice(end, match.index));
    const [token, string, colon, word] = match;
    end = match.index + token.length;
    if (string !== undefined && colon !== undefined) {
      parts.push(
        <span key={match.index} className={classes.name}>
          {string}
        </span>,
        colon,
      );
      continue;
    }
    const look = string !== undefined ? classes.string : word !== undefined ? classes.word : classes.number;
    parts.push(
      <span key={match.index} className={look}>
        {token}
      </span>,
    );
  }
  parts.push(text.slice(end));
  return parts;
}
