/** Keeps the designer's document as a draft while it differs from what was published. */
import { useEffect, useEffectEvent, useState } from "react";
import type { Designer } from "./designer-store.ts";
import type { FlowDocument } from "./document.ts";
import { dropDraft, saveDraft } from "./draft.ts";

/** Changes closer together than this are saved together. */
const SAVE_MS = 400;

export type SaveState = { kind: "same" } | { kind: "saved"; at: string } | { kind: "failed" };

interface AutosaveOptions {
  designer: Designer;
  profile: string;
  /** The published flow; undefined for a new one. */
  flow: string | undefined;
  base: { version?: string; document: FlowDocument };
  /** Of the draft that was opened. */
  savedAt?: string;
}

/** Answers with what is kept, and a function that ends the draft for good (it has been published). */
export function useAutosave(options: AutosaveOptions): { state: SaveState; end: () => void } {
  const { designer, profile, flow, base } = options;
  const [state, setState] = useState<SaveState>(
    options.savedAt === undefined ? { kind: "same" } : { kind: "saved", at: options.savedAt },
  );
  const [ended] = useState({ yes: false });

  const save = useEffectEvent(() => {
    if (ended.yes) return;
    const document = designer.document();
    if (JSON.stringify(document) === JSON.stringify(base.document)) {
      dropDraft(localStorage, profile, flow);
      setState({ kind: "same" });
      return;
    }
    const savedAt = new Date().toISOString();
    const kept = saveDraft(localStorage, profile, flow, { document, base: base.version, savedAt });
    setState(kept ? { kind: "saved", at: savedAt } : { kind: "failed" });
  });

  useEffect(() => {
    let last = designer.document();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const flush = () => {
      if (timer === undefined) return;
      clearTimeout(timer);
      timer = undefined;
      save();
    };
    const stop = designer.subscribe(() => {
      if (designer.document() === last) return;
      last = designer.document();
      clearTimeout(timer);
      timer = setTimeout(flush, SAVE_MS);
    });
    window.addEventListener("pagehide", flush);
    return () => {
      stop();
      flush();
      window.removeEventListener("pagehide", flush);
    };
  }, [designer]);

  const end = () => {
    ended.yes = true;
    dropDraft(localStorage, profile, flow);
  };
  return { state, end };
}
