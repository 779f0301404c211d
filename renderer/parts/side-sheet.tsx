import { type ReactNode, useEffect, useEffectEvent, useId, useRef } from "react";
import { createPortal } from "react-dom";
import { EnvironmentTag } from "./environment-tag.tsx";
import { IconX } from "./icons.ts";
import classes from "./side-sheet.module.css";

interface SideSheetProps {
  opened: boolean;
  onClose: () => void;
  title: string;
  children: ReactNode;
  /** The line of buttons at the foot; stays in sight while the rest scrolls. */
  footer?: ReactNode;
  /** Pixels, 560 by default. */
  width?: number;
  /** While something is being sent, Escape and the cross don't close it. */
  busy?: boolean;
}

/** What takes Escape for itself while the focus is in it. */
const OPEN_INSIDE = "[aria-expanded=true], [role=listbox], [role=menu], [aria-modal=true]";

/**
 * A dialog at the right edge that leaves the page beside it in sight and in reach: nothing is covered by an overlay
 * and focus may leave it. It carries the environment's colour and word, takes the focus when it opens, gives it back
 * when it closes, and closes on Escape.
 */
export function SideSheet(props: SideSheetProps) {
  return props.opened ? createPortal(<OpenSheet {...props} />, document.body) : null;
}

function OpenSheet({ onClose, title, children, footer, width = 560, busy = false }: SideSheetProps) {
  const titleId = useId();
  const sheet = useRef<HTMLDivElement>(null);
  const close = useEffectEvent(() => {
    if (!busy) onClose();
  });

  useEffect(() => {
    const before = document.activeElement;
    const target = sheet.current?.querySelector<HTMLElement>("[data-autofocus]") ?? sheet.current;
    target?.focus();
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);

  useEffect(() => {
    // Escape belongs to the innermost thing that is open: a list of choices inside the sheet closes first.
    let inner = false;
    const onCapture = (event: KeyboardEvent) => {
      inner = event.target instanceof Element && event.target.closest(OPEN_INSIDE) !== null;
    };
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== "Escape" || event.defaultPrevented || inner) return;
      event.preventDefault();
      close();
    };
    document.addEventListener("keydown", onCapture, { capture: true });
    document.addEventListener("keydown", onKey);
    return () => {
      document.removeEventListener("keydown", onCapture, { capture: true });
      document.removeEventListener("keydown", onKey);
    };
  }, []);

  return (
    <div
      ref={sheet}
      role="dialog"
      aria-labelledby={titleId}
      tabIndex={-1}
      className={classes.sheet}
      style={{ width: `min(${width}px, calc(100vw - 24px))` }}
    >
      <div className={classes.head}>
        <h2 id={titleId} className={classes.title}>
          {title}
        </h2>
        <EnvironmentTag short />
        <button type="button" className={classes.close} onClick={onClose} disabled={busy} aria-label="Close">
          <IconX size={18} />
        </button>
      </div>
      <div className={classes.body}>{children}</div>
      {footer !== undefined && <div className={classes.foot}>{footer}</div>}
    </div>
  );
}
