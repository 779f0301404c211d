import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useSearchParams } from "react-router";
import { api } from "../api.ts";
import { IconPlus } from "../parts/icons.ts";
import { PageHeader } from "../parts/page-header.tsx";
import { useProfile } from "../queries.ts";
import { keys } from "../query-keys.ts";
import { openStartJourney } from "../start/start-store.ts";
import { Tour } from "../tour/tour.tsx";
import { BulkBar } from "./bulk-bar.tsx";
import { CountCards } from "./count-cards.tsx";
import { ExportMenu } from "./export-menu.tsx";
import { FailureGroups } from "./failure-groups.tsx";
import { FilterBar } from "./filter-bar.tsx";
import { isFiltered, type PageFilter, readFilter, toApiFilter, toQuery, writeFilter } from "./filters.ts";
import { JourneysTable } from "./journeys-table.tsx";
import { SavedViews } from "./saved-views.tsx";
import { useSelection } from "./selection.ts";

/** Groups of failures are read again this often while they are shown; only their number, more rarely. */
const GROUPS_MS = 3_000;
const GROUP_COUNT_MS = 30_000;

/** Which journeys need me? */
export function JourneysPage() {
  const [parameters, setParameters] = useSearchParams();
  const address = parameters.toString();
  const filter = useMemo(() => readFilter(new URLSearchParams(address)), [address]);
  // A relative range is counted from when it was chosen, so that the list doesn't begin anew all the time.
  const [now, setNow] = useState(() => Date.now());
  const selection = useSelection();
  const readOnly = useProfile()?.read_only === true;

  const change = (changes: Partial<PageFilter>) => {
    if (changes.range !== undefined) setNow(Date.now());
    setParameters(writeFilter({ ...filter, ...changes }), { replace: Object.hasOwn(changes, "q") });
  };
  const clear = () => setParameters(writeFilter({ ...readFilter(new URLSearchParams()), view: filter.view }));

  const query = useMemo(() => toQuery(filter, now), [filter, now]);
  const apiFilter = useMemo(() => toApiFilter(filter, now), [filter, now]);
  const countFilter = useMemo(() => ({ ...apiFilter, status: undefined }), [apiFilter]);
  const failures = useQuery({
    queryKey: keys.failures(apiFilter),
    queryFn: ({ signal }) => api.failures(apiFilter, signal),
    placeholderData: (before) => before,
    refetchInterval: filter.view === "groups" ? GROUPS_MS : GROUP_COUNT_MS,
    staleTime: GROUPS_MS,
  });
  const listKey = JSON.stringify(query);

  return (
    <>
      <PageHeader
        title="Journeys"
        actions={
          <>
            <SavedViews search={writeFilter(filter).toString()} onOpen={(search) => setParameters(search)} />
            <ExportMenu query={query} />
            {!readOnly && (
              <Button variant="filled" leftSection={<IconPlus size={15} />} onClick={() => openStartJourney()}>
                Start a journey
              </Button>
            )}
          </>
        }
      />
      <Tour />
      <CountCards filter={countFilter} chosen={filter.status} onChoose={(status) => change({ status })} />
      <FilterBar filter={filter} onChange={change} onClear={clear} groups={failures.data?.failures.length} />
      {selection.size > 0 && <BulkBar selection={selection} />}
      {filter.view === "groups" ? (
        <FailureGroups result={failures} onShow={change} />
      ) : (
        <JourneysTable
          key={listKey}
          listKey={listKey}
          query={query}
          live={filter.at === undefined && filter.to === undefined}
          sort={filter.sort}
          onSort={(sort) => change({ sort })}
          selection={selection}
          empty={
            isFiltered(filter)
              ? {
                  title: "No journey fits",
                  text: "Widen the filter: another time range, another status, less text.",
                  actions: <Button onClick={clear}>Clear the filter</Button>,
                }
              : {
                  title: "No journeys yet",
                  text: `A journey is one run of a flow. ${readOnly ? "Those of this cluster appear here when they start." : "Start one here, by npx antigraph start, or over the API."}`,
                  actions: readOnly ? undefined : (
                    <Button variant="filled" onClick={() => openStartJourney()}>
                      Start a journey
                    </Button>
                  ),
                }
          }
        />
      )}
    </>
  );
}
