import { useId, useState } from "react";
import { Link } from "react-router";
import type { GroupList } from "../../engine/api/schemas/cluster.ts";
import { count, plural } from "../parts/format.ts";
import { IconChevronDown } from "../parts/icons.ts";
import { Badge } from "../parts/status-badge.tsx";
import table from "../parts/table.module.css";
import classes from "./cluster.module.css";

type Group = GroupList["groups"][number];

/** Who reads, how far behind, and who has which partition. */
export function GroupsTable({ groups }: { groups: readonly Group[] }) {
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
            {groups.map((group) => (
              <GroupRow key={group.group} group={group} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

/** Kafka's words for a group that works, or rests. */
const QUIET_STATES = new Set(["Stable", "Empty"]);

function GroupRow({ group }: { group: Group }) {
  const [open, setOpen] = useState(false);
  const id = useId();
  const { members, lag, topics, state } = group;
  return (
    <>
      <tr>
        <td className={table.wide} title={group.group}>
          <button
            type="button"
            className={classes.expand}
            aria-expanded={open}
            aria-controls={open ? id : undefined}
            onClick={() => setOpen(!open)}
          >
            <IconChevronDown size={14} className={open ? undefined : classes.closed} aria-hidden />
            <b>{group.group}</b>
          </button>{" "}
          {state !== undefined && !QUIET_STATES.has(state) && <Badge tone="warn">{inWords(state)}</Badge>}
        </td>
        <td>{[...new Set(topics.map(({ topic }) => topic))].join(", ")}</td>
        <td>
          <LagBars topics={topics} />
        </td>
        <td className={table.num}>{members === 0 ? <Badge tone="warn">none</Badge> : count(members)}</td>
        <td className={`${table.num} ${lag > 0 && members === 0 ? table.bad : ""}`}>{count(lag)}</td>
      </tr>
      {open && (
        <tr id={id}>
          <td colSpan={5} className={classes.inside}>
            <Partitions group={group} />
          </td>
        </tr>
      )}
    </>
  );
}

/** `preparing rebalance`. */
function inWords(state: string): string {
  return state.replace(/(?<=[a-z])(?=[A-Z])/g, " ").toLowerCase();
}

function Partitions({ group: { topics, clients } }: { group: Group }) {
  const owner = (topic: string, partition: number) =>
    clients?.find(({ partitions }) =>
      partitions.some((each) => each.topic === topic && each.partition === partition),
    );
  const idle = clients?.filter(({ partitions }) => partitions.length === 0) ?? [];
  return (
    <>
      <table className={`${table.table} ${classes.partitions}`}>
        <thead>
          <tr>
            <th>Partition</th>
            {clients !== undefined && <th>Read by</th>}
            <th className={table.num}>At</th>
            <th className={table.num}>End</th>
            <th className={table.num}>Lag</th>
          </tr>
        </thead>
        <tbody>
          {topics.map(({ topic, partition, committed, end, lag }) => {
            const reader = owner(topic, partition);
            return (
              <tr key={`${topic} ${partition}`}>
                <td>
                  <Link to={`/cluster/topics/${encodeURIComponent(topic)}?partition=${partition}`}>
                    {topic} {partition}
                  </Link>
                </td>
                {clients !== undefined && (
                  <td className={table.wide} title={reader?.member}>
                    {reader === undefined ? (
                      <span className="ag-dim">nobody</span>
                    ) : (
                      <>
                        {reader.client} <span className="ag-dim">{reader.host}</span>
                      </>
                    )}
                  </td>
                )}
                <td className={table.num}>
                  {committed < 0 ? <span className="ag-dim">not yet</span> : count(committed)}
                </td>
                <td className={table.num}>{count(end)}</td>
                <td className={table.num}>{count(lag)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
      {idle.length > 0 && (
        <p className="ag-dim">
          {plural(idle.length, "member")} without a partition: {idle.map(({ client }) => client).join(", ")}.
        </p>
      )}
    </>
  );
}

/** One bar a partition, as high as its lag beside the others. */
function LagBars({ topics }: { topics: Group["topics"] }) {
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
