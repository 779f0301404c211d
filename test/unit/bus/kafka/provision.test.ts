import { expect, it, onTestFinished, vi } from "vitest";
import type { KafkaBroker } from "../../../../engine/bus/kafka/broker.ts";
import type { Connection } from "../../../../engine/bus/kafka/client.ts";
import { untilKnown } from "../../../../engine/bus/kafka/provision.ts";

const refusal = (type: string) => Object.assign(new Error(type), { type });

/** A broker that answers with the errors given, one after the other, and then knows the topics. */
function brokerThatSays(...errors: Error[]) {
  const metadata = vi.fn(async () => {
    const error = errors.shift();
    if (error !== undefined) throw error;
    return { brokers: [], clusterId: "", controllerId: 1, topicMetadata: [], throttleTime: 0 };
  });
  const broker: Partial<Record<keyof KafkaBroker, unknown>> = { metadata };
  const connection: Partial<Connection> = { broker: async () => broker as unknown as KafkaBroker };
  return { metadata, connection: connection as Connection };
}

it("waits until a broker has heard of new topics", async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const { connection, metadata } = brokerThatSays(
    ...Array.from({ length: 40 }, () => refusal("UNKNOWN_TOPIC_OR_PARTITION")),
  );
  const known = untilKnown(connection, "1", ["tomanager"]);
  await vi.advanceTimersByTimeAsync(3_000);
  await known;
  expect(metadata).toHaveBeenCalledTimes(41);
});

it("waits for nobody that can't be reached, or may not be asked", async () => {
  for (const error of [new Error("connection refused"), refusal("TOPIC_AUTHORIZATION_FAILED")]) {
    const { connection, metadata } = brokerThatSays(error);
    await untilKnown(connection, "1", ["tomanager"]);
    expect(metadata).toHaveBeenCalledTimes(1);
  }
});
