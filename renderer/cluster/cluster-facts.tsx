import { Link } from "react-router";
import type { Cluster } from "../../engine/api/schemas/cluster.ts";
import { CopyId } from "../parts/copy.tsx";
import { bytes, count, plural } from "../parts/format.ts";
import { Badge } from "../parts/status-badge.tsx";
import table from "../parts/table.module.css";
import classes from "./cluster.module.css";
import { addressOf, healthOf, leadersByBroker, type Topic } from "./cluster-health.ts";

/** The figures that tell whether the cluster is well. */
export function Facts({ cluster, topics }: { cluster: Cluster; topics: readonly Topic[] }) {
  const dead = topics.find(({ role }) => role === "deadletter");
  const health = topics.filter(({ role }) => role !== undefined).map(healthOf);
  const leaderless = sum(health.map((each) => each.leaderless.length));
  const behind = sum(health.map((each) => each.behind.length));
  const copiesKnown = health.some(({ known }) => known);
  return (
    <dl className={classes.facts}>
      <div className={cluster.dead_letters > 0 ? classes.loud : undefined}>
        <dt>Dead letters</dt>
        <dd>
          {count(cluster.dead_letters)}{" "}
          {cluster.dead_letters > 0 && dead !== undefined && (
            <Link to={`/cluster/topics/${encodeURIComponent(dead.name)}`}>look at them</Link>
          )}
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
      {copiesKnown && (
        <div className={leaderless > 0 ? classes.loud : undefined}>
          <dt>Copies</dt>
          <dd>
            {leaderless > 0
              ? `${plural(leaderless, "partition")} without leader`
              : behind > 0
                ? `behind in ${plural(behind, "partition")}`
                : "all in sync"}
          </dd>
        </div>
      )}
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
      {cluster.cluster_id !== undefined && (
        <div className={classes.id}>
          <dt>Cluster id</dt>
          <dd>
            <CopyId id={cluster.cluster_id} what="cluster id" full />
          </dd>
        </div>
      )}
    </dl>
  );
}

/** The brokers that are there now, and how many partitions each leads. */
export function Brokers({ cluster, topics }: { cluster: Cluster; topics: readonly Topic[] }) {
  if (cluster.kind === "embedded") return null;
  const led = leadersByBroker(topics);
  return (
    <section aria-labelledby="brokers">
      <h2 id="brokers" className={classes.title}>
        Brokers
      </h2>
      <div className={table.box}>
        <table className={table.table}>
          <thead>
            <tr>
              <th className={table.num}>Id</th>
              <th>Address</th>
              <th>Role</th>
              <th className={table.num}>Leads partitions</th>
            </tr>
          </thead>
          <tbody>
            {cluster.brokers.map((broker) => (
              <tr key={broker.id}>
                <td className={table.num}>{broker.id}</td>
                <td className={`${table.wide} ag-mono`}>{addressOf(broker)}</td>
                <td>{broker.controller && <Badge tone="dim">controller</Badge>}</td>
                <td className={table.num}>{cluster.reachable ? count(led.get(broker.id) ?? 0) : "–"}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
