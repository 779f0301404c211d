import { Button, Switch, TextInput } from "@mantine/core";
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
import type { Topic } from "./cluster-health.ts";
import { holdsDeadLetters } from "./dead-letter.ts";
import { PartitionsCard } from "./partitions-card.tsx";
import { around, lowestOffsets, newest, olderThan, type TopicOffsets } from "./positions.ts";
import { ProduceSheet } from "./produce-sheet.tsx";
import { RecordDetails } from "./record-details.tsx";
import { RecordsTable } from "./records-table.tsx";
import { ResendSheet } from "./resend-sheet.tsx";
import { type KeySearch, useKeySearch } from "./use-key-search.ts";
import { type From, useRecords } from "./use-records.ts";
import { type Where, WhereBar } from "./where-bar.tsx";

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
  return <TopicRecords key={topic} topic={found} />;
}

function TopicRecords({ topic }: { topic: Topic }) {
  const { name, offsets } = topic;
  const [parameters, setParameters] = useSearchParams();
  const where = readWhere(parameters);
  const { partition, offset: asked, since, key } = where;
  // `at` is a position in the form of the API: older records, further back.
  const at = parameters.get("at") ?? undefined;
  const inPartition = partition === undefined ? offsets : offsets.filter((each) => each.partition === partition);
  const atEnd = asked === undefined && at === undefined && since === undefined && key === undefined;
  const [live, setLive] = useState(true);
  const [find, setFind] = useState("");
  const [producing, setProducing] = useState<{ template?: TopicRecord } | undefined>(undefined);
  const [resending, setResending] = useState<TopicRecord>();
  const [chosen, setChosen] = useState<string | undefined>(
    partition === undefined || asked === undefined ? undefined : `${partition}:${asked}`,
  );
  const profile = useProfile();
  const mayWrite = profile !== undefined && !profile.read_only;
  const mayProduce = profile !== undefined && !profile.read_only && profile.environment !== "prod";

  const look = useRecords(
    name,
    key === undefined ? placeOf(where, at, inPartition) : undefined,
    partition,
    live && atEnd,
  );
  const search = useKeySearch(key, { topic: name, partition, since, offsets });
  const records = key === undefined ? look.records : search.records;
  const error = key === undefined ? look.error : search.error;
  const retry = key === undefined ? look.retry : search.further;
  const loading = key === undefined ? look.loading : search.searching && records.length === 0;
  const wanted = find.trim().toLowerCase();
  const shown = records
    .filter((record) => wanted === "" || matches(record, wanted))
    .sort((left, right) => right.timestamp.localeCompare(left.timestamp) || right.offset - left.offset);
  const older = key === undefined ? olderThan(inPartition, lowestOffsets(records)) : undefined;
  const total = offsets.reduce((sum, { start, end }) => sum + end - start, 0);
  const open = shown.find((record) => idOf(record) === chosen);

  const go = (next: Where, further: Record<string, string> = {}) => {
    setChosen(next.offset === undefined ? undefined : `${next.partition}:${next.offset}`);
    setParameters({ ...writeWhere(next), ...further });
  };

  return (
    <>
      <PageHeader
        title={name}
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
      <div className={classes.above}>
        <PartitionsCard topic={topic} />
        {atEnd ? (
          <Switch
            label="Follow new records"
            checked={live}
            onChange={(event) => setLive(event.currentTarget.checked)}
          />
        ) : (
          <Button onClick={() => go({ partition })}>To the newest</Button>
        )}
        {key === undefined && (
          <Button
            disabled={older === undefined}
            onClick={() => older !== undefined && go({ partition }, { at: older })}
          >
            Older
          </Button>
        )}
      </div>
      <search className={classes.bar} aria-label="Where to read">
        <WhereBar offsets={offsets} where={where} onGo={go} />
        <TextInput
          type="search"
          aria-label="Find in the records shown"
          placeholder="find in those shown"
          value={find}
          onChange={(event) => setFind(event.currentTarget.value)}
          w={160}
        />
      </search>
      {error !== null && error !== undefined && records.length > 0 && (
        <ErrorStrip what="Not up to date." error={error} onRetry={retry} />
      )}
      {key !== undefined && <SearchStatus search={search} found={records.length} />}
      {look.away.length > 0 && (
        <p className={classes.dropped} role="status">
          Without a leader now: {plural(look.away.length, "partition")} ({look.away.join(", ")}). Nothing of it is
          among these records.
        </p>
      )}
      {look.skipped > 0 && (
        <p className={classes.dropped} role="status">
          {plural(look.skipped, "record")} had left the topic before they could be read here: its retention was
          faster.
        </p>
      )}
      {look.dropped > 0 && (
        <p className={classes.dropped} role="status">
          {plural(look.dropped, "record")} that came in while this page followed are no longer shown here; they stand
          in the topic.
        </p>
      )}
      {loading ? (
        <SkeletonRows rows={10} />
      ) : records.length === 0 && error !== null && error !== undefined ? (
        <ErrorState what="The records can't be read." error={error} onRetry={retry} />
      ) : shown.length === 0 ? (
        <EmptyState title={wanted === "" ? "No records here" : "None of the records shown has that"}>
          {wanted === "" ? NOTHING[key === undefined ? "place" : "key"] : NOTHING.find}
        </EmptyState>
      ) : (
        <div className={open === undefined ? classes.alone : classes.beside}>
          <RecordsTable
            records={shown}
            deadLetters={holdsDeadLetters(topic)}
            chosen={chosen}
            onChoose={(record) => setChosen(idOf(record))}
          />
          {open !== undefined && (
            <RecordDetails
              deadLetter={holdsDeadLetters(topic)}
              record={open}
              onClose={() => setChosen(undefined)}
              onResend={mayWrite ? () => setResending(open) : undefined}
            />
          )}
        </div>
      )}
      {resending !== undefined && (
        <ResendSheet
          topic={name}
          letter={resending}
          onClose={() => setResending(undefined)}
          onEdit={
            mayProduce
              ? () => {
                  setResending(undefined);
                  setProducing({ template: resending });
                }
              : undefined
          }
        />
      )}
      {producing !== undefined && (
        <ProduceSheet topic={name} template={producing.template} onClose={() => setProducing(undefined)} />
      )}
    </>
  );
}

