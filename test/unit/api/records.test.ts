import { describe, expect, test } from "vitest";
import { partitionFor } from "../../../engine/core/murmur2.ts";
import { TOPICS } from "../../../engine/core/protocol.ts";
import { openTestApi } from "../../support/api-host.ts";
import { UUID } from "../../support/journey-spec.ts";

const PATH = `/topics/${TOPICS.toManager}/records`;
const HOME = partitionFor(UUID, 12);

describe("producing by hand", () => {
  test("one record: text as it is, other JSON as its text, null as tombstone", async () => {
    const t = await openTestApi();
    const first = await t.api("POST", PATH, { key: UUID, value: { a: [1] }, headers: { id: "x" } });
    expect(first.status).toBe(201);
    expect(first.body).toEqual({ records: [{ topic: TOPICS.toManager, partition: HOME, offset: 0 }] });
    await t.api("POST", PATH, { key: UUID, value: "plain text {" });
    await t.api("POST", PATH, { key: UUID, value: null });
    const { body } = await t.api("GET", PATH);
    expect(body.records).toEqual([
      {
        partition: HOME,
        offset: 0,
        timestamp: "2026-11-22T10:00:00.000Z",
        key: UUID,
        headers: { id: "x" },
        value: '{"a":[1]}',
      },
      expect.objectContaining({ offset: 1, headers: {}, value: "plain text {" }),
      expect.objectContaining({ offset: 2, value: null }),
    ]);
  });

  test("several records, where they are asked to go", async () => {
    const t = await openTestApi();
    const records = [
      { key: null, value: 1, partition: 7 },
      { key: UUID, value: true },
    ];
    const { body } = await t.api("POST", PATH, { records });
    expect(body.records.map(({ partition }: { partition: number }) => partition)).toEqual([7, HOME]);
  });

  test.each([
    [{}, "value"],
    [{ key: "k" }, "value"],
    [{ value: 1, records: [{ value: 2 }] }, "value"],
    [{ records: [] }, "records"],
    [{ records: [{ key: "k" }] }, "records.0.value"],
    [{ value: 1, key: 2 }, "key"],
    [{ value: 1, headers: { a: 1 } }, "headers.a"],
  ])("a body like %j names the field at fault", async (body, path) => {
    const t = await openTestApi();
    const answer = await t.api("POST", PATH, body);
    expect([answer.status, answer.body.errors[0].path]).toEqual([400, path]);
  });

  test("a partition that isn't there, a topic that isn't there, a record too large", async () => {
    const t = await openTestApi();
    const of = async (path: string, body: object) => {
      const answer = await t.api("POST", path, body);
      return [answer.status, answer.body.code];
    };
    expect(await of(PATH, { value: 1, partition: 12 })).toEqual([400, "invalid_request"]);
    expect(await of("/topics/nonsense/records", { value: 1 })).toEqual([404, "topic_not_found"]);
    expect(await of(PATH, { value: "x".repeat(1_000_001) })).toEqual([413, "payload_too_large"]);
  });

  test.each([TOPICS.audit, TOPICS.journeys, `${TOPICS.journeys}.closed`])(
    "%s is for managers only",
    async (topic) => {
      const t = await openTestApi();
      const { status, body } = await t.api("POST", `/topics/${topic}/records`, { value: 1 });
      expect([status, body.code]).toEqual([403, "forbidden_topic"]);
    },
  );

  test.each([{ read_only: true }, { environment: "prod" as const }])("not on a profile like %j", async (profile) => {
    const t = await openTestApi({ profile });
    const { status, body } = await t.api("POST", PATH, { value: 1 });
    expect([status, body.code]).toEqual([403, "forbidden_profile"]);
  });
});

