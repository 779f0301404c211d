/** The command palette: a journey by its uuid or a text, any page, any flow, any action that is allowed now. */
import { useMantineColorScheme } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { createSpotlight, Spotlight } from "@mantine/spotlight";
import "@mantine/spotlight/styles.layer.css";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useNavigate } from "react-router";
import { api } from "../api.ts";
import { shortId, shortTime } from "../parts/format.ts";
import {
  IconArrowRight,
  IconKeyboard,
  IconLockOpen,
  IconPlayerPlay,
  IconPlayerStop,
  IconSearch,
  IconSitemap,
  IconSunMoon,
} from "../parts/icons.ts";
import { JOURNEY_LOOKS } from "../parts/status.ts";
import { useStore } from "../parts/store.ts";
import { openChoose, openUnlock } from "../profiles/profile-sheets-store.ts";
import { useFlows, useManager, useProfile, useProfiles, useSetManager } from "../queries.ts";
import { openStartJourney } from "../start/start-store.ts";
import { PAGES, PROFILES_PAGE } from "./navigation.tsx";
import classes from "./palette.module.css";
import { type PaletteAction, useRegisteredActions } from "./palette-actions.ts";
import { paletteOpened } from "./palette-store.ts";
import { openShortcutsHelp } from "./shortcuts-help.tsx";

interface Group {
  group: string;
  actions: PaletteAction[];
}

const [store, spotlight] = createSpotlight();
const alreadyFiltered = <Entries,>(_query: string, entries: Entries) => entries;
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/i;
/** A text this short would match half of the journeys. */
const SHORTEST_SEARCH_CHARS = 3;
const SHOWN_JOURNEYS = 6;
const TYPING_MS = 150;

export function Palette() {
  const opened = useStore(paletteOpened);
  const [query, setQuery] = useState("");
  const groups = filterGroups(usePaletteGroups(query), query);

  useEffect(() => {
    if (opened) spotlight.open();
    else spotlight.close();
  }, [opened]);

  return (
    <Spotlight
      store={store}
      shortcut={null}
      query={query}
      onQueryChange={setQuery}
      onSpotlightClose={() => {
        paletteOpened.set(false);
        setQuery("");
      }}
      actions={groups.map(({ group, actions }) => ({ group, actions: actions.map(toSpotlight) }))}
      filter={alreadyFiltered}
      nothingFound="Nothing fits. Paste a uuid, or type a part of a page, a flow, an error or an action."
      highlightQuery
      attributes={{ content: { "aria-label": "Command palette" } }}
      overlayProps={{ backgroundOpacity: 0.4, blur: 0 }}
      classNames={{
        action: classes.action,
        actionLabel: classes.label,
        actionDescription: classes.description,
        search: classes.search,
        actionSection: classes.section,
      }}
      scrollable
      maxHeight="min(560px, 70vh)"
      searchProps={{
        leftSection: <IconSearch size={18} />,
        placeholder: "Find a journey, a flow, an action",
        "aria-label": "Find a journey, a flow, an action",
      }}
    />
  );
}

function usePaletteGroups(query: string): Group[] {
  const navigate = useNavigate();
  const go = (to: string) => void navigate(to);
  return [
    { group: "Journey", actions: pastedJourney(query, go) },
    { group: "Actions", actions: useActionsAllowedNow() },
    {
      group: "Pages",
      actions: [...PAGES, PROFILES_PAGE].map(({ to, label, question, icon }) => ({
        id: `page ${to}`,
        label,
        description: question,
        icon,
        run: () => go(to),
      })),
    },
    { group: "Flows", actions: useFlowActions(go) },
    { group: "Journeys", actions: useFoundJourneys(query, go) },
  ];
}

/** A uuid in what was typed or pasted. */
function pastedJourney(query: string, go: (to: string) => void): PaletteAction[] {
  const uuid = UUID.exec(query)?.[0].toLowerCase();
  if (uuid === undefined) return [];
  const run = () => go(`/journeys/${uuid}`);
  return [
    { id: `uuid ${uuid}`, label: `Go to journey ${shortId(uuid)}`, description: uuid, icon: IconArrowRight, run },
  ];
}

