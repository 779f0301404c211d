/** Records of a journey, leading to the page Cluster. */
import { type QueryClient, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "react-router";
import type { JourneyEvent } from "../../engine/core/events.ts";
import type { Position } from "../../engine/core/protocol.ts";
import { api } from "../api.ts";
import { count } from "../parts/format.ts";
import { useInfo } from "../queries.ts";
import { keys } from "../query-keys.ts";
import { findCommand, type RecordReader } from "./find-command.ts";

/** `tomanager 4 @ 91,554`, a link to that record. */
export function RecordLink({ position }: { position: Position }) {
  const { topic, partition, offset } = position;
  return (
    <Link
      to={`/cluster/topics/${encodeURIComponent(topic)}?partition=${partition}&offset=${offset}`}
      className="ag-mono"
      title={`Topic ${topic}, partition ${partition}, offset ${offset}`}
    >
      {topic} {partition} @ {count(offset)}
    </Link>
  );
}

/** Partitions are seldom added; who walks from step to step asks for them once. */
const PARTITIONS_KNOWN_MS = 60_000;

function readerOf(queries: QueryClient): RecordReader {
  return {
    async partitions(topic) {
      const { topics } = await queries.fetchQuery({
        queryKey: keys.topics,
        queryFn: ({ signal }) => api.topics(signal),
        staleTime: PARTITIONS_KNOWN_MS,
      });
      return topics.find(({ name }) => name === topic)?.partitions ?? 0;
    },
    read: (topic, from, signal) => api.records(topic, { ...from, skip: true }, signal),
  };
}

/** Where the command of a dispatch stands; looked for by its id. */
export function CommandPlace({ event, journeyKey }: { event: JourneyEvent; journeyKey: string }) {
  const { id = "", at } = event;
  const queries = useQueryClient();
  const topic = useInfo().data?.topics.fromanager;
  const { data, isPending, isError } = useQuery({
    queryKey: ["command", id],
    enabled: topic !== undefined,
    queryFn: async ({ signal }) => {
      if (topic === undefined) return null;
      const command = { topic, key: journeyKey, id, sentAt: Date.parse(at) };
      return (await findCommand(readerOf(queries), command, signal)) ?? null;
    },
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
  if (isPending) return <span className="ag-dim">looking for it…</span>;
  if (isError) return <span className="ag-dim">the topic can't be read now</span>;
  if (data === null) return <span className="ag-dim">gone from the topic, or not written yet</span>;
  return <RecordLink position={data} />;
}
