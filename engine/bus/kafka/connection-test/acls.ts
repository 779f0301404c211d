/** May this user do what a manager (or a console without one) does? Names what is missing, and the command that grants it. */

import { closedTopic, type TopicNames } from "../../../core/topic-names.ts";
import { typeOf } from "../errors.ts";
import { coordinatorOf, type Operation, rightsOn, rightsOnGroup } from "./authorized.ts";
import type { Checked } from "./finding.ts";
import type { LoggedIn } from "./sasl.ts";

/** What the stages after the login are about. */
export interface Stand {
  topics: TopicNames;
  group: string;
  /** Of the test; those of managers begin alike. */
  transactionalId: string;
  prefix: string;
  manager: boolean;
  createTopics?: string | undefined;
}

const TRANSACTION_TIMEOUT_MS = 60_000;

/** A resource as kafka-acls.sh names it, and what is missing on it. */
interface Missing {
  resource: string;
  label: string;
  operations: Operation[];
}

export async function checkAcls(session: LoggedIn, stand: Stand): Promise<Checked<void>> {
  const { connection, principal, bootstrap } = session;
  const needs = topicNeeds(stand);
  const { topics, cluster } = await rightsOn(await connection.anyBroker(), [...needs.keys()]);
  const missing: Missing[] = [];
  const lacks = (resource: string, label: string, needed: readonly Operation[], allowed: ReadonlySet<Operation>) => {
    const operations = needed.filter((operation) => !allowed.has(operation));
    if (operations.length > 0) missing.push({ resource, label, operations });
  };
  const rights = new Map(topics.map((each) => [each.topic, each]));
  for (const [topic, needed] of needs) {
    const { allowed, missing: isAway } = rights.get(topic) ?? { allowed: new Set<Operation>(), missing: false };
    // Of a topic that isn't there, Kafka doesn't tell: the next stage says that it is missing.
    if (!isAway) lacks(`--topic ${quoted(topic)}`, `topic ${topic}`, needed, allowed);
  }
  if (stand.manager) {
    const allowed = await groupRights(session, stand.group);
    lacks(`--group ${quoted(stand.group)}`, `group ${stand.group}`, ["Read"], allowed);
  }
  if (!(await mayHaveTransactions(session, stand.transactionalId))) {
    const start = `${stand.prefix}antigraph.`;
    const resource = `--transactional-id ${quoted(start)} --resource-pattern-type prefixed`;
    missing.push({
      resource,
      label: `transactional ids that begin with ${start}`,
      operations: ["Write", "Describe"],
    });
  }
  const commands = (list: readonly Missing[]) => commandsFor(list, principal, bootstrap);
  if (missing.length > 0) {
    const what = missing.map(({ label, operations }) => `${operations.join(", ")} on ${label}`);
    return {
      finding: {
        status: "failed",
        message: `${principal} lacks rights: ${what[0]}${what.length > 1 ? ` (and ${what.length - 1} more)` : ""}.`,
        help: `An administrator grants it:\n${commands(missing).join("\n")}`,
        details: what,
      },
    };
  }
  lacks("--cluster", "the cluster", ["Describe"], cluster);
  lacks("--group '*'", "all groups", ["Describe"], await groupRights(session, `${stand.group}.others`));
  if (missing.length > 0) {
    return {
      finding: {
        status: "warning",
        message: `${principal} may do all that is needed, but not see other clients' groups and their lag: by those the console tells which services are up.`,
        help: `An administrator grants it:\n${commands(missing).join("\n")}`,
      },
    };
  }
  return { finding: { status: "ok", message: `${principal} may do all that is needed.` } };
}

/** What one needs with each topic. Consoles read everything and write starts, actions, flows and what they resend. */
function topicNeeds({ topics, manager }: Stand): Map<string, Operation[]> {
  const read: Operation[] = ["Read", "Describe", "DescribeConfigs"];
  const both: Operation[] = ["Read", "Write", "Describe", "DescribeConfigs"];
  return new Map([
    [topics.toManager, both],
    [topics.edits, both],
    [topics.fromManager, manager ? both : read],
    [topics.audit, manager ? both : read],
    [topics.journeys, manager ? both : read],
    [closedTopic(topics.journeys), manager ? both : read],
    [topics.services, read],
    [topics.deadLetter, manager ? both : read],
  ]);
}

async function groupRights({ connection }: LoggedIn, group: string): Promise<ReadonlySet<Operation>> {
  return connection.retry(async () => {
    const coordinator = await coordinatorOf(connection, "group", group);
    return coordinator === undefined ? new Set() : rightsOnGroup(coordinator, group);
  });
}

async function mayHaveTransactions({ connection }: LoggedIn, transactionalId: string): Promise<boolean> {
  return connection.retry(async () => {
    const coordinator = await coordinatorOf(connection, "transactional id", transactionalId);
    if (coordinator === undefined) return false;
    try {
      await coordinator.initProducerId({ transactionalId, transactionTimeout: TRANSACTION_TIMEOUT_MS });
      return true;
    } catch (error) {
      if (typeOf(error) === "TRANSACTIONAL_ID_AUTHORIZATION_FAILED") return false;
      throw error;
    }
  });
}

/** One command for all resources of a kind that lack the same. */
function commandsFor(missing: readonly Missing[], principal: string, bootstrap: string): string[] {
  const together = new Map<string, string[]>();
  for (const { resource, operations } of missing) {
    const kind = `${resource.split(" ")[0]} ${operations.join()}`;
    together.set(kind, [...(together.get(kind) ?? []), resource]);
  }
  return [...together].map(([kind, resources]) => {
    const operations = (kind.split(" ")[1] ?? "").split(",").map((operation) => `--operation ${operation}`);
    const grant = `--add --allow-principal ${quoted(principal)} ${operations.join(" ")} ${resources.join(" ")}`;
    return `kafka-acls.sh --bootstrap-server ${bootstrap} --command-config admin.properties ${grant}`;
  });
}

/** For a shell. */
function quoted(text: string): string {
  return /^[\w.,:=@/-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
