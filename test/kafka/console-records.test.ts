import { Kafka, logLevel } from "kafkajs";
import { describe, expect, inject, it, onTestFinished } from "vitest";
import { findCommand, type RecordReader } from "../../renderer/journey/find-command.ts";
import { kafkaPlace, openKafkaConsole, runOnboardingServices } from "../support/kafka-console.ts";

const brokers = inject("kafkaBrokers");

/** A client of other people's: bytes that are no text, keys by another hash. */
async function otherClient() {
  const producer = new Kafka({ brokers, logLevel: logLevel.NOTHING }).producer();
  await producer.connect();
  onTestFinished(() => producer.disconnect());
  return producer;
}

const NOT_TEXT = Buffer.from([0xff, 0x00, 0xfe, 0x41]);

describe("records on Kafka", () => {
  it("are shown whatever bytes they have; dead letters keep them, and are sent again with them", async () => {
    const place = await kafkaPlace(brokers);
    const console = await openKafkaConsole(place);
    await console.publishSamples();
    const topic = `${place.prefix}tomanager`;
    const producer = await otherClient();
    await producer.send({ topic, messages: [{ key: NOT_TEXT, value: NOT_TEXT, partition: 2 }] });
    const letters = `/topics/${place.prefix}antigraph.deadletter`;
    const { body } = await console.api("GET", `${letters}/records?wait=20000`);
    const base64 = NOT_TEXT.toString("base64");
    const shown = { key: base64, value: base64, encoding: { key: "base64", value: "base64" } };
    expect(body.records).toMatchObject([{ ...shown, headers: { reason: "malformed", topic, partition: "2" } }]);
    const [{ partition, offset }] = body.records;
    const resent = await console.api("POST", `${letters}/resend`, {
      records: [{ partition, offset }],
      reason: "again",
    });
    expect(resent).toMatchObject({ status: 201, body: { records: [{ to: { topic, partition: 2 } }] } });
    const { to } = resent.body.records[0];
    const again = await console.api("GET", `/topics/${topic}/records?partition=2&offset=${to.offset}`);
    expect(again.body.records).toMatchObject([
      { ...shown, headers: { reason: "again", "resent-from": expect.any(String) } },
    ]);
    const { activity } = (await console.api("GET", "/activity")).body;
    expect(activity).toContainEqual(expect.objectContaining({ action: "record.resent" }));
  });

  it("are found by time and by key, and the tail goes on where a page ended", async () => {
    const place = await kafkaPlace(brokers);
    const console = await openKafkaConsole(place);
    await console.publishSamples();
    await runOnboardingServices(place);
    const ada = { name: "onboarding", data: { name: "Ada", plan: "team" } };
    const uuids: string[] = [];
    for (let count = 0; count < 3; count++) {
      uuids.push((await console.api("POST", "/journeys?wait=30000", ada)).body.uuid);
    }
    const path = `/topics/${place.prefix}tomanager/records`;
    const all = (await console.api("GET", path)).body;
    // A start and three replies each.
    expect(all.records).toHaveLength(12);
    const own = (await console.api("GET", `${path}?key=${uuids[1]}`)).body;
    expect(own.records).toHaveLength(4);
    expect(own.scanned).toBe(12);
    const [third] = own.records.slice(2);
    const since = (await console.api("GET", `${path}?at=${encodeURIComponent(third.timestamp)}`)).body;
    expect(since.records.every(({ timestamp }: { timestamp: string }) => timestamp >= third.timestamp)).toBe(true);
    expect(since.records).toContainEqual(third);
    const tail = console.api("GET", `${path}?offset=${all.next}&wait=20000`);
    const { uuid } = (await console.api("POST", "/journeys", ada)).body;
    expect((await tail).body.records[0]).toMatchObject({ key: uuid });
    // A command is found by its id in the header, an input by the event's cause.
    const { events } = (await console.api("GET", `/journeys/${uuids[1]}/events`)).body;
    const dispatched = events.find(({ type }: { type: string }) => type === "step.dispatched");
    const commands = (await console.api("GET", `/topics/${place.prefix}fromanager/records?key=${uuids[1]}`)).body;
    expect(commands.records.map(({ headers }: { headers: { id: string } }) => headers.id)).toContain(dispatched.id);
    // The page of a journey finds it from the time of its event on.
    const reader: RecordReader = {
      partitions: async () => 4,
      async read(topic, from) {
        const query = new URLSearchParams(Object.entries(from).map(([name, value]) => [name, String(value)]));
        return (await console.api("GET", `/topics/${topic}/records?${query}`)).body;
      },
    };
    const command = commands.records.find(({ headers }: { headers: { id: string } }) => headers.id === dispatched.id);
    const wanted = {
      topic: `${place.prefix}fromanager`,
      key: String(uuids[1]),
      id: dispatched.id,
      sentAt: Date.parse(dispatched.at),
    };
    expect(await findCommand(reader, wanted, new AbortController().signal)).toEqual({
      topic: wanted.topic,
      partition: command.partition,
      offset: command.offset,
    });
    const { partition, offset } = dispatched.cause;
    const cause = (await console.api("GET", `${path}?partition=${partition}&offset=${offset}&limit=1`)).body;
    expect(cause.records).toMatchObject([{ offset, key: uuids[1] }]);
  });
});
