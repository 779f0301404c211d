import { Link } from "react-router";
import { count } from "../parts/format.ts";
import { Badge } from "../parts/status-badge.tsx";
import table from "../parts/table.module.css";
import classes from "./cluster.module.css";
import { healthInWords, healthOf, keptInWords, type Topic } from "./cluster-health.ts";

/** How the topic lies on the cluster: who leads each partition, which copies are in step. Folded until it is asked for. */
export function PartitionsCard({ topic }: { topic: Topic }) {
  const health = healthOf(topic);
  const { tone, words } = healthInWords(health);
  return (
    <details className={classes.partitionsCard}>
      <summary>
        Partitions <span className="ag-dim">kept: {keptInWords(topic)}</span>{" "}
        {health.known && <Badge tone={tone}>{words}</Badge>}
      </summary>
      <div className={`${table.box} ${classes.partitionsBox}`}>
        <table className={table.table}>
          <thead>
            <tr>
              <th className={table.num}>Partition</th>
              {health.known && <th className={table.num}>Leader</th>}
              {health.known && <th>Copies in step</th>}
              <th className={table.num}>First offset</th>
              <th className={table.num}>Next offset</th>
              <th className={table.num}>Records</th>
            </tr>
          </thead>
          <tbody>
            {topic.offsets.map(({ partition, leader, replicas = [], in_sync = [], start, end }) => (
              <tr key={partition}>
                <td className={table.num}>
                  <Link to={`?partition=${partition}`}>{partition}</Link>
                </td>
                {health.known && (
                  <td className={table.num}>{leader === undefined ? <Badge tone="bad">none</Badge> : leader}</td>
                )}
                {health.known && (
                  <td>
                    {replicas.map((broker) => (
                      <span key={broker} className={classes.copy} data-late={!in_sync.includes(broker) || undefined}>
                        {broker}
                        {!in_sync.includes(broker) && " late"}
                      </span>
                    ))}
                  </td>
                )}
                <td className={table.num}>{count(start)}</td>
                <td className={table.num}>{count(end)}</td>
                <td className={table.num}>{count(end - start)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}
