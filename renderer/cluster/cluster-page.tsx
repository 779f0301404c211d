import { useQuery } from "@tanstack/react-query";
import type { Cluster } from "../../engine/api/schemas/cluster.ts";
import { api } from "../api.ts";
import { PageHeader } from "../parts/page-header.tsx";
import { ErrorState, ErrorStrip, SkeletonRows } from "../parts/states.tsx";
import { Badge } from "../parts/status-badge.tsx";
import { keys } from "../query-keys.ts";
import { Brokers, Facts } from "./cluster-facts.tsx";
import { GroupsTable } from "./groups-table.tsx";
import { TopicsTable } from "./topics-table.tsx";

const REFRESH_MS = 5_000;

/** Is Kafka, or the embedded bus, well? */
export function ClusterPage() {
  const cluster = useQuery({
    queryKey: keys.cluster,
    queryFn: ({ signal }) => api.cluster(signal),
    refetchInterval: REFRESH_MS,
  });
  const topics = useQuery({
    queryKey: keys.topics,
    queryFn: ({ signal }) => api.topics(signal),
    refetchInterval: REFRESH_MS,
  });
  const groups = useQuery({
    queryKey: keys.groups,
    queryFn: ({ signal }) => api.groups(signal),
    refetchInterval: REFRESH_MS,
  });
  const retry = () => {
    void cluster.refetch();
    void topics.refetch();
    void groups.refetch();
  };
  const error = cluster.error ?? topics.error ?? groups.error;
  const nothing = cluster.data === undefined && topics.data === undefined && groups.data === undefined;
  return (
    <>
      <PageHeader title="Cluster" note={cluster.data !== undefined && whatItIs(cluster.data)} />
      {error !== null &&
        (nothing ? (
          <ErrorState what="The bus can't be looked at." error={error} onRetry={retry} />
        ) : (
          <ErrorStrip what="Not up to date." error={error} onRetry={retry} />
        ))}
      {cluster.data !== undefined && (
        <>
          {cluster.data.reachable && <Facts cluster={cluster.data} topics={topics.data?.topics ?? []} />}
          <Brokers cluster={cluster.data} topics={topics.data?.topics ?? []} />
        </>
      )}
      {topics.isPending && error === null ? (
        <SkeletonRows rows={7} />
      ) : (
        topics.data !== undefined && (
          <TopicsTable topics={topics.data.topics} deadLetters={cluster.data?.dead_letters} />
        )
      )}
      {groups.data !== undefined && <GroupsTable groups={groups.data.groups} />}
    </>
  );
}

function whatItIs({ kind, reachable }: Cluster) {
  return (
    <>
      <Badge tone={reachable ? "ok" : "bad"}>{reachable ? "reachable" : "not reachable"}</Badge>
      {kind === "embedded" ? "embedded bus: topics in one file on this machine" : "Apache Kafka"}
    </>
  );
}
