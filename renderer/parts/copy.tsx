import { notifications } from "@mantine/notifications";
import { useEffect, useState } from "react";
import classes from "./copy.module.css";
import { shortId } from "./format.ts";
import { IconCheck, IconCopy } from "./icons.ts";

const SHOW_DONE_MS = 1_500;

/** Copies a text; `copied` is true for a moment afterwards. */
export function useCopy(text: string): { copied: boolean; copy: () => void } {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), SHOW_DONE_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = () => {
    navigator.clipboard.writeText(text).then(
      () => setCopied(true),
      () => notifications.show({ color: "bad", title: "Not copied", message: "The clipboard can't be written." }),
    );
  };
  return { copied, copy };
}

interface CopyIdProps {
  id: string;
  /** What it is, for screen readers: `uuid`, `command id`. */
  what?: string;
  /** Show all of it instead of its two ends. */
  full?: boolean;
}

/** An id in fixed width with a button that copies it. */
export function CopyId({ id, what = "uuid", full = false }: CopyIdProps) {
  return (
    <span className={classes.id}>
      <span className="ag-mono" title={id}>
        {full ? id : shortId(id)}
      </span>
      <CopyButton text={id} what={what} />
    </span>
  );
}

export function CopyButton({ text, what }: { text: string; what: string }) {
  const { copied, copy } = useCopy(text);
  return (
    <button
      type="button"
      className={`${classes.button} ${copied ? classes.done : ""}`}
      onClick={copy}
      aria-label={copied ? "Copied" : `Copy ${what}`}
      title={copied ? "Copied" : `Copy ${what}`}
    >
      {copied ? <IconCheck size={15} /> : <IconCopy size={15} />}
    </button>
  );
}
