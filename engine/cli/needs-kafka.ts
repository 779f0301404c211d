import { Failure } from "./failure.ts";

/** For what only makes sense on a Kafka cluster, as long as this version has no adapter for one. */
export function needsKafka(what: string): Failure {
  return new Failure(
    "not_supported",
    `${what}, and this version doesn't speak to Kafka yet`,
    "Use the embedded profile: `antigraph console` has bus, manager and topics in one process.",
  );
}