/** Journeys found by the API's own text search. */
function useFoundJourneys(query: string, go: (to: string) => void): PaletteAction[] {
  const [typed] = useDebouncedValue(query.trim(), TYPING_MS);
  const { data } = useQuery({
    queryKey: ["palette", typed],
    queryFn: ({ signal }) => api.journeys({ q: typed, limit: SHOWN_JOURNEYS }, signal),
    enabled: typed.length >= SHORTEST_SEARCH_CHARS && !UUID.test(typed),
  });
  return (data?.journeys ?? []).map((row) => ({
    id: `journey ${row.uuid}`,
    label: `${row.name} v${row.version} ${shortId(row.uuid)}`,
    description: [JOURNEY_LOOKS[row.status].word, shortTime(row.started_at), row.error?.message]
      .filter((part) => part !== undefined)
      .join(" · "),
    icon: JOURNEY_LOOKS[row.status].icon,
    run: () => go(`/journeys/${row.uuid}`),
  }));
}

function useActionsAllowedNow(): PaletteAction[] {
  const registered = useRegisteredActions();
  const profile = useProfile();
  const readOnly = profile?.read_only === true;
  const profiles = useProfiles().data;
  const manager = useManager().data;
  const setManager = useSetManager();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const actions: PaletteAction[] = [...registered];
  if (!readOnly) {
    actions.push({ id: "start", label: "Start a journey", icon: IconPlayerPlay, run: () => openStartJourney() });
    if (manager !== undefined) {
      const running = manager.running;
      actions.push({
        id: "manager",
        label: running ? "Stop the manager here" : "Start the manager here",
        icon: running ? IconPlayerStop : IconPlayerPlay,
        run: () => setManager.mutate(!running),
      });
    }
  }
  for (const { name, environment } of profiles?.profiles ?? []) {
    if (name === profiles?.current) continue;
    const label = `Open the profile ${name}…`;
    actions.push({ id: `profile ${name}`, label, description: environment, run: () => openChoose(name) });
  }
  if (profile?.environment === "prod" && profile.unlocked_until === undefined) {
    actions.push({ id: "unlock", label: "Unlock production…", icon: IconLockOpen, run: openUnlock });
  }
  for (const scheme of ["light", "dark", "auto"] as const) {
    if (scheme === colorScheme) continue;
    const label = scheme === "auto" ? "Theme: as the system" : `Theme: ${scheme}`;
    actions.push({ id: `theme ${scheme}`, label, icon: IconSunMoon, run: () => setColorScheme(scheme) });
  }
  actions.push({ id: "shortcuts", label: "Keyboard shortcuts", icon: IconKeyboard, run: openShortcutsHelp });
  return actions;
}

function useFlowActions(go: (to: string) => void): PaletteAction[] {
  const { data } = useFlows();
  const readOnly = useProfile()?.read_only === true;
  return (data?.flows ?? []).flatMap(({ name, versions }) => [
    {
      id: `flow ${name}`,
      label: `Journeys of ${name}`,
      description: `${versions.length} versions, newest ${versions[0]?.version ?? "none"}`,
      icon: IconSitemap,
      run: () => go(`/journeys?flow=${encodeURIComponent(name)}`),
    },
    ...(readOnly
      ? []
      : [
          {
            id: `start ${name}`,
            label: `Start ${name}`,
            icon: IconPlayerPlay,
            run: () => openStartJourney({ name }),
          },
        ]),
  ]);
}

function toSpotlight({ id, label, description, icon: Icon, run }: PaletteAction) {
  return {
    id,
    label,
    description,
    leftSection: Icon === undefined ? undefined : <Icon size={18} stroke={1.7} aria-hidden />,
    onClick: run,
  };
}

/** Every typed word must stand in the label, the description or the keywords. Journeys are found by the API already. */
function filterGroups(groups: Group[], query: string): Group[] {
  const words = query
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "");
  return groups
    .map(({ group, actions }) => ({
      group,
      actions: actions.filter(({ label, description, keywords }) => {
        const text = [label, description, keywords].join(" ").toLowerCase();
        return group.startsWith("Journey") || words.every((word) => text.includes(word));
      }),
    }))
    .filter(({ actions }) => actions.length > 0);
}