describe("reading", () => {
  async function openWithThree() {
    const t = await openTestApi();
    for (const value of ["a", "b", "c"]) await t.api("POST", PATH, { key: UUID, value });
    const values = async (query: string) => {
      const { body } = await t.api("GET", `${PATH}?${query}`);
      return body.records.map(({ value }: { value: string }) => value).join("");
    };
    return { ...t, values };
  }

  test("from the start, the end, the last N, an offset, or where a read left off", async () => {
    const t = await openWithThree();
    expect(await t.values("")).toBe("abc");
    expect(await t.values("offset=start")).toBe("abc");
    expect(await t.values("offset=end")).toBe("");
    expect(await t.values("offset=-2")).toBe("bc");
    expect(await t.values(`partition=${HOME}&offset=1`)).toBe("bc");
    expect(await t.values(`partition=${(HOME + 1) % 12}`)).toBe("");
    const first = await t.api("GET", `${PATH}?limit=2`);
    expect(await t.values(`offset=${first.body.next}`)).toBe("c");
  });

  test("next names every partition read, so that nothing is missed", async () => {
    const t = await openWithThree();
    const { body } = await t.api("GET", `${PATH}?offset=end`);
    expect(body.next.split(",")).toHaveLength(12);
    await t.api("POST", PATH, { key: UUID, value: "later" });
    expect(await t.values(`offset=${body.next}`)).toBe("later");
  });

  test("by long poll: answers as soon as there is something", async () => {
    const t = await openWithThree();
    const { body } = await t.api("GET", `${PATH}?offset=end`);
    const answer = t.values(`offset=${body.next}&wait=5000`);
    await t.api("POST", PATH, { key: UUID, value: "news" });
    expect(await answer).toBe("news");
  });

  test("a long poll ends when the console closes", async () => {
    const t = await openWithThree();
    const answer = t.api("GET", `${PATH}?offset=end&wait=60000`);
    t.closing.abort();
    expect((await answer).body.records).toEqual([]);
  });

  test.each([
    ["offset=5", "offset"],
    ["offset=x", "offset"],
    ["offset=99:0", "offset"],
    ["partition=12", "partition"],
    ["limit=0", "limit"],
    ["limit=1001", "limit"],
    ["wait=60001", "wait"],
  ])("?%s is refused and named", async (query, path) => {
    const t = await openWithThree();
    const { status, body } = await t.api("GET", `${PATH}?${query}`);
    expect([status, body.code, body.errors[0].path]).toEqual([400, "invalid_request", path]);
  });

  test("an offset beyond the log: 410", async () => {
    const t = await openWithThree();
    const { status, body } = await t.api("GET", `${PATH}?partition=${HOME}&offset=99`);
    expect([status, body.code]).toEqual([410, "offset_out_of_range"]);
  });

  test("an unknown topic: 404", async () => {
    const t = await openTestApi();
    expect((await t.api("GET", "/topics/nonsense/records")).body.code).toBe("topic_not_found");
  });
});

describe("reading by time and key", () => {
  test("begins at a time, in every partition or in one", async () => {
    const t = await openTestApi();
    await t.api("POST", PATH, { key: UUID, value: "before" });
    t.clock.now += 60_000;
    await t.api("POST", PATH, { key: UUID, value: "after" });
    await t.api("POST", PATH, { key: "other", value: "elsewhere" });
    const values = async (query: string) => {
      const { body } = await t.api("GET", `${PATH}?${query}`);
      return body.records.map(({ value }: { value: string }) => value).sort();
    };
    expect(await values("at=2026-11-22T10:00:30Z")).toEqual(["after", "elsewhere"]);
    expect(await values(`at=2026-11-22T10:00:30Z&partition=${HOME}`)).toEqual(["after"]);
    expect(await values("at=2026-11-22T09:00:00Z")).toHaveLength(3);
    expect(await values("at=2026-11-22T12:00:00Z")).toEqual([]);
    expect((await t.api("GET", `${PATH}?at=yesterday`)).status).toBe(400);
  });

  test("gives only the records of a key, and says how many it looked through", async () => {
    const t = await openTestApi();
    const records = Array.from({ length: 30 }, (_, n) => ({
      key: n % 3 === 0 ? UUID : `k${n}`,
      value: n,
      partition: 0,
    }));
    await t.api("POST", PATH, { records });
    const all = await t.api("GET", `${PATH}?key=${UUID}`);
    expect(all.body.records.map(({ value }: { value: string }) => Number(value))).toEqual([
      0, 3, 6, 9, 12, 15, 18, 21, 24, 27,
    ]);
    expect(all.body.scanned).toBe(30);

    const found: number[] = [];
    let offset = "start";
    for (let calls = 0; calls < 30; calls += 1) {
      const { body } = await t.api("GET", `${PATH}?key=${UUID}&limit=4&offset=${encodeURIComponent(offset)}`);
      expect(body.records.length).toBeLessThanOrEqual(4);
      found.push(...body.records.map(({ value }: { value: string }) => Number(value)));
      offset = body.next;
      if (body.scanned === 0) break;
    }
    expect(found).toEqual([0, 3, 6, 9, 12, 15, 18, 21, 24, 27]);
    expect((await t.api("GET", `${PATH}?key=nobody`)).body).toMatchObject({ records: [], scanned: 30 });
    expect((await t.api("GET", PATH)).body).not.toHaveProperty("scanned");
  });
});

