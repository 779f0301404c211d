import { ActionIcon, Button, SegmentedControl, Select, Tooltip } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { JourneyFilter } from "../../engine/audit/store.ts";
import { api } from "../api.ts";
import { count } from "../parts/format.ts";
import { IconFilterOff, IconUser } from "../parts/icons.ts";
import { TypedFilter } from "../parts/typed-filter.tsx";
import { useFlows, useServices } from "../queries.ts";
import { keys } from "../query-keys.ts";
import classes from "./filter-bar.module.css";
import { isFiltered, type PageFilter } from "./filters.ts";
import { TimeFilter } from "./time-filter.tsx";

const WAITING: JourneyFilter = { waiting: "approval" };

interface FilterBarProps {
  filter: PageFilter;
  onChange: (change: Partial<PageFilter>) => void;
  onClear: () => void;
  /** How many groups of failures there are, when known. */
  groups: number | undefined;
}

export function FilterBar({ filter, onChange, onClear, groups }: FilterBarProps) {
  const flows = useFlows().data?.flows ?? [];
  const services = useServices().data?.services ?? [];
  const versions = flows.find(({ name }) => name === filter.flow)?.versions ?? [];
  return (
    <search className={classes.bar} aria-label="Filter journeys">
      <Select
        aria-label="Flow"
        placeholder="Any flow"
        className={classes.select}
        data={withOwn(
          flows.map(({ name }) => name),
          filter.flow,
        )}
        value={filter.flow ?? null}
        onChange={(flow) => onChange({ flow: flow ?? undefined, version: undefined })}
        clearable
        searchable
      />
      {filter.flow !== undefined && (
        <Select
          aria-label="Version"
          placeholder="Any version"
          className={classes.version}
          data={withOwn(
            versions.map(({ version }) => version),
            filter.version,
          ).map((version) => ({
            value: version,
            label: `v${version}`,
          }))}
          value={filter.version ?? null}
          onChange={(version) => onChange({ version: version ?? undefined })}
          clearable
        />
      )}
      <Select
        aria-label="Service"
        placeholder="Any service"
        className={classes.select}
        data={withOwn(
          services.map(({ service }) => service),
          filter.service,
        )}
        value={filter.service ?? null}
        onChange={(service) => onChange({ service: service ?? undefined })}
        clearable
        searchable
      />
      <ApprovalFilter chosen={filter.waiting === "approval"} onChange={onChange} />
      <TypedFilter
        label="Error code or a part of the message"
        placeholder="Any error"
        className={classes.error}
        value={filter.error}
        onChange={(error) => onChange({ error })}
      />
      <TimeFilter filter={filter} onChange={onChange} />
      <TypedFilter
        label="Text in ids, inputs, outputs and errors"
        placeholder="in ids, inputs, outputs, errors"
        className={classes.text}
        value={filter.q}
        onChange={(q) => onChange({ q })}
        shortcut="Search in journeys"
      />
      {isFiltered(filter) && (
        <Tooltip label="Clear the filter">
          <ActionIcon onClick={onClear} aria-label="Clear the filter">
            <IconFilterOff size={17} />
          </ActionIcon>
        </Tooltip>
      )}
      <div className={classes.grow} />
      <SegmentedControl
        aria-label="View"
        data={[
          { value: "rows", label: "Journeys" },
          { value: "groups", label: groups === undefined ? "Failure groups" : `Failure groups (${groups})` },
        ]}
        value={filter.view}
        onChange={(view) => onChange({ view: view === "groups" ? "groups" : "rows" })}
      />
    </search>
  );
}

/** Where approvals are waited for anywhere, they are one press away. */
function ApprovalFilter({ chosen, onChange }: { chosen: boolean; onChange: FilterBarProps["onChange"] }) {
  const { data } = useQuery({ queryKey: keys.counts(WAITING), queryFn: ({ signal }) => api.counts(WAITING, signal) });
  const waiting = data === undefined ? 0 : Object.values(data).reduce((sum, each) => sum + each, 0);
  if (waiting === 0 && !chosen) return null;
  return (
    <Button
      className={classes.approval}
      aria-pressed={chosen}
      leftSection={<IconUser size={15} />}
      onClick={() => onChange({ waiting: chosen ? undefined : "approval" })}
    >
      Approvals ({count(waiting)})
    </Button>
  );
}

/** The choices, with the one in the URL even when the list doesn't know it (any more). */
function withOwn(known: string[], own: string | undefined): string[] {
  return own === undefined || known.includes(own) ? known : [own, ...known];
}
