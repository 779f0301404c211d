/**
 * Keyboard shortcuts: single keys (`n`) and sequences of two (`g j`). They are registered by what is on the page, so
 * the help (`?`) lists exactly what works now. They rest while something is being typed.
 */
import { useEffect, useEffectEvent } from "react";
import { createStore, useStore } from "../parts/store.ts";

export interface Shortcut {
  /** `n`, `?`, `/`, `g j`; case counts. */
  keys: string;
  /** What it does, for the help. */
  does: string;
  /** The help's heading. */
  group: string;
  /** Left out when something else listens for the key, and the help only tells of it. */
  run?: () => void;
}

/** The second key of a sequence must follow within this time. */
const SEQUENCE_MS = 1_200;

const registered = createStore<readonly Shortcut[]>([]);

/** Makes a shortcut work while the component is mounted. */
export function useShortcut(shortcut: Shortcut): void {
  const { keys, does, group } = shortcut;
  const isOurs = shortcut.run !== undefined;
  const run = useEffectEvent(() => shortcut.run?.());
  useEffect(() => {
    const entry: Shortcut = { keys, does, group, run: isOurs ? () => run() : undefined };
    registered.set([...registered.get(), entry]);
    return () => registered.set(registered.get().filter((other) => other !== entry));
  }, [keys, does, group, isOurs]);
}

export function useRegisteredShortcuts(): readonly Shortcut[] {
  return useStore(registered);
}

/** Listens for all registered shortcuts; called once, by the frame. */
export function listenForShortcuts(target: Document = document): () => void {
  let first: { key: string; at: number } | undefined;
  const onKey = (event: KeyboardEvent) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    const sequence =
      first !== undefined && event.timeStamp - first.at < SEQUENCE_MS ? `${first.key} ${event.key}` : undefined;
    first = { key: event.key, at: event.timeStamp };
    const shortcut = find(sequence) ?? find(event.key);
    if (shortcut?.run === undefined) return;
    first = undefined;
    event.preventDefault();
    shortcut.run();
  };
  target.addEventListener("keydown", onKey);
  return () => target.removeEventListener("keydown", onKey);
}

/** The one registered last wins: a page may take over a key of the frame. */
function find(keys: string | undefined): Shortcut | undefined {
  return keys === undefined
    ? undefined
    : registered.get().findLast((shortcut) => shortcut.keys === keys && shortcut.run !== undefined);
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return (
    target.isContentEditable ||
    target instanceof HTMLTextAreaElement ||
    target instanceof HTMLSelectElement ||
    (target instanceof HTMLInputElement && !["checkbox", "radio", "button", "range"].includes(target.type)) ||
    target.closest(".cm-editor, [role=menu], [role=listbox]") !== null
  );
}
