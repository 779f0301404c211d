/** Which broker, or controller of its own, rules a cluster without ZooKeeper (KIP-595, brokers since 3.0). */
import type { KafkaBroker } from "./broker.ts";
import { sendRaw } from "./raw-request.ts";
import { WireWriter } from "./wire.ts";

const DESCRIBE_QUORUM = { apiKey: 55, apiVersion: 0, apiName: "DescribeQuorum" };
const METADATA_TOPIC = "__cluster_metadata";

/** On a cluster with ZooKeeper nobody can be asked. */
export function hasQuorum({ versions }: KafkaBroker): boolean {
  return versions?.[DESCRIBE_QUORUM.apiKey] !== undefined;
}

/** The id of the quorum's leader; undefined while it has none. Throws when the broker may not tell. */
export async function quorumLeader(broker: KafkaBroker): Promise<number | undefined> {
  const answer = await sendRaw(
    broker,
    DESCRIBE_QUORUM,
    new WireWriter()
      .noTags()
      .compactLength(1)
      .compactString(METADATA_TOPIC)
      .compactLength(1)
      .int32(0)
      .noTags()
      .noTags()
      .noTags(),
  );
  answer.skipTags();
  const error = answer.int16();
  const [topic] = answer.compactArray(() => {
    answer.compactString();
    // More stands behind these in each, but nothing that is of interest here, and there is only one.
    const [partition] = answer.compactArray(() => {
      answer.int32();
      return { error: answer.int16(), leader: answer.int32() };
    });
    return partition;
  });
  if (error !== 0 || topic === undefined || topic.error !== 0) {
    throw new Error(`the broker doesn't tell of the quorum (${error || (topic?.error ?? "no answer")})`);
  }
  return topic.leader < 0 ? undefined : topic.leader;
}
