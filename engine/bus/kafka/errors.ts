/** What kafkajs's errors mean to this adapter. */
import { AntigraphError } from "../../core/errors.ts";

/** Kafka's name of a protocol error (`NOT_LEADER_FOR_PARTITION`), of the innermost cause that has one. */
export function typeOf(error: unknown): string | undefined {
  for (let cause = error, depth = 0; cause instanceof Error && depth < 5; cause = cause.cause, depth++) {
    if ("type" in cause && typeof cause.type === "string") return cause.type;
  }
  return undefined;
}

/** Another call would fail in the same way: the request is wrong, or the client may not make it. */
export function isFinal(error: unknown): boolean {
  const type = typeOf(error);
  return type !== undefined && (FINAL.has(type) || type.endsWith("AUTHORIZATION_FAILED"));
}

/**
 * The broker that was asked isn't the one in charge any more, or its answer is lost: asking again may help, of those who
 * are in charge by then.
 */
export function hasMoved(error: unknown): boolean {
  const type = typeOf(error);
  return type === undefined ? isConnectionError(error) : MOVED.has(type);
}

/** What was sent can't be taken as it is, whoever sends it: not the cluster's state, and not the client's rights. */
export function isRefusedForContent(error: unknown): boolean {
  return REFUSED.has(typeOf(error) ?? "");
}

const MOVED = new Set([
  "NOT_LEADER_FOR_PARTITION",
  "LEADER_NOT_AVAILABLE",
  "FENCED_LEADER_EPOCH",
  "UNKNOWN_LEADER_EPOCH",
  "NOT_COORDINATOR_FOR_GROUP",
  "GROUP_COORDINATOR_NOT_AVAILABLE",
  "GROUP_LOAD_IN_PROGRESS",
  "KAFKA_STORAGE_ERROR",
  "NETWORK_EXCEPTION",
]);

/** By the names of kafkajs's errors. */
function isConnectionError(error: unknown): boolean {
  for (let cause = error, depth = 0; cause instanceof Error && depth < 5; cause = cause.cause, depth++) {
    if (/^KafkaJS(Connection|Broker|RequestTimeout|GroupCoordinatorNotFound)/.test(cause.name)) return true;
  }
  return false;
}

const REFUSED = new Set(["MESSAGE_TOO_LARGE", "RECORD_LIST_TOO_LARGE", "INVALID_RECORD", "INVALID_TIMESTAMP"]);

const FINAL = new Set([
  "MESSAGE_TOO_LARGE",
  "RECORD_LIST_TOO_LARGE",
  "INVALID_TOPIC_EXCEPTION",
  "INVALID_RECORD",
  "INVALID_REQUEST",
  "INVALID_REQUIRED_ACKS",
  "INVALID_TIMESTAMP",
  "INVALID_TRANSACTION_TIMEOUT",
  "UNSUPPORTED_VERSION",
  "UNSUPPORTED_FOR_MESSAGE_FORMAT",
  "SASL_AUTHENTICATION_FAILED",
  "POLICY_VIOLATION",
]);

/** What a caller of the bus gets for an error that isn't its own. */
export function unavailable(what: string, error: unknown): AntigraphError {
  if (error instanceof AntigraphError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const lacksRight = typeOf(error)?.endsWith("AUTHORIZATION_FAILED");
  const reason = lacksRight ? `${message}. This user lacks a right: \`antigraph doctor\` names it` : message;
  return new AntigraphError("bus_unavailable", `Kafka: ${what}: ${reason}`, { type: typeOf(error) });
}

export function topicNotFound(topic: string): AntigraphError {
  return new AntigraphError("topic_not_found", `There is no topic ${topic}.`, { topic });
}

export function delay(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", done);
  });
}
