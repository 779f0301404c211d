/** Panels that are looked at later, each in a chunk of its own. */
import { lazy } from "react";

export const EventList = lazy(() => import("./event-list.tsx").then((module) => ({ default: module.EventList })));
export const ChildJourneys = lazy(() =>
  import("./child-journeys.tsx").then((module) => ({ default: module.ChildJourneys })),
);
export const SettingsList = lazy(() =>
  import("./settings-list.tsx").then((module) => ({ default: module.SettingsList })),
);
