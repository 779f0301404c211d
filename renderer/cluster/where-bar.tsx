/** Where a topic is read: partition, offset, time, key. */
import { Button, NumberInput, Select, TextInput } from "@mantine/core";
import { useState } from "react";
import { count } from "../parts/format.ts";
import classes from "./cluster.module.css";
import type { TopicOffsets } from "./positions.ts";

/** What stands in the address: one place to begin, and what to look for. */
export interface Where {
  partition?: number;
  offset?: number;
  /** ISO 8601. */
  since?: string;
  key?: string;
}

interface WhereBarProps {
  offsets: TopicOffsets;
  where: Where;
  onGo: (where: Where) => void;
}

export function WhereBar({ offsets, where, onGo }: WhereBarProps) {
  const { partition, since, key } = where;
  return (
    <>
      <Select
        aria-label="Partition"
        data={[
          { value: "", label: "All partitions" },
          ...offsets.map((each) => ({ value: String(each.partition), label: `Partition ${each.partition}` })),
        ]}
        value={partition === undefined ? "" : String(partition)}
        onChange={(next) => onGo({ partition: next === null || next === "" ? undefined : Number(next), since, key })}
        allowDeselect={false}
        w={142}
      />
      {partition !== undefined && (
        <OffsetForm
          key={where.offset}
          range={offsets.find((each) => each.partition === partition)}
          offset={where.offset}
          onGo={(offset) => onGo({ partition, offset })}
        />
      )}
      <TimeForm key={`time ${since ?? ""}`} since={since} onGo={(next) => onGo({ partition, since: next, key })} />
      <KeyForm key={`key ${key ?? ""}`} value={key} onGo={(next) => onGo({ partition, since, key: next })} />
    </>
  );
}

interface OffsetFormProps {
  range: TopicOffsets[number] | undefined;
  offset: number | undefined;
  onGo: (offset: number) => void;
}

function OffsetForm({ range, offset, onGo }: OffsetFormProps) {
  const [typed, setTyped] = useState<string | number>(offset ?? "");
  const start = range?.start ?? 0;
  const end = range?.end ?? 0;
  const valid = typed !== "" && Number(typed) >= start && Number(typed) < end;
  return (
    <form
      className={classes.offset}
      onSubmit={(event) => {
        event.preventDefault();
        if (valid) onGo(Number(typed));
      }}
    >
      <NumberInput
        aria-label={`Offset, ${start} to ${end - 1}`}
        placeholder={`offset ${count(start)} to ${count(Math.max(start, end - 1))}`}
        value={typed}
        onChange={setTyped}
        min={0}
        allowDecimal={false}
        hideControls
        w={180}
      />
      <Button type="submit" disabled={!valid}>
        Go
      </Button>
    </form>
  );
}

/** From a moment of the local clock on. */
function TimeForm({ since, onGo }: { since: string | undefined; onGo: (since: string | undefined) => void }) {
  const [typed, setTyped] = useState(() => localOf(since));
  const at = new Date(typed);
  const valid = typed !== "" && !Number.isNaN(at.getTime());
  return (
    <form
      className={classes.offset}
      onSubmit={(event) => {
        event.preventDefault();
        onGo(valid ? at.toISOString() : undefined);
      }}
    >
      <TextInput
        type="datetime-local"
        step={1}
        aria-label="From this time on"
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
        w={190}
      />
      <Button type="submit" disabled={!valid && since === undefined} aria-label="Go to this time">
        {valid || since === undefined ? "Go" : "Clear"}
      </Button>
    </form>
  );
}

function KeyForm({ value, onGo }: { value: string | undefined; onGo: (key: string | undefined) => void }) {
  const [typed, setTyped] = useState(value ?? "");
  return (
    <form
      className={classes.offset}
      onSubmit={(event) => {
        event.preventDefault();
        onGo(typed.trim() === "" ? undefined : typed.trim());
      }}
    >
      <TextInput
        type="search"
        aria-label="Only this key"
        placeholder="a key, such as a uuid"
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
        spellCheck={false}
        w={190}
      />
      <Button type="submit" disabled={typed.trim() === (value ?? "")} aria-label="Look for this key">
        {typed.trim() === "" && value !== undefined ? "Clear" : "Look"}
      </Button>
    </form>
  );
}

/** As a field of the browser writes it: local, to the second. */
function localOf(iso: string | undefined): string {
  const at = new Date(iso ?? "");
  if (Number.isNaN(at.getTime())) return "";
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}
