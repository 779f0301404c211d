/** Are the topics there, and in the form the engine stands on? */
import { closedTopic, type TopicNames } from "../../../core/topic-names.ts";
import { topicSpecs } from "../provision.ts";
import type { Stand } from "./acls.ts";
import { rightsOn, type TopicRights } from "./authorized.ts";
import type { Checked } from "./finding.ts";
import type { LoggedIn } from "./sasl.ts";

const TOPIC_RESOURCE = 2;
const MINIMUM_COPIES = 3;
const FOR_EVER = "-1";

export interface Difference {
  /** Journeys can't run, or what is kept would be lost. */
  serious: boolean;
  what: string;
  fix: string;
}

export async function checkTopics(session: LoggedIn, stand: Stand): Promise<Checked<void>> {
  const { admin, connection, bootstrap, brokers } = session;
  const specs = topicSpecs({ topics: stand.topics });
  const names = specs.map(({ name }) => name);
  const { topics } = await rightsOn(await connection.anyBroker(), names);
  const missing = topics.filter(({ missing }) => missing).map(({ topic }) => topic);
  const there = topics.filter(({ missing }) => !missing);
  const create = stand.createTopics ?? `antigraph topics create --brokers ${bootstrap}${prefixOption(stand.prefix)}`;
  if (missing.length > 0) {
    const message =
      missing.length === names.length ? "None of the topics is there." : `Topics are missing: ${missing.join(", ")}.`;
    return { finding: { status: "failed", message, help: `Create them: ${create}`, details: missing } };
  }
  const settings = await settingsOf(admin, names);
  const found = [
    ...partitionDifferences(there, stand.topics),
    ...there.flatMap((topic) => copyDifferences(topic, settings.get(topic.topic), brokers)),
    ...specs.flatMap(({ name, config }) => policyDifferences(name, config, settings.get(name), stand.topics)),
  ];
  const serious = found.filter((each) => each.serious);
  const [first] = serious.length > 0 ? serious : found;
  if (first === undefined) {
    const partitions = there.find(({ topic }) => topic === stand.topics.toManager)?.partitions.length ?? 0;
    const message = `All ${names.length} topics are there as they should be, ${partitions} partitions for journeys.`;
    return { finding: { status: "ok", message } };
  }
  const more = found.length > 1 ? ` (and ${found.length - 1} more)` : "";
  return {
    finding: {
      status: serious.length > 0 ? "failed" : "warning",
      message: `${first.what}${more}`,
      help: [...new Set(found.map(({ fix }) => fix))].join("\n"),
      details: found.map(({ what }) => what),
    },
  };
}

const prefixOption = (prefix: string): string => (prefix === "" ? "" : ` --prefix ${prefix}`);

/** Where a journey's home lies depends on these being the same, for ever. */
function partitionDifferences(there: readonly TopicRights[], topics: TopicNames): Difference[] {
  const counts = new Map(there.map(({ topic, partitions }) => [topic, partitions.length]));
  const homes = counts.get(topics.toManager) ?? 0;
  const alike = [topics.audit, topics.journeys, closedTopic(topics.journeys)];
  const differences = alike.flatMap((topic): Difference[] => {
    const has = counts.get(topic) ?? 0;
    if (has === homes) return [];
    const what = `${topic} has ${has} partitions, ${topics.toManager} has ${homes}: they must have the same number.`;
    const fix = "A number of partitions never changes: take another prefix and create its topics anew.";
    return [{ serious: true, what, fix }];
  });
  const flows = counts.get(topics.edits) ?? 1;
  if (flows !== 1) {
    const what = `${topics.edits} has ${flows} partitions and must have one: flows count in the order of publishing.`;
    differences.push({ serious: true, what, fix: "Create it anew with one partition, or take another prefix." });
  }
  return differences;
}

/** @param brokers of the cluster; more copies than these there can't be */
export function copyDifferences(
  { topic, partitions }: TopicRights,
  settings: Map<string, string> | undefined,
  brokers: number,
): Difference[] {
  const copies = Math.min(...partitions.map(({ replicas }) => replicas));
  const required = Number(settings?.get("min.insync.replicas") ?? 1);
  const alter = (setting: string) =>
    `Set it with kafka-configs.sh --alter --entity-type topics --entity-name ${topic} --add-config ${setting}`;
  const behind = partitions.filter(({ inSync }) => inSync < required).length;
  if (required > copies) {
    const what = `${topic} asks for ${required} copies in sync and has ${copies}: nothing can be written to it.`;
    return [{ serious: true, what, fix: alter(`min.insync.replicas=${Math.max(1, copies - 1)}`) }];
  }
  if (partitions.some(({ leader }) => leader < 0) || behind > 0) {
    const what = `${topic} has partitions that take no records now: too few of their brokers are up.`;
    return [{ serious: true, what, fix: "Start the brokers that are down; see kafka-topics.sh --describe." }];
  }
  if (brokers >= MINIMUM_COPIES && copies < MINIMUM_COPIES) {
    const what = `${topic} has ${copies} ${copies === 1 ? "copy" : "copies"} of each partition; ${MINIMUM_COPIES} outlive the loss of a broker.`;
    return [{ serious: false, what, fix: "Add copies with kafka-reassign-partitions.sh." }];
  }
  if (copies >= MINIMUM_COPIES && required < 2) {
    const what = `${topic} takes records with one copy in sync: they are lost with that broker.`;
    return [{ serious: false, what, fix: alter("min.insync.replicas=2") }];
  }
  if (copies > 1 && required === copies) {
    const what = `${topic} asks for all ${copies} copies in sync: one broker down stops it.`;
    return [{ serious: false, what, fix: alter(`min.insync.replicas=${copies - 1}`) }];
  }
  return [];
}

function policyDifferences(
  topic: string,
  wanted: Record<string, string>,
  settings: Map<string, string> | undefined,
  topics: TopicNames,
): Difference[] {
  if (settings === undefined) return [];
  const alter = (setting: string) =>
    `Set it with kafka-configs.sh --alter --entity-type topics --entity-name ${topic} --add-config ${setting}`;
  const [has, policy] = [inOrder(settings.get("cleanup.policy")), inOrder(wanted["cleanup.policy"])];
  if (has !== policy) {
    const what = `${topic} has cleanup.policy ${has} and needs ${policy}.`;
    return [{ serious: true, what, fix: alter(`cleanup.policy=[${policy}]`) }];
  }
  if (topic === topics.edits && settings.get("retention.ms") !== FOR_EVER) {
    const what = `${topic} keeps flows for ${settings.get("retention.ms")} ms only: they must be kept for ever.`;
    return [{ serious: true, what, fix: alter(`retention.ms=${FOR_EVER}`) }];
  }
  return [];
}

async function settingsOf(
  admin: LoggedIn["admin"],
  names: readonly string[],
): Promise<Map<string, Map<string, string>>> {
  const configNames = ["cleanup.policy", "retention.ms", "min.insync.replicas"];
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: names.map((name) => ({ type: TOPIC_RESOURCE, name, configNames })),
  });
  return new Map(
    resources.map(({ resourceName, configEntries }) => [
      resourceName,
      new Map(configEntries.map(({ configName, configValue }) => [configName, configValue])),
    ]),
  );
}

/** `delete,compact` is `compact,delete`. */
const inOrder = (list = "delete"): string => list.split(",").sort().join(",");
