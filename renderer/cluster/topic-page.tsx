import { Button, NumberInput, Select, Switch, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useParams, useSearchParams } from "react-router";
import type { TopicRecord } from "../../engine/api/schemas/record.ts";
import { api } from "../api.ts";
import { count, plural } from "../parts/format.ts";
import { IconSend } from "../parts/icons.ts";
import { PageHeader } from "../parts/page-header.tsx";
import { EmptyState, ErrorState, ErrorStrip, SkeletonRows } from "../parts/states.tsx";
import { useProfile } from "../queries.ts";
import { keys } from "../query-keys.ts";
import classes from "./cluster.module.css";
import { isDeadLetterTopic } from "./dead-letter.ts";
import { around, lowestOffsets, newest, olderThan, type TopicOffsets } from "./positions.ts";
import { ProduceSheet } from "./produce-sheet.tsx";
import { RecordDetails } from "./record-details.tsx";
import { RecordsTable } from "./records-table.tsx";
import { useRecords } from "./use-records.ts";

/** What stands in a topic: its newest records, a place in it, or what comes in now. */
export function TopicPage() {
  const { topic = "" } = useParams();
  const topics = useQuery({ queryKey: keys.topics, queryFn: ({ signal }) => api.topics(signal) });
  const found = topics.data?.topics.find(({ name }) => name === topic);
  const header = { title: topic, parent: { to: "/cluster", label: "Cluster" } };
  if (topics.isPending) {
    return (
      <>
        <PageHeader {...header} />
        <SkeletonRows rows={10} />
      </>
    );
  }
  if (topics.error !== null && found === undefined) {
    return (
      <>
        <PageHeader {...header} />
        <ErrorState what="The topics can't be read." error={topics.error} onRetry={() => void topics.refetch()} />
      </>
    );
  }
  if (found === undefined) {
    return (
      <>
        <PageHeader {...header} />
        <EmptyState title={`There is no topic ${topic}`}>It may have another prefix on this profile.</EmptyState>
      </>
    );
  }
  return <TopicRecords key={topic} topic={topic} offsets={found.offsets} />;
}

function TopicRecords({ topic, offsets }: { topic: string; offsets: TopicOffsets }) {
  const [parameters, setParameters] = useSearchParams();
  const partition = wholeNumber(parameters.get("partition"));
  const asked = partition === undefined ? undefined : wholeNumber(parameters.get("offset"));
  // `at` is a position in the form of the API: older records, further back.
  const at = parameters.get("at") ?? undefined;
  const inPartition = partition === undefined ? offsets : offsets.filter((each) => each.partition === partition);
  const offset = asked === undefined ? (at ?? newest(inPartition)) : around(asked, inPartition);
  const atEnd = asked === undefined && at === undefined;
  const [live, setLive] = useState(true);
  const [find, setFind] = useState("");
  const [producing, setProducing] = useState<{ template?: TopicRecord } | undefined>(undefined);
  const [chosen, setChosen] = useState<string | undefined>(
    partition === undefined || asked === undefined ? undefined : `${partition}:${asked}`,
  );
  const profile = useProfile();
  const mayProduce = profile !== undefined && !profile.read_only && profile.environment !== "prod";

  const { records, dropped, loading, error, retry } = useRecords(topic, offset, partition, live && atEnd);
  const wanted = find.trim().toLowerCase();
  const shown = records
    .filter((record) => wanted === "" || matches(record, wanted))
    .sort((left, right) => right.timestamp.localeCompare(left.timestamp) || right.offset - left.offset);
  const older = olderThan(inPartition, lowestOffsets(records));
  const total = offsets.reduce((sum, { start, end }) => sum + end - start, 0);
  const open = shown.find((record) => idOf(record) === chosen);

  const place = (next: Record<string, string>) => {
    setChosen(next.offset === undefined ? undefined : `${next.partition}:${next.offset}`);
    setParameters(next);
  };
  const samePartition: Record<string, string> = partition === undefined ? {} : { partition: String(partition) };

  return (
    <>
      <PageHeader
        title={topic}
        parent={{ to: "/cluster", label: "Cluster" }}
        note={`${plural(total, "record")} in ${plural(offsets.length, "partition")}`}
        actions={
          mayProduce && (
            <Button leftSection={<IconSend size={15} />} onClick={() => setProducing({})}>
              Produce a record
            </Button>
          )
        }
      />
      <search className={classes.bar} aria-label="Where to read">
        <Select
          aria-label="Partition"
          data={[
            { value: "", label: "All partitions" },
            ...offsets.map((each) => ({ value: String(each.partition), label: `Partition ${each.partition}` })),
          ]}
          value={partition === undefined ? "" : String(partition)}
          onChange={(next) => place(next === null || next === "" ? {} : { partition: next })}
          allowDeselect={false}
          w={150}
        />
        {partition !== undefined && (
          <OffsetForm
            key={asked}
            range={inPartition[0]}
            offset={asked}
            onGo={(next) => place({ ...samePartition, offset: String(next) })}
          />
        )}
        <TextInput
          type="search"
          aria-label="Find in the records shown"
          placeholder="find in the records shown"
          value={find}
          onChange={(event) => setFind(event.currentTarget.value)}
          w={220}
        />
        <div className={classes.grow} />
        {atEnd ? (
          <Switch
            label="Follow new records"
            checked={live}
            onChange={(event) => setLive(event.currentTarget.checked)}
          />
        ) : (
          <Button onClick={() => place(samePartition)}>To the newest</Button>
        )}
        <Button
          disabled={older === undefined}
          onClick={() => older !== undefined && place({ ...samePartition, at: older })}
        >
          Older
        </Button>
      </search>
      {error !== null && error !== undefined && records.length > 0 && (
        <ErrorStrip what="Not up to date." error={error} onRetry={retry} />
      )}
      {dropped > 0 && (
        <p className={classes.dropped} role="status">
          {count(dropped)} records that came in while this page followed are no longer shown here; they stand in the
          topic.
        </p>
      )}
      {loading ? (
        <SkeletonRows rows={10} />
      ) : records.length === 0 && error !== null && error !== undefined ? (
        <ErrorState what="The records can't be read." error={error} onRetry={retry} />
      ) : shown.length === 0 ? (
        <EmptyState title={wanted === "" ? "No records here" : "None of the records shown has that"}>
          {wanted === "" ? "New ones appear as they come." : "The search looks through what is shown, not the topic."}
        </EmptyState>
      ) : (
        <div className={open === undefined ? classes.alone : classes.beside}>
          <RecordsTable
            records={shown}
            deadLetters={isDeadLetterTopic(topic)}
            chosen={chosen}
            onChoose={(record) => setChosen(idOf(record))}
          />
          {open !== undefined && (
            <RecordDetails
              topic={topic}
              record={open}
              onClose={() => setChosen(undefined)}
              onResend={mayProduce ? () => setProducing({ template: open }) : undefined}
            />
          )}
        </div>
      )}
      {producing !== undefined && (
        <ProduceSheet topic={topic} template={producing.template} onClose={() => setProducing(undefined)} />
      )}
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
        w={190}
      />
      <Button type="submit" disabled={!valid}>
        Go
      </Button>
    </form>
  );
}

export function idOf({ partition, offset }: { partition: number; offset: number }): string {
  return `${partition}:${offset}`;
}

function matches({ key, value, headers }: TopicRecord, wanted: string): boolean {
  return [key, value, ...Object.values(headers)].some((text) => text?.toLowerCase().includes(wanted) === true);
}

function wholeNumber(text: string | null): number | undefined {
  const value = Number(text);
  return text !== null && text !== "" && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}
