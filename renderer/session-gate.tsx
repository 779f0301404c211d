import { lazy, type ReactNode, Suspense, useSyncExternalStore } from "react";
import { onSessionChange, sessionState } from "./session.ts";

/** Seldom seen, so it is fetched when it is. */
const SessionClosed = lazy(() =>
  import("./session-closed.tsx").then((module) => ({ default: module.SessionClosed })),
);

/** Shows the console once there is a session; until then, how to come by one. */
export function SessionGate({ children }: { children: ReactNode }) {
  const state = useSyncExternalStore(onSessionChange, sessionState);
  switch (state.kind) {
    case "opening":
      return null;
    case "open":
      return children;
    case "closed":
      return (
        <Suspense>
          <SessionClosed why={state.why} />
        </Suspense>
      );
    default:
      return state satisfies never;
  }
}