describe("dead letters, sent again", () => {
  const LETTERS = `/topics/${TOPICS.deadLetter}`;
  const letter = {
    key: UUID,
    value: "not JSON {",
    headers: { id: "x", reason: "malformed", message: "no", topic: TOPICS.toManager, partition: "7", offset: "3" },
  };

  test("go where they came from, with key, value and headers of their own, and say who sent them", async () => {
    const t = await openTestApi();
    await t.bus.append([{ topic: TOPICS.deadLetter, ...letter }]);
    const body = { records: [{ partition: 0, offset: 0 }], reason: "mended" };
    const answer = await t.api("POST", `${LETTERS}/resend`, body);
    expect(answer).toEqual({
      status: 201,
      body: {
        records: [
          {
            from: { topic: TOPICS.deadLetter, partition: 0, offset: 0 },
            to: { topic: TOPICS.toManager, partition: 7, offset: 0 },
          },
        ],
      },
    });
    const { records } = (await t.api("GET", `/topics/${TOPICS.toManager}/records`)).body;
    const headers = { id: "x", actor: "olga", reason: "mended", "resent-from": `${TOPICS.deadLetter}/0/0` };
    expect(records).toMatchObject([{ key: UUID, value: "not JSON {", headers }]);
    expect(records[0].headers).toEqual(headers);
    const [event] = t.host.profiles.events();
    expect(event).toMatchObject({
      action: "record.resent",
      actor: "olga",
      reason: expect.stringContaining("mended"),
    });
  });

  test("only dead letters, that are there, to topics of this profile, and not on a read-only profile", async () => {
    const t = await openTestApi();
    await t.bus.append([{ topic: TOPICS.deadLetter, ...letter, headers: { topic: "elsewhere" } }]);
    const codeOf = async (topic: string, offset: number) => {
      const body = { records: [{ partition: 0, offset }] };
      return (await t.api("POST", `/topics/${topic}/resend`, body)).body.code;
    };
    expect(await codeOf(TOPICS.toManager, 0)).toBe("forbidden_topic");
    expect(await codeOf(TOPICS.deadLetter, 0)).toBe("invalid_request");
    expect(await codeOf(TOPICS.deadLetter, 5)).toBe("offset_out_of_range");
    const readOnly = await openTestApi({ profile: { read_only: true } });
    const body = { records: [{ partition: 0, offset: 0 }] };
    expect((await readOnly.api("POST", `${LETTERS}/resend`, body)).body.code).toBe("forbidden_profile");
  });
});

describe("pages of records", () => {
  test("end where they become large; the rest is on the next", async () => {
    const t = await openTestApi();
    const value = "x".repeat(3_000_000);
    for (let index = 0; index < 3; index++) await t.bus.append([{ topic: TOPICS.fromManager, key: UUID, value }]);
    const path = `/topics/${TOPICS.fromManager}/records?partition=${HOME}`;
    const first = (await t.api("GET", path)).body;
    expect(first.records).toHaveLength(1);
    const second = (await t.api("GET", `${path}&offset=${first.next.split(":")[1]}`)).body;
    expect(second.records.map(({ offset }: { offset: number }) => offset)).toEqual([1]);
  });

  test("skip what has left the topic, and say how much, where they are asked to", async () => {
    const t = await openTestApi();
    await t.bus.append([1, 2, 3].map((value) => ({ topic: TOPICS.fromManager, key: UUID, value: `${value}` })));
    const { offsets } = t.bus;
    // As if retention had taken the first two.
    t.host.bus.offsets = async (topic) =>
      (await offsets.call(t.bus, topic)).map((each) => (each.partition === HOME ? { ...each, start: 2 } : each));
    const path = `/topics/${TOPICS.fromManager}/records?partition=${HOME}&offset=0`;
    const { body } = await t.api("GET", `${path}&skip`);
    expect([body.skipped, body.records.map(({ value }: { value: string }) => value)]).toEqual([2, ["3"]]);
    expect((await t.api("GET", path)).body).not.toHaveProperty("skipped");
  });
});
