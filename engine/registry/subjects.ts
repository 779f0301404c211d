/**
 * The names of subjects: `TOPIC-value` is the schema of a topic's whole records (Confluent's TopicNameStrategy),
 * `TOPIC-SERVICE.FUNCTION` of the `data` of a function's commands or replies. Topic names with the profile's prefix.
 */

/** The topics whose records have schemas, by name. */
export interface CheckedTopics {
  fromManager: string;
  toManager: string;
}

export type Direction = "command" | "reply";

export interface TopicSubject {
  kind: "topic";
  topic: string;
}

export interface FunctionSubject {
  kind: "function";
  topic: string;
  service: string;
  function: string;
  direction: Direction;
}

const VALUE = "value";

export const topicSubject = (topic: string): string => `${topic}-${VALUE}`;

export const functionSubject = (topic: string, service: string, called: string): string =>
  `${topic}-${service}.${called}`;

/** What a subject is about; undefined for those that nothing here is checked by. */
export function parseSubject(subject: string, topics: CheckedTopics): TopicSubject | FunctionSubject | undefined {
  const { fromManager, toManager } = topics;
  const topic = [fromManager, toManager].find((name) => subject.startsWith(`${name}-`));
  if (topic === undefined) return undefined;
  const rest = subject.slice(topic.length + 1);
  if (rest === VALUE) return { kind: "topic", topic };
  const dot = rest.lastIndexOf(".");
  const [service, called] = [rest.slice(0, Math.max(0, dot)), rest.slice(dot + 1)];
  if (service === "" || called === "") return undefined;
  return {
    kind: "function",
    topic,
    service,
    function: called,
    direction: topic === fromManager ? "command" : "reply",
  };
}
