/**
 * How the page comes to its token. In the browser the console is opened with a single-use code in the address's
 * fragment, which is exchanged for a token and taken out of the address; the token lives in sessionStorage, and other
 * tabs of the same origin may ask for it. On the desktop the pages come over a private protocol and need none.
 */
import type { Session } from "../engine/api/schemas/console.ts";

/** The desktop's preload says so, before any script of the page runs. */
export const isDesktop = "antigraphHost" in globalThis;

const STORAGE_KEY = "antigraph.token";
const CHANNEL = "antigraph.session";
/** How long a new tab waits for another tab to share its token. */
const ASK_TABS_MS = 1_000;

/** `missing`: opened without a code; `refused`: the token was wrong; `used`: the code was wrong or already used. */
export type SessionState =
  | { kind: "opening" }
  | { kind: "open" }
  | { kind: "closed"; why: "missing" | "refused" | "used" };

let state: SessionState = { kind: "opening" };
let token: string | undefined;
const listeners = new Set<() => void>();

export function sessionState(): SessionState {
  return state;
}

export function onSessionChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The headers that prove who calls; none on the desktop. */
export function sessionHeaders(): Record<string, string> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}

/** Finds the token: from the code in the fragment, from this tab's storage, or from another tab. */
export async function openSession(): Promise<void> {
  if (isDesktop) return become({ kind: "open" });
  answerOtherTabs();
  const code = takeCodeFromAddress();
  if (code !== undefined) {
    const exchanged = await exchange(code);
    if (exchanged !== undefined) return adoptToken(exchanged);
  }
  const kept = sessionStorage.getItem(STORAGE_KEY) ?? (await askOtherTabs());
  if (kept !== null && kept !== undefined) return adoptToken(kept);
  become({ kind: "closed", why: code === undefined ? "missing" : "used" });
}

/** Takes a token typed by hand, or given by another tab. */
export function adoptToken(given: string): void {
  token = given;
  sessionStorage.setItem(STORAGE_KEY, given);
  become({ kind: "open" });
}

/** The API said 401: what we have is worth nothing. */
export function refuseSession(): void {
  if (isDesktop || state.kind === "closed") return;
  const had = token !== undefined;
  token = undefined;
  sessionStorage.removeItem(STORAGE_KEY);
  become({ kind: "closed", why: had ? "refused" : "missing" });
}

function become(next: SessionState): void {
  state = next;
  for (const listener of listeners) listener();
}

function takeCodeFromAddress(): string | undefined {
  const match = /^#code=([^&]+)$/.exec(location.hash);
  if (match?.[1] === undefined) return undefined;
  history.replaceState(history.state, "", location.pathname + location.search);
  return decodeURIComponent(match[1]);
}

async function exchange(code: string): Promise<string | undefined> {
  try {
    const response = await fetch("/api/v1/session", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ code }),
    });
    if (!response.ok) return undefined;
    const answer: Session = await response.json();
    return answer.token;
  } catch {
    return undefined;
  }
}

function askOtherTabs(): Promise<string | undefined> {
  return new Promise((resolve) => {
    const channel = new BroadcastChannel(CHANNEL);
    const finish = (found: string | undefined) => {
      clearTimeout(timer);
      channel.close();
      resolve(found);
    };
    const timer = setTimeout(() => finish(undefined), ASK_TABS_MS);
    channel.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (typeof data === "object" && data !== null && "token" in data && typeof data.token === "string") {
        finish(data.token);
      }
    };
    channel.postMessage({ ask: true });
  });
}

function answerOtherTabs(): void {
  const channel = new BroadcastChannel(CHANNEL);
  channel.onmessage = ({ data }: MessageEvent<unknown>) => {
    if (typeof data === "object" && data !== null && "ask" in data && token !== undefined)
      channel.postMessage({ token });
  };
}
