import { describe, expect, it } from "vitest";
import type { NewRecord } from "../../../engine/bus/bus.ts";
import { systemClock } from "../../../engine/service/clock.ts";
import { createMemoryLedger } from "../../../engine/service/ledger.ts";
import { Replies } from "../../../engine/service/replies.ts";
import { TransportError } from "../../../engine/service/transport.ts";

const reply = (key: string, value = "{}"): NewRecord => ({ topic: "tomanager", key, value });

function repliesOver(append: (records: NewRecord[]) => Promise<void>) {
  const fatal: Error[] = [];
  const replies = new Replies({
    append,
    laneOf: ({ key }) => key ?? "",
    ledger: createMemoryLedger(),
    clock: systemClock,
    random: () => 0,
    instead: () => undefined,
    onRefused: () => {},
    onFatal: (error) => void fatal.push(error),
  });
  return { replies, fatal };
}

describe("replies in lanes", () => {
  it("of a journey whose partition can't be written keep no other journey's waiting", async () => {
    const stuck = Promise.withResolvers<void>();
    const { replies } = repliesOver(([record]) => (record?.key === "away" ? stuck.promise : Promise.resolve()));
    const late = replies.send(reply("away"));
    await replies.send(reply("here"));
    await replies.send(reply("here"));
    expect(replies.waiting).toBe(1);
    stuck.resolve();
    await late;
    expect(replies.waiting).toBe(0);
  });

  it("of one journey keep their order, also over a failure", async () => {
    const sent: (string | null)[] = [];
    let failures = 1;
    const { replies } = repliesOver(async (records) => {
      if (failures-- > 0) throw new TransportError("unavailable", "no leader");
      sent.push(...records.map(({ value }) => value));
    });
    await Promise.all(["1", "2", "3"].map((value) => replies.send(reply("a", value))));
    expect(sent).toEqual(["1", "2", "3"]);
  });

  it("end in all lanes when the service may not use the topics", async () => {
    const open = Promise.withResolvers<void>();
    const { replies, fatal } = repliesOver(([record]) =>
      record?.key === "a" ? Promise.reject(new TransportError("denied", "wrong token")) : open.promise,
    );
    const other = replies.send(reply("b"));
    await expect(replies.send(reply("a"))).rejects.toThrow("wrong token");
    await expect(other).rejects.toThrow("wrong token");
    expect(fatal).toHaveLength(1);
    expect(replies.waiting).toBe(0);
  });
});
