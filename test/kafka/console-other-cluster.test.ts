import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, inject, it, onTestFinished, vi } from "vitest";
import { startCluster } from "../support/kafka-cluster.ts";
import { folderWithProfile, kafkaPlace, openKafkaConsole, PROFILE } from "../support/kafka-console.ts";

const brokers = inject("kafkaBrokers");

it("never sends to one cluster what was meant for another, and shows nothing of it", async () => {
  const former = await startCluster({ brokers: 1 });
  onTestFinished(() => former.stop());
  const other = await kafkaPlace(brokers);
  const place = { brokers: former.addresses, prefix: other.prefix };
  await kafkaPlace(former.addresses, 4, other.prefix);
  const dataDir = await folderWithProfile(place, { runManager: false });
  const first = await openKafkaConsole(place, { dataDir });
  await first.publishSamples();
  former.brokers[0]?.signal("SIGKILL");
  await vi.waitFor(async () => {
    expect((await first.api("GET", "/info")).body.connection.state).toBe("disconnected");
  }, 10_000);
  const start = { name: "onboarding", data: {} };
  expect((await first.api("POST", "/journeys", start)).body).toMatchObject({ queued: true });
  await first.host.close();

  // The profile's name stays, its brokers are others.
  await folderWithProfile(other, { dataDir, runManager: false });
  const second = await openKafkaConsole(other, { dataDir });
  await vi.waitFor(async () => {
    const { body } = await second.api("GET", "/info");
    expect([body.connection?.state, body.outbox?.waiting]).toEqual(["connected", 0]);
  }, 20_000);
  expect((await second.api("GET", "/flows")).body).toEqual({ flows: [] });
  const { records } = (await second.api("GET", `/topics/${other.prefix}tomanager/records`)).body;
  expect(records).toEqual([]);
  // It isn't lost either: it lies aside.
  const folder = join(dataDir, "profiles", PROFILE);
  const [aside = ""] = readdirSync(folder).filter((name) => name.startsWith("of-"));
  expect(existsSync(join(folder, aside, "outbox.sqlite"))).toBe(true);
}, 120_000);
