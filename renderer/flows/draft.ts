/** Drafts: the document being drawn, kept in the browser's storage so that a closed window loses nothing. */
import type { FlowDocument } from "./document.ts";
import { readWorkflow } from "./import-flow.ts";

export interface Draft {
  document: FlowDocument;
  /** The published version it was begun from. */
  base?: string;
  /** ISO 8601. */
  savedAt: string;
}

/** The part of `localStorage` that is used. */
export type DraftStorage = Pick<Storage, "getItem" | "setItem" | "removeItem" | "key" | "length">;

const prefix = (profile: string) => `antigraph.draft/${encodeURIComponent(profile)}/`;
/** A new flow has no name yet to keep its draft under. */
const keyOf = (profile: string, flow: string | undefined) =>
  prefix(profile) + (flow === undefined ? "" : `=${encodeURIComponent(flow)}`);

/** Keeps a draft; answers false when the storage is full or shut. `flow`: the published flow, undefined for a new one. */
export function saveDraft(storage: DraftStorage, profile: string, flow: string | undefined, draft: Draft): boolean {
  try {
    storage.setItem(keyOf(profile, flow), JSON.stringify(draft));
    return true;
  } catch {
    return false;
  }
}

export function loadDraft(storage: DraftStorage, profile: string, flow: string | undefined): Draft | undefined {
  try {
    return readDraft(storage.getItem(keyOf(profile, flow)));
  } catch {
    return undefined;
  }
}

export function dropDraft(storage: DraftStorage, profile: string, flow: string | undefined): void {
  try {
    storage.removeItem(keyOf(profile, flow));
  } catch {
    // A storage that can't be reached holds no draft either.
  }
}

/** The published flows that have a draft, and whether there is one of a new flow. */
export function listDrafts(storage: DraftStorage, profile: string): { flows: string[]; fresh: boolean } {
  const flows: string[] = [];
  let fresh = false;
  try {
    for (let index = 0; index < storage.length; index += 1) {
      const key = storage.key(index);
      if (key === null || !key.startsWith(prefix(profile))) continue;
      const rest = key.slice(prefix(profile).length);
      if (rest === "") fresh = true;
      else flows.push(decodeURIComponent(rest.slice(1)));
    }
  } catch {
    return { flows, fresh };
  }
  return { flows, fresh };
}

function readDraft(text: string | null): Draft | undefined {
  if (text === null) return undefined;
  const value: unknown = JSON.parse(text);
  if (!isMap(value) || typeof value.savedAt !== "string" || !isMap(value.document)) return undefined;
  const { name, workflow } = value.document;
  if (typeof name !== "string" || !isMap(workflow)) return undefined;
  const read = readWorkflow(workflow);
  if (!read.ok) return undefined;
  const base = typeof value.base === "string" ? value.base : undefined;
  return { document: { name, workflow: read.workflow }, base, savedAt: value.savedAt };
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
