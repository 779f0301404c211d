/** Panels that are looked at later, each in a chunk of its own. */
import { lazy } from "react";

export const EventList = lazy(() => import("./event-list.tsx").then((module) => ({ default: module.EventList })));
export const SettingsList = lazy(() =>
  import("./settings-list.tsx").then((module) => ({ default: module.SettingsList })),
);
