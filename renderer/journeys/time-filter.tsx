import { Button, Popover, TextInput } from "@mantine/core";
import { useState } from "react";
import { shortTime, zone } from "../parts/format.ts";
import { IconCheck, IconChevronDown, IconClock } from "../parts/icons.ts";
import classes from "./filter-bar.module.css";
import { type PageFilter, RANGES, type Range } from "./filters.ts";

interface TimeFilterProps {
  filter: PageFilter;
  onChange: (change: Partial<PageFilter>) => void;
}

/** When the journeys were started: a range back from now, from and to, or a jump to a moment. */
export function TimeFilter({ filter, onChange }: TimeFilterProps) {
  const [opened, setOpened] = useState(false);
  const choose = (range: Range | undefined) => {
    onChange({ range, from: undefined, to: undefined, at: undefined });
    setOpened(false);
  };
  return (
    <Popover
      opened={opened}
      onChange={setOpened}
      position="bottom-start"
      width={300}
      shadow="md"
      trapFocus
      returnFocus
    >
      <Popover.Target>
        <Button
          onClick={() => setOpened(!opened)}
          leftSection={<IconClock size={15} />}
          rightSection={<IconChevronDown size={14} />}
          aria-label={`Started: ${describeTime(filter)}`}
        >
          {describeTime(filter)}
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label="When the journeys were started">
        <div className={classes.presets}>
          <Preset label="Any time" chosen={isAnyTime(filter)} onChoose={() => choose(undefined)} />
          {Object.entries(RANGES).map(([range, { label }]) => (
            <Preset
              key={range}
              label={label}
              chosen={filter.range === range}
              onChoose={() => choose(range as Range)}
            />
          ))}
        </div>
        <Exact filter={filter} onChange={onChange} onDone={() => setOpened(false)} />
      </Popover.Dropdown>
    </Popover>
  );
}

function Preset({ label, chosen, onChoose }: { label: string; chosen: boolean; onChoose: () => void }) {
  return (
    <Button
      variant="subtle"
      color="gray"
      justify="space-between"
      aria-pressed={chosen}
      rightSection={chosen ? <IconCheck size={15} /> : undefined}
      onClick={onChoose}
      fullWidth
    >
      {label}
    </Button>
  );
}

function Exact({ filter, onChange, onDone }: TimeFilterProps & { onDone: () => void }) {
  const [from, setFrom] = useState(toLocal(filter.from));
  const [to, setTo] = useState(toLocal(filter.to));
  const [at, setAt] = useState(toLocal(filter.at));
  return (
    <>
      <form
        className={classes.fields}
        onSubmit={(event) => {
          event.preventDefault();
          onChange({ range: undefined, from: fromLocal(from), to: fromLocal(to), at: undefined });
          onDone();
        }}
      >
        <TextInput
          type="datetime-local"
          step={1}
          label={`From (${zone()})`}
          value={from}
          onChange={(event) => setFrom(event.currentTarget.value)}
        />
        <TextInput
          type="datetime-local"
          step={1}
          label="Before"
          value={to}
          onChange={(event) => setTo(event.currentTarget.value)}
        />
        <Button type="submit" disabled={from === "" && to === ""}>
          Show this range
        </Button>
      </form>
      <form
        className={classes.jump}
        onSubmit={(event) => {
          event.preventDefault();
          onChange({ at: fromLocal(at), sort: "-started_at" });
          onDone();
        }}
      >
        <TextInput
          type="datetime-local"
          step={1}
          label="Jump to a moment"
          value={at}
          onChange={(event) => setAt(event.currentTarget.value)}
        />
        <Button type="submit" disabled={at === ""}>
          Jump
        </Button>
      </form>
    </>
  );
}

function isAnyTime({ range, from, to, at }: PageFilter): boolean {
  return range === undefined && from === undefined && to === undefined && at === undefined;
}

function describeTime(filter: PageFilter): string {
  if (filter.at !== undefined) return `Before ${shortTime(filter.at)}`;
  if (filter.range !== undefined) return RANGES[filter.range].label;
  const { from, to } = filter;
  if (from !== undefined && to !== undefined) return `${shortTime(from)} to ${shortTime(to)}`;
  if (from !== undefined) return `Since ${shortTime(from)}`;
  return to === undefined ? "Any time" : `Before ${shortTime(to)}`;
}

/** The value of a field for local date and time. */
function toLocal(iso: string | undefined): string {
  if (iso === undefined) return "";
  const at = new Date(iso);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

function fromLocal(text: string): string | undefined {
  const at = new Date(text);
  return text === "" || Number.isNaN(at.getTime()) ? undefined : at.toISOString();
}
