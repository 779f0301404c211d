/**
 * A timer fires only after everything that was in its partition at its due time has been read: an outage never turns
 * unread successes into failures.
 */
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { defineService } from "../../engine/service/define.ts";
import { createKafkaTransport } from "../../engine/service/kafka-transport.ts";
import { type RunningService, runService } from "../../engine/service/run.ts";
import { openServiceStore } from "../../engine/service/store.ts";
import { type CliProcess, dataFolder, spawnCli } from "../integration/cli-process.ts";
import { flowFile } from "../support/journey-spec.ts";
import { type KafkaCluster, startCluster } from "../support/kafka-cluster.ts";
import { openProfile, type Profile } from "../support/kafka-samples.ts";

const JOURNEYS = 20;
/** Shorter than any outage here. */
const TIMEOUT_MS = 2_000;

let cluster: KafkaCluster;
beforeAll(async () => {
  cluster = await startCluster({ brokers: 1 });
}, 90_000);
afterAll(() => cluster?.stop());

/** A service that answers nothing before its gate is open. */
class GatedService {
  readonly gate = Promise.withResolvers<void>();
  private readonly begun = new Set<string>();
  private readonly allBegun = Promise.withResolvers<void>();
  running: RunningService | undefined;

  async start({ prefix }: Profile): Promise<void> {
    const store = openServiceStore({ path: join(dataFolder(), "svc.sqlite") });
    const definition = defineService({
      name: "svc",
      functions: {
        a: async ({ uuid }) => {
          this.begun.add(uuid);
          if (this.begun.size === JOURNEYS) this.allBegun.resolve();
          await this.gate.promise;
          return { done: uuid };
        },
        undo_a: () => null,
      },
    });
    const running = await runService(definition, createKafkaTransport({ brokers: cluster.addresses, prefix }), {
      store,
    });
    this.running = running;
    onTestFinished(async () => {
      this.gate.resolve();
      await running.stop();
      store.close();
    });
    await running.ready;
  }

  /** Every command is being worked on. */
  get busy(): Promise<void> {
    return this.allBegun.promise;
  }

  /** All is answered; the replies may still wait for the cluster. */
  async answered(): Promise<void> {
    this.gate.resolve();
    await expect.poll(() => this.running?.status().running, { timeout: 10_000, interval: 20 }).toBe(0);
  }
}

function runManager({ brokers, prefix }: Profile, data: string): Promise<CliProcess> {
  const manager = spawnCli(["manager", "--brokers", brokers, "--prefix", prefix, "--data", data]);
  return manager.printed(/works on/).then(() => manager);
}

/** Journeys of one step whose commands are all being worked on. */
async function underWay(profile: Profile, service: GatedService): Promise<string[]> {
  await profile.publish(flowFile({ edges: { a: [] }, policy: { timeout: `${TIMEOUT_MS}ms`, deadline: "60s" } }));
  const uuids = await Promise.all(Array.from({ length: JOURNEYS }, () => profile.start("flow", null)));
  await service.busy;
  return uuids;
}

/** When the last of the commands has had its time. */
const dueAt = (profile: Profile): number =>
  Math.max(...profile.events.items.filter(({ type }) => type === "step.dispatched").map(({ at }) => Date.parse(at))) +
  TIMEOUT_MS;

const past = (time: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, Math.max(0, time - Date.now())));

async function expectAllCompleted(profile: Profile, uuids: string[]): Promise<void> {
  const ends = await Promise.all(uuids.map((uuid) => profile.ended(uuid)));
  expect(new Set(ends)).toEqual(new Set(["journey.completed"]));
  const kinds = new Set(profile.events.items.map(({ type }) => type));
  expect(kinds).not.toContain("step.timed_out");
}

it("no manager there for longer than all timeouts, while services answered: nothing has failed", async () => {
  const profile = await openProfile(cluster.addresses);
  const service = new GatedService();
  await service.start(profile);
  const data = dataFolder();
  const manager = await runManager(profile, data);
  const uuids = await underWay(profile, service);
  manager.child.kill("SIGKILL");
  await manager.exited;
  await service.answered();
  await past(dueAt(profile) + TIMEOUT_MS);
  await runManager(profile, data);
  await expectAllCompleted(profile, uuids);
});

it("the broker away for longer than all timeouts, replies kept by the service: nothing has failed", async () => {
  const profile = await openProfile(cluster.addresses);
  const service = new GatedService();
  await service.start(profile);
  await runManager(profile, dataFolder());
  const uuids = await underWay(profile, service);
  const [broker] = cluster.brokers;
  broker?.signal("SIGKILL");
  await service.answered();
  await past(dueAt(profile) + TIMEOUT_MS);
  await broker?.restart();
  await expectAllCompleted(profile, uuids);
});

it("broker and manager away, services too: whoever comes back first, nothing has failed", async () => {
  const profile = await openProfile(cluster.addresses);
  const service = new GatedService();
  await service.start(profile);
  const data = dataFolder();
  const manager = await runManager(profile, data);
  const uuids = await underWay(profile, service);
  const [broker] = cluster.brokers;
  broker?.signal("SIGKILL");
  manager.child.kill("SIGKILL");
  await manager.exited;
  await service.answered();
  await past(dueAt(profile) + TIMEOUT_MS);
  await broker?.restart();
  await runManager(profile, data);
  await expectAllCompleted(profile, uuids);
});
