import type { TablerIcon } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { NavLink } from "react-router";
import { api } from "../api.ts";
import { count } from "../parts/format.ts";
import {
  IconDatabase,
  IconHistory,
  IconListDetails,
  IconPlugConnected,
  IconServer,
  IconSitemap,
} from "../parts/icons.ts";
import { NEEDS_OPERATOR } from "../parts/status.ts";
import { useInfo, useServices } from "../queries.ts";
import { keys } from "../query-keys.ts";
import classes from "./frame.module.css";

export interface Page {
  to: string;
  label: string;
  icon: TablerIcon;
  /** The shortcut that goes there. */
  keys: string;
  /** The question it answers, for the palette. */
  question: string;
}

export const PAGES: readonly Page[] = [
  { to: "/journeys", label: "Journeys", icon: IconListDetails, keys: "g j", question: "Which ones need me?" },
  { to: "/flows", label: "Flows", icon: IconSitemap, keys: "g f", question: "What do we run, and is it right?" },
  { to: "/services", label: "Services", icon: IconServer, keys: "g s", question: "Who is slow or down?" },
  { to: "/cluster", label: "Cluster", icon: IconDatabase, keys: "g c", question: "Is the bus well?" },
  { to: "/activity", label: "Activity", icon: IconHistory, keys: "g a", question: "Who did what?" },
];

/** Beside the pages of every day: at the foot of the navigation. */
export const PROFILES_PAGE: Page = {
  to: "/profiles",
  label: "Profiles",
  icon: IconPlugConnected,
  keys: "g p",
  question: "Which clusters do we know?",
};

export function Navigation() {
  const waiting = useWaitingJourneys();
  const down = useServices().data?.services.filter(({ status }) => status === "down").length ?? 0;
  const info = useInfo().data;
  const marks: Record<string, { value: number; says: string }> = {
    "/journeys": { value: waiting, says: `${waiting} waiting for an operator` },
    "/services": { value: down, says: `${down} down` },
  };
  return (
    <nav className={classes.nav} aria-label="Pages">
      {PAGES.map(({ to, label, icon: Icon }) => {
        const mark = marks[to];
        return (
          <NavLink key={to} to={to} className={classes.link} title={label}>
            <Icon size={18} stroke={1.7} aria-hidden />
            <span className={classes.linkLabel}>{label}</span>
            {mark !== undefined && mark.value > 0 && (
              <span className={classes.linkCount} title={mark.says}>
                {count(mark.value)}
                <span className="ag-visually-hidden"> ({mark.says})</span>
              </span>
            )}
          </NavLink>
        );
      })}
      <NavLink to={PROFILES_PAGE.to} className={`${classes.link} ${classes.linkLast}`} title={PROFILES_PAGE.label}>
        <PROFILES_PAGE.icon size={18} stroke={1.7} aria-hidden />
        <span className={classes.linkLabel}>{PROFILES_PAGE.label}</span>
      </NavLink>
      {info !== undefined && <div className={classes.navFoot}>Antigraph {info.version}</div>}
    </nav>
  );
}

/** How many journeys wait for somebody, whatever the filters of the page say. */
function useWaitingJourneys(): number {
  const { data } = useQuery({ queryKey: keys.counts({}), queryFn: ({ signal }) => api.counts({}, signal) });
  if (data === undefined) return 0;
  return NEEDS_OPERATOR.reduce((sum, status) => sum + data[status], 0);
}
