import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import type { Cluster, GroupList, TopicList } from "../../engine/api/schemas/cluster.ts";
import { api } from "../api.ts";
import { bytes, count, plural } from "../parts/format.ts";
import { PageHeader } from "../parts/page-header.tsx";
import { ErrorState, ErrorStrip, SkeletonRows } from "../parts/states.tsx";
import { Badge } from "../parts/status-badge.tsx";
import table from "../parts/table.module.css";
import { keys } from "../query-keys.ts";
import classes from "./cluster.module.css";
import { DEAD_LETTER_TOPIC } from "./dead-letter.ts";

const REFRESH_MS = 5_000;

/** Is the bus well? */
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
      {cluster.data !== undefined && <Facts cluster={cluster.data} />}
      {topics.isPending ? (
        <SkeletonRows rows={7} />
      ) : (
        topics.data !== undefined && <Topics topics={topics.data.topics} />
      )}
      {groups.data !== undefined && <Groups groups={groups.data.groups} />}
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

function Facts({ cluster }: { cluster: Cluster }) {
  return (
    <dl className={classes.facts}>
      <div className={cluster.dead_letters > 0 ? classes.loud : undefined}>
        <dt>Dead letters</dt>
        <dd>
          {count(cluster.dead_letters)}{" "}
          {cluster.dead_letters > 0 && <Link to={`/cluster/topics/${DEAD_LETTER_TOPIC}`}>look at them</Link>}
        </dd>
      </div>
      <div>
        <dt>Pages are behind by</dt>
        <dd>{plural(cluster.audit_behind, "record")}</dd>
      </div>
      <div>
        <dt>Topics</dt>
        <dd>
          {count(cluster.topics)} <span className="ag-dim">with {plural(cluster.partitions, "partition")}</span>
        </dd>
      </div>
      {cluster.storage !== undefined && (
        <div className={classes.wide}>
          <dt>File</dt>
          <dd>
            {bytes(cluster.storage.size_bytes)}{" "}
            <span className={`${classes.path} ag-mono ag-dim`} title={cluster.storage.path}>
              {cluster.storage.path}
            </span>
          </dd>
        </div>
      )}
      {cluster.brokers.length > 0 && (
        <div className={classes.wide}>
          <dt>Brokers</dt>
          <dd>
            {cluster.brokers.map(({ id, host, port, controller }) => (
              <span key={id} className={classes.broker}>
                {host}
                {port !== undefined && `:${port}`}{" "}
                <span className="ag-dim">
                  id {id}
                  {controller && ", controller"}
                </span>
              </span>
            ))}
          </dd>
        </div>
      )}
    </dl>
  );
}

function Topics({ topics }: { topics: TopicList["topics"] }) {
  return (
    <section aria-labelledby="topics">
      <h2 id="topics" className={classes.title}>
        Topics
      </h2>
      <div className={table.box}>
        <table className={table.table}>
          <thead>
            <tr>
              <th>Topic</th>
              <th>Kept</th>
              <th className={table.num}>Partitions</th>
              <th className={table.num}>Records</th>
            </tr>
          </thead>
          <tbody>
            {topics.map(({ name, partitions, compacted, records }) => (
              <tr key={name} className={table.linked}>
                <td className={table.wide}>
                  <Link to={`/cluster/topics/${encodeURIComponent(name)}`} className={table.link}>
                    {name}
                  </Link>
                </td>
                <td className="ag-dim">{compacted ? "newest of each key" : "every record"}</td>
                <td className={table.num}>{count(partitions)}</td>
                <td className={`${table.num} ${name.endsWith(DEAD_LETTER_TOPIC) && records > 0 ? table.bad : ""}`}>
                  {count(records)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Groups({ groups }: { groups: GroupList["groups"] }) {
  if (groups.length === 0) return null;
  return (
    <section aria-labelledby="groups">
      <h2 id="groups" className={classes.title}>
        Consumer groups
      </h2>
      <div className={table.box}>
        <table className={table.table}>
          <thead>
            <tr>
              <th>Group</th>
              <th>Reads</th>
              <th>Lag by partition</th>
              <th className={table.num}>Members</th>
              <th className={table.num}>Lag</th>
            </tr>
          </thead>
          <tbody>
            {groups.map(({ group, members, lag, topics }) => (
              <tr key={group}>
                <td className={table.wide} title={group}>
                  <b>{group}</b>
                </td>
                <td>{[...new Set(topics.map(({ topic }) => topic))].join(", ")}</td>
                <td>
                  <LagBars topics={topics} />
                </td>
                <td className={table.num}>{members === 0 ? <Badge tone="warn">none</Badge> : count(members)}</td>
                <td className={`${table.num} ${lag > 0 && members === 0 ? table.bad : ""}`}>{count(lag)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

/** One bar a partition, as high as its lag beside the others. */
function LagBars({ topics }: { topics: GroupList["groups"][number]["topics"] }) {
  const most = Math.max(1, ...topics.map(({ lag }) => lag));
  const step = 8;
  const height = 20;
  return (
    <svg
      width={topics.length * step}
      height={height}
      role="img"
      aria-label={topics.map(({ topic, partition, lag }) => `${topic} ${partition}: ${lag}`).join(", ")}
      className={classes.lag}
    >
      {topics.map(({ topic, partition, committed, end, lag }, index) => {
        const bar = Math.max(2, (lag / most) * height);
        return (
          <rect key={`${topic} ${partition}`} x={index * step} y={height - bar} width={step - 2} height={bar}>
            <title>{`${topic} ${partition}: at ${count(committed)} of ${count(end)}, ${count(lag)} behind`}</title>
          </rect>
        );
      })}
    </svg>
  );
}
