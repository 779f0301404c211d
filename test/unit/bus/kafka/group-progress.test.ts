import { expect, it, vi } from "vitest";
import type { Connection } from "../../../../engine/bus/kafka/client.ts";
import { Progress } from "../../../../engine/bus/kafka/group-progress.ts";

class KafkaError extends Error {
  readonly type: string;
  constructor(type: string) {
    super(type);
    this.type = type;
  }
}

/** A cluster of one broker, on which one group reads `fromanager`, another is none, and one may not be described. */
function cluster() {
  const broker = {
    describeGroups: vi.fn(async ({ groupIds }: { groupIds: string[] }) => ({
      groups: groupIds.map((groupId) =>
        groupId === "reads"
          ? { groupId, state: "Stable", members: [{}, {}] }
          : { groupId, state: "Dead", members: [] },
      ),
    })),
    offsetFetch: vi.fn(async () => ({
      responses: [
        {
          partitions: [
            { partition: 0, offset: "7" },
            { partition: 1, offset: "-1" },
          ],
        },
      ],
    })),
  };
  const groupCoordinator = vi.fn(async (group: string) => {
    if (group === "secret") throw new KafkaError("GROUP_AUTHORIZATION_FAILED");
    return broker;
  });
  const connection = { know: async () => {}, refresh: async () => {}, allPartitions: () => [0, 1], groupCoordinator };
  const progress = new Progress(connection as Partial<Record<keyof Connection, unknown>> as Connection);
  return { broker, groupCoordinator, progress };
}

it("leaves out groups that there aren't, and those that may not be described", async () => {
  const { progress, broker } = cluster();
  const found = await progress.of(["reads", "nobody", "secret"], "fromanager");
  expect(found).toEqual([{ group: "reads", members: 2, positions: { 0: 7 } }]);
  expect(broker.describeGroups).toHaveBeenCalledTimes(1);
  expect(broker.offsetFetch).toHaveBeenCalledTimes(1);
});

it("remembers coordinators and refusals, and looks once more when a coordinator has moved", async () => {
  const { progress, broker, groupCoordinator } = cluster();
  await progress.of(["reads", "secret"], "fromanager");
  await progress.of(["reads", "secret"], "fromanager");
  expect(groupCoordinator).toHaveBeenCalledTimes(2);
  broker.describeGroups.mockRejectedValueOnce(new KafkaError("NOT_COORDINATOR_FOR_GROUP"));
  expect(await progress.of(["reads"], "fromanager")).toMatchObject([{ members: 2 }]);
  expect(groupCoordinator).toHaveBeenCalledTimes(3);
});

it("says that the cluster can't be asked when no coordinator answers", async () => {
  const { progress, groupCoordinator } = cluster();
  groupCoordinator.mockRejectedValue(new Error("connection refused"));
  await expect(progress.of(["reads"], "fromanager")).rejects.toMatchObject({ code: "bus_unavailable" });
});
