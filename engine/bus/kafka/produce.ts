/** One produce request. Its answer is compared with what was sent: every topic-partition exactly once. */
import { AntigraphError } from "../../core/errors.ts";
import type { Part } from "./batches.ts";
import type { KafkaBroker, ProduceResponse, ProducerIdentity } from "./broker.ts";

const BROKER_TIMEOUT_MS = 8_000;

/** The first offset that each part got, in their order. Rejects unless every one of them was written. */
export async function sendParts(
  broker: KafkaBroker,
  identity: ProducerIdentity & { transactionalId?: string },
  parts: readonly Omit<Part, "bytes">[],
): Promise<number[]> {
  const topics = new Map<string, Omit<Part, "bytes">[]>();
  for (const part of parts) topics.set(part.topic, [...(topics.get(part.topic) ?? []), part]);
  const response = await broker.produce({
    ...identity,
    acks: -1,
    timeout: BROKER_TIMEOUT_MS,
    topicData: [...topics].map(([topic, partitions]) => ({
      topic,
      partitions: partitions.map(({ partition, firstSequence, messages }) => ({
        partition,
        firstSequence,
        messages,
      })),
    })),
  });
  return compare(parts, response);
}

/** Every topic-partition that was sent must have been answered, once, and nothing else. */
export function compare(sent: readonly { topic: string; partition: number }[], response: ProduceResponse): number[] {
  const offsets = new Map<string, number>();
  for (const { topicName, partitions } of response.topics) {
    for (const { partition, baseOffset } of partitions) {
      const name = `${partition} ${topicName}`;
      if (offsets.has(name)) throw new Error(`${topicName}/${partition} was answered twice`);
      offsets.set(name, Number(baseOffset));
    }
  }
  if (offsets.size !== sent.length) throw new Error(`${sent.length} partitions were sent, ${offsets.size} answered`);
  return sent.map(({ topic, partition }) => {
    const offset = offsets.get(`${partition} ${topic}`);
    if (offset === undefined) throw new Error(`${topic}/${partition} was sent and not answered`);
    return offset;
  });
}

export function tooLarge({ topic, partition }: { topic: string; partition: number }): AntigraphError {
  return new AntigraphError("payload_too_large", `A record is larger than ${topic}/${partition} takes.`);
}