const NOTHING = {
  place: "New ones appear as they come.",
  key: "None of the records that were looked through has this key.",
  find: "The search looks through what is shown, not the topic.",
};

/** How far the search for a key has come; what wasn't looked through is said. */
function SearchStatus({ search, found }: { search: KeySearch; found: number }) {
  const { scanned, done, searching, further } = search;
  return (
    <p className={classes.dropped} role="status">
      {plural(found, "record")} of this key among {count(scanned)} looked through
      {done ? ", to the end of the topic." : searching ? "…" : "; there is more. "}
      {!done && !searching && (
        <Button size="compact-xs" onClick={further}>
          Look further
        </Button>
      )}
    </p>
  );
}

/** Where the read begins: at an offset, a time, a position of the API, or with the newest. */
function placeOf({ offset, since }: Where, at: string | undefined, offsets: TopicOffsets): From {
  if (offset !== undefined) return { offset: around(offset, offsets) };
  if (since !== undefined) return { at: since };
  return { offset: at ?? newest(offsets) };
}

function readWhere(parameters: URLSearchParams): Where {
  const partition = wholeNumber(parameters.get("partition"));
  const since = new Date(parameters.get("since") ?? "");
  return {
    partition,
    offset: partition === undefined ? undefined : wholeNumber(parameters.get("offset")),
    since: Number.isNaN(since.getTime()) ? undefined : since.toISOString(),
    key: parameters.get("key")?.trim() || undefined,
  };
}

function writeWhere(where: Where): Record<string, string> {
  const given = Object.entries(where).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given.map(([name, value]) => [name, String(value)]));
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
