/**
 * What the topics of an installation are called: the protocol's names behind a prefix, or names of one's own, for
 * clusters whose administrators name topics. A name of one's own is the whole name: no prefix is put in front.
 */
import { TOPICS } from "./protocol.ts";

export type TopicNames = Record<keyof typeof TOPICS, string>;

/** How settings call the topics; in docs, profiles, on the command line, and as `role` in the API. */
const SETTING_OF = {
  toManager: "tomanager",
  fromManager: "fromanager",
  edits: "tomanageredits",
  audit: "audit",
  journeys: "journeys",
  services: "services",
  deadLetter: "deadletter",
} as const satisfies TopicNames;

export type TopicSetting = (typeof SETTING_OF)[keyof typeof TOPICS];
/** Names of one's own; those left out are the protocol's, behind the prefix. */
export type TopicSettings = Partial<Record<TopicSetting, string>>;

export const TOPIC_SETTINGS = Object.values(SETTING_OF);

const NAME = /^[A-Za-z0-9._-]+$/;
/** Kafka takes 249, and `.closed` is put behind the journeys'. */
const LONGEST_NAME = 240;

/** All topics of an installation. */
export function topicNames(prefix = "", own: TopicSettings = {}): TopicNames {
  const entries = topicEntries().map(([topic, setting]) => [topic, own[setting] ?? prefix + TOPICS[topic]]);
  return Object.fromEntries(entries);
}

/** The same by the names that settings have. */
export function topicsBySetting(names: TopicNames): Record<TopicSetting, string> {
  return Object.fromEntries(topicEntries().map(([topic, setting]) => [setting, names[topic]])) as never;
}

/** The changelog of ended journeys lies beside that of the others. */
export function closedTopic(journeys: string): string {
  return `${journeys}.closed`;
}

/** What is wrong with names of one's own, in words, and which setting is to blame; undefined when they can be used. */
export function topicProblem(
  prefix: string,
  own: Record<string, string | undefined>,
): { setting: string; message: string } | undefined {
  for (const setting of Object.keys(own)) {
    if (TOPIC_SETTINGS.some((known) => known === setting)) continue;
    return { setting, message: `there is no topic ${setting}; there are ${TOPIC_SETTINGS.join(", ")}` };
  }
  const names = topicNames(prefix, own);
  const taken = new Map<string, string>();
  const closed = closedTopic(names.journeys);
  taken.set(sameToKafka(closed), "journeys with .closed behind it");
  // Those that were named go last: they are what can be changed.
  const byOwn = topicEntries().sort(([, a], [, b]) => Number(a in own) - Number(b in own));
  for (const [topic, setting] of byOwn) {
    const name = names[topic];
    const isName = NAME.test(name) && name !== "." && name !== ".." && name.length <= LONGEST_NAME;
    // Those that the prefix makes are the prefix's affair.
    if (setting in own && !isName) {
      const message = `a topic's name is letters, digits, ., - and _, ${LONGEST_NAME} at most, not "${name}"`;
      return { setting, message };
    }
    const other = taken.get(sameToKafka(name));
    if (other !== undefined) return { setting, message: `${name} is the name of ${other} already` };
    taken.set(sameToKafka(name), setting);
  }
  return undefined;
}

/** Kafka refuses names that differ in `.` and `_` only: its metrics can't tell them apart. */
const sameToKafka = (name: string): string => name.replaceAll("_", ".");

function topicEntries(): [keyof typeof TOPICS, TopicSetting][] {
  return Object.entries(SETTING_OF) as [keyof typeof TOPICS, TopicSetting][];
}
