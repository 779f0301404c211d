/** Dead letters: records that fitted nowhere, with their origin and the reason in the headers. */
import type { TopicRecord } from "../../engine/api/schemas/record.ts";
import type { Topic } from "./cluster-health.ts";

const DEAD_LETTER_TOPIC = "antigraph.deadletter";

export interface DeadLetter {
  /** A code. */
  reason: string;
  message: string;
  /** Where it came from; undefined when the headers don't say. */
  topic: string | undefined;
  partition: number | undefined;
  offset: number | undefined;
}

/** The profile's own, whatever it is called, or by its name that of another installation. */
export function holdsDeadLetters({ name, role }: Topic): boolean {
  return role === "deadletter" || (role === undefined && `.${name}`.endsWith(`.${DEAD_LETTER_TOPIC}`));
}

export function readDeadLetter({ headers }: TopicRecord): DeadLetter {
  return {
    reason: headers.reason ?? "unknown",
    message: headers.message ?? "",
    topic: headers.topic,
    partition: wholeNumber(headers.partition),
    offset: wholeNumber(headers.offset),
  };
}

/** The headers of the original: without those that the dead letter added. */
export function originalHeaders({ headers }: TopicRecord): Record<string, string> {
  const { reason: _, message: __, topic: ___, partition: ____, offset: _____, ...own } = headers;
  return own;
}

function wholeNumber(text: string | undefined): number | undefined {
  const value = Number(text);
  return text !== undefined && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}
