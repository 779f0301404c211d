import { Button } from "@mantine/core";
import { useState } from "react";
import { Link } from "react-router";
import { closedTopic } from "../../engine/core/topic-names.ts";
import { count, plural } from "../parts/format.ts";
import { Badge } from "../parts/status-badge.tsx";
import table from "../parts/table.module.css";
import classes from "./cluster.module.css";
import { healthInWords, healthOf, keptInWords, type Topic } from "./cluster-health.ts";

/** What each topic of the profile is there for. */
const ROLES: Record<NonNullable<Topic["role"]>, string> = {
  tomanager: "starts, actions, replies",
  fromanager: "commands to services",
  tomanageredits: "published flows",
  audit: "the journeys' events",
  journeys: "the managers' state",
  services: "heartbeats",
  deadletter: "what fitted nowhere",
};

interface TopicsTableProps {
  topics: readonly Topic[];
  /** How many there are; undefined while that isn't known. */
  deadLetters: number | undefined;
}

/** The profile's own topics, and below them, when asked for, what else lies on the cluster. */
export function TopicsTable({ topics, deadLetters }: TopicsTableProps) {
  const [all, setAll] = useState(false);
  const state = topics.find(({ role }) => role === "journeys");
  /** What a topic of the profile is there for; undefined for those of others. */
  const holds = ({ name, role }: Topic): string | undefined => {
    if (role !== undefined) return ROLES[role];
    return state !== undefined && name === closedTopic(state.name) ? "the state of what has ended" : undefined;
  };
  const own = topics.filter((topic) => holds(topic) !== undefined);
  const others = topics.filter((topic) => holds(topic) === undefined);
  const shown = all || own.length === 0 ? [...own, ...others] : own;
  const copies = topics.some((topic) => healthOf(topic).known);
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
              <th>Holds</th>
              <th>Kept</th>
              <th className={table.num}>Partitions</th>
              {copies && <th className={table.num}>Copies</th>}
              {copies && <th>Copies are</th>}
              <th className={table.num}>Records</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((topic) => (
              <TopicRow
                key={topic.name}
                topic={topic}
                holds={holds(topic)}
                copies={copies}
                deadLetters={deadLetters}
              />
            ))}
          </tbody>
        </table>
      </div>
      {own.length > 0 && others.length > 0 && (
        <Button variant="subtle" mt={4} onClick={() => setAll(!all)} aria-expanded={all}>
          {all ? "Only this profile's topics" : `${plural(others.length, "other topic")} on this cluster`}
        </Button>
      )}
    </section>
  );
}

function TopicRow({
  topic,
  holds,
  copies,
  deadLetters,
}: { topic: Topic; holds: string | undefined; copies: boolean } & Omit<TopicsTableProps, "topics">) {
  const { name, role, partitions, replication } = topic;
  // The log's length counts the markers of transactions too, and where there should be nothing that looks like something.
  const letters = role === "deadletter" ? deadLetters : undefined;
  const health = healthOf(topic);
  const { tone, words } = healthInWords(health);
  const bad = [...health.leaderless, ...health.behind];
  return (
    <tr className={table.linked}>
      <td className={table.wide}>
        <Link to={`/cluster/topics/${encodeURIComponent(name)}`} className={table.link}>
          {name}
        </Link>
      </td>
      <td className="ag-dim">{holds}</td>
      <td className="ag-dim">{keptInWords(topic)}</td>
      <td className={table.num}>{count(partitions)}</td>
      {copies && <td className={table.num}>{replication === undefined ? "" : count(replication)}</td>}
      {copies && (
        <td>
          <Badge tone={tone} title={bad.length === 0 ? undefined : `Partitions ${bad.join(", ")}`}>
            {words}
          </Badge>
        </td>
      )}
      <td className={`${table.num} ${letters !== undefined && letters > 0 ? table.bad : ""}`}>
        {count(letters ?? topic.records)}
      </td>
    </tr>
  );
}
