/**
 * What a timeout means where services read from queues, on any bus: a promise about the service, not about the queue
 * before it. The services here know nothing of heartbeats: they read one command after the other, as a consumer group
 * that is called after the service, and answer with the bold fields only.
 */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { BusRecord, Consumption, ObservableBus } from "../../engine/bus/bus.ts";
import type { JourneyEvent } from "../../engine/core/events.ts";
import { partitionFor } from "../../engine/core/murmur2.ts";
import { MANAGER } from "../../engine/core/protocol.ts";
import type { TopicNames } from "../../engine/core/topic-names.ts";
import { createFlowRegistry } from "../../engine/manager/flows.ts";
import { createManager } from "../../engine/manager/manager.ts";
import { watchServices } from "../../engine/manager/service-watch.ts";
import { Inbox } from "../support/bus-inbox.ts";
import { type FlowSketch, flowFile } from "../support/journey-spec.ts";

const TIMEOUT_MS = 3_000;
/** So long the service is busy with a command. */
const BUSY_MS = 500;
/** Behind them all lie five timeouts of work. */
const COMMANDS = (5 * TIMEOUT_MS) / BUSY_MS;

export interface QueueFixture {
  bus: ObservableBus;
  topics: TopicNames;
  prefix: string;
  /** Of the topic of the commands. */
  partitions: number;
  dispose(): Promise<void>;
}

export function queueClockContract(name: string, open: () => Promise<QueueFixture>): void {
  describe(`clocks and queues: ${name}`, { timeout: 120_000 }, () => {
    let fixture: QueueFixture;
    let events: Inbox<JourneyEvent>;
    let closing: (() => Promise<unknown>)[];
    beforeEach(async () => {
      closing = [];
      fixture = await open();
      closing.push(() => fixture.dispose());
      const { bus, topics, prefix } = fixture;
      const inbox = new Inbox<JourneyEvent>();
      events = inbox;
      await bus.subscribe(topics.audit, (records) => inbox.add(records.map(({ value }) => JSON.parse(value ?? ""))));
      const flows = await createFlowRegistry({ bus, topic: topics.edits });
      closing.push(() => flows.close());
      const { health, queues, close } = await watchServices({ bus, topics, prefix, flows });
      closing.push(close);
      const manager = createManager({ bus, flows, health, queues, topics, group: `${prefix}antigraph.managers` });
      closing.push(() => manager.stop());
      await manager.start();
    });
    afterEach(async () => {
      for (const close of closing.reverse()) await close();
    });

    /** Starts journeys whose commands lie in one partition, in this order. */
    async function start(count: number, settings: FlowSketch["policy"] = {}): Promise<string[]> {
      const { bus, topics, partitions } = fixture;
      const policy = { timeout: `${TIMEOUT_MS}ms`, onTimeout: "ignore", ...settings };
      const flow = flowFile({ edges: { a: [] }, policy });
      await bus.append([{ topic: topics.edits, key: null, value: JSON.stringify(flow) }]);
      const uuids: string[] = [];
      while (uuids.length < count) {
        const uuid = crypto.randomUUID();
        if (partitionFor(uuid, partitions) === 0) uuids.push(uuid);
      }
      const value = { name: "flow", version: "", service: MANAGER, function: "start", status: "success", data: null };
      await bus.append(
        uuids.map((uuid) => ({ topic: topics.toManager, key: uuid, value: JSON.stringify({ uuid, ...value }) })),
      );
      await events.until((all) => all.filter(({ type }) => type === "step.dispatched").length === count);
      return uuids;
    }

    /** A service that works on one command after the other, and stops at the command `until`. */
    async function serve(until = Number.POSITIVE_INFINITY): Promise<void> {
      const { bus, topics, prefix } = fixture;
      let served = 0;
      const member: Consumption = await bus.consume({
        group: `${prefix}svc`,
        topic: topics.fromManager,
        fromBeginning: true,
        maximumBatch: 1,
        async onRecords(records: BusRecord[]) {
          const [record] = records;
          const { uuid, name, version, service, function: call, schema_version } = JSON.parse(record?.value ?? "");
          if (served >= until) return new Promise(() => {});
          served += 1;
          // It is busy: time is what this is about.
          await new Promise((resolve) => setTimeout(resolve, BUSY_MS));
          const reply = { uuid, name, version, service, function: call, schema_version, status: "success", data: {} };
          await bus.append([{ topic: topics.toManager, key: uuid, value: JSON.stringify(reply) }]);
        },
      });
      closing.push(() => member.close());
    }

    const typesOf = (uuid: string) => events.items.filter((event) => event.uuid === uuid).map(({ type }) => type);
    const ended = (count: number) =>
      events.until((all) => {
        const ends = all.filter(({ type }) => type === "journey.completed" || type === "rollback.completed");
        return ends.length === count;
      });

    it("a queue that moves times nobody out, though five timeouts of work lie before the last", async () => {
      const uuids = await start(COMMANDS);
      await serve();
      await ended(COMMANDS);
      const timedOut = uuids.filter((uuid) => typesOf(uuid).includes("step.timed_out"));
      expect(timedOut).toEqual([]);
    });

    it("a queue that stands still times out what is in it", async () => {
      const uuids = await start(6);
      await serve(2);
      await ended(6);
      const timedOut = uuids.map((uuid) => typesOf(uuid).includes("step.timed_out"));
      expect(timedOut).toEqual([false, false, true, true, true, true]);
    });

    it("a queue that nobody reads times out by the timeout alone", async () => {
      const begunAt = Date.now();
      const [uuid = ""] = await start(1);
      await ended(1);
      const at = (type: string) => Date.parse(events.items.find((event) => event.type === type)?.at ?? "");
      expect(typesOf(uuid)).toContain("step.timed_out");
      expect(at("step.timed_out") - at("step.dispatched")).toBeGreaterThanOrEqual(TIMEOUT_MS);
      expect(at("step.timed_out")).toBeGreaterThan(begunAt);
    });

    it("a queue that moves times out what has waited in it for longer than queueTimeout", async () => {
      const uuids = await start(COMMANDS, { queueTimeout: "2s" });
      await serve();
      await ended(COMMANDS);
      expect(typesOf(uuids[0] ?? "")).not.toContain("step.timed_out");
      expect(typesOf(uuids.at(-1) ?? "")).toContain("step.timed_out");
    });
  });
}
