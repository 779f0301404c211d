// Section 2: starts, flows and misfits as records of the topics, by the bold fields only. Seen from outside.
import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { flowFile, ok, outsider, silence } from "../support/outsider.ts";

const { run, follow, publish, produce, api, until } = outsider();

const start = (uuid: string, name: string, more: Record<string, unknown> = {}) => ({
  uuid,
  name,
  version: "",
  service: "manager",
  function: "start",
  status: "success",
  schema_version: "1",
  data: {},
  ...more,
});
interface DeadLetter {
  key: string | null;
  value: string | null;
  headers: Record<string, string>;
}
const deadLetter = (about: (letter: DeadLetter) => boolean) =>
  until(
    () => "no such dead letter",
    async (): Promise<DeadLetter | undefined> => {
      const { body } = await api("GET", "/topics/antigraph.deadletter/records?offset=start&limit=1000");
      return body.records.find(about);
    },
  );

describe.concurrent("starts", () => {
  test("of an unknown flow or version go to the dead letters with their bytes, and block nothing", async () => {
    const { name } = await publish({ graph: "a" });
    const [ghost, version] = [randomUUID(), randomUUID()];
    await produce("tomanager", start(ghost, "no such flow"), ghost);
    await produce("tomanager", start(version, name, { version: "99" }), version);
    const letters = [await deadLetter(({ key }) => key === ghost), await deadLetter(({ key }) => key === version)];
    for (const letter of letters) expect(letter.headers.reason).toBe("unknown_flow");
    expect(letters[0]?.headers.message).toContain("no such flow");
    expect(JSON.parse(letters[0]?.value ?? "")).toEqual(start(ghost, "no such flow"));
    expect((await api("GET", `/journeys/${ghost}`)).status).toBe(404);
    const j = follow(randomUUID());
    await produce("tomanager", start(j.uuid, name), j.uuid);
    await j.until("completed");
  });

  test("a flow published as a record right before its start is known by then", async () => {
    const file = flowFile({ graph: "a>b" });
    const j = follow(randomUUID());
    await produce("tomanageredits", file, file.name);
    await produce("tomanager", start(j.uuid, file.name), j.uuid);
    await j.until("completed");
    expect(j.sent()).toEqual(["a", "b"]);
  });

  test("the same start twice is one journey", async () => {
    const { name } = await publish({ graph: "a" });
    const j = follow(randomUUID(), { a: [silence] });
    await produce("tomanager", start(j.uuid, name, { data: 1 }), j.uuid);
    await produce("tomanager", start(j.uuid, name, { data: 2 }), j.uuid);
    await j.command("a");
    await j.reply("a", ok("end"));
    const view = await j.until("completed");
    expect([view.input, j.sent()]).toEqual([1, ["a"]]);
  });

  test("uuids in capitals are the same journey", async () => {
    const { name, version } = await publish({ graph: "a" });
    const j = follow(randomUUID(), { a: [silence] });
    await produce("tomanager", start(j.uuid.toUpperCase(), name), j.uuid.toUpperCase());
    await j.command("a");
    const reply = {
      name,
      version,
      service: "svc",
      function: "a",
      status: "success",
      schema_version: "1",
      data: "up",
    };
    await produce("tomanager", { uuid: j.uuid.toUpperCase(), ...reply }, j.uuid.toUpperCase());
    expect((await j.until("completed")).output).toBe("up");
    expect((await api("GET", `/journeys/${j.uuid.toUpperCase()}`)).body.uuid).toBe(j.uuid);
  });
});

describe.concurrent("records away from home", () => {
  test("of any key, none, and any partition find their journey", async () => {
    const { name, version } = await publish({ graph: "a>b>c>d" });
    const j = follow(randomUUID(), { "*": [silence] });
    await produce("tomanager", start(j.uuid, name), "another key");
    const bold = { uuid: j.uuid, name, version, status: "success", schema_version: "1" };
    const where: [string | null, Record<string, unknown>][] = [
      [null, {}],
      ["7", {}],
      [j.uuid, { partition: 3 }],
      [null, { partition: 5 }],
    ];
    for (const [index, called] of ["a", "b", "c", "d"].entries()) {
      await j.command(called);
      const [key, more] = where[index]!;
      await produce("tomanager", { ...bold, service: "svc", function: called, data: called }, key, more);
    }
    const view = await j.until("completed");
    expect(view.output).toBe("d");
  });

  test("a forwarded record tells its origin in headers", async () => {
    const { name } = await publish({ graph: "a" });
    const uuid = randomUUID();
    const written = await Promise.all(
      [...Array(12).keys()].map((partition) => produce("tomanager", start(uuid, name), null, { partition })),
    );
    expect(written.map(({ status }) => status < 300)).toEqual(Array(12).fill(true));
    const forwarded = await until(
      () => "nothing forwarded",
      async (): Promise<DeadLetter[] | undefined> => {
        const { body } = await api("GET", "/topics/tomanager/records?offset=start&limit=1000");
        const found = body.records.filter(
          ({ value, headers }: DeadLetter) => value?.includes(uuid) && headers["origin-partition"] !== undefined,
        );
        return found.length >= 11 ? found : undefined;
      },
    );
    const origins = forwarded.map(({ headers }) => headers["origin-partition"]);
    expect([forwarded.length, new Set(origins).size]).toEqual([11, 11]);
    for (const { headers } of forwarded) expect(headers["origin-offset"]).toMatch(/^\d+$/);
  });
});

describe.concurrent("flows", () => {
  test("the first record of a name and version counts; other content is ignored and reported", async () => {
    const name = `twice ${randomUUID()}`;
    await produce("tomanageredits", flowFile({ graph: "a", name }), name);
    await produce("tomanageredits", flowFile({ graph: "a>b", name }), name);
    await produce("tomanageredits", flowFile({ graph: "a", name }), name);
    const j = follow(randomUUID());
    await produce("tomanager", start(j.uuid, name), j.uuid);
    await j.until("completed");
    expect(j.sent()).toEqual(["a"]);
    const reported = await until(
      () => "the conflict isn't reported",
      async () => {
        const { body } = await api("GET", "/flows");
        const versions = body.flows.find((flow: { name: string }) => flow.name === name)?.versions ?? [];
        return /conflict|ignored|other content/i.test(JSON.stringify(versions)) ? versions : undefined;
      },
    );
    expect(reported).toHaveLength(1);
  });

  test("POST /flows says 201, 200 for the same again, 409 for other content, 422 with findings", async () => {
    const file = flowFile({ graph: "a>b" });
    const post = async (body: unknown) => {
      const answer = await api("POST", "/flows", body);
      return [answer.status, answer.body.code];
    };
    expect(await post(file)).toEqual([201, undefined]);
    expect(await post(file)).toEqual([200, undefined]);
    expect(await post(flowFile({ graph: "a", name: file.name }))).toEqual([409, "flow_version_exists"]);
    expect(await post(flowFile({ graph: "a>b>a" }))).toEqual([422, "flow_invalid"]);
    expect(await post({ name: "x", version: "1" })).toEqual([400, "invalid_request"]);
  });

  test("version empty is the version whose first record came last, then pinned", async () => {
    const name = `newest ${randomUUID()}`;
    for (const [version, graph] of [
      ["2", "b"],
      ["1", "a"],
      ["2", "b"],
    ] as const)
      await produce("tomanageredits", flowFile({ graph, name, version }), name);
    const j = follow(randomUUID(), { a: [silence] });
    await produce("tomanager", start(j.uuid, name), j.uuid);
    await j.command("a");
    await publish({ graph: "c", name, version: "3" });
    await j.reply("a", ok(1));
    expect((await j.until("completed")).version).toBe("1");
  });
});

test("malformed records of every kind are buried and counted, and the partition goes on", async () => {
  const uuid = randomUUID();
  const j = await run({ graph: "a" }, { a: [silence] });
  await j.command("a");
  const good = { ...start(uuid, "x"), service: "svc", function: "a" };
  const bad = [
    "",
    "null",
    "[]",
    "7",
    '"text"',
    "{",
    JSON.stringify({ ...good, uuid: "not a uuid" }),
    JSON.stringify({ ...good, uuid: undefined }),
    JSON.stringify({ ...good, status: "SUCCESS" }),
    JSON.stringify({ ...good, service: "" }),
    JSON.stringify({ ...good, attempt: "one" }),
    JSON.stringify(good),
    JSON.stringify({ ...good, service: "manager", function: "dance" }),
    JSON.stringify({ ...good, service: "manager", function: "pause", data: {} }),
  ];
  const key = `bad ${uuid}`;
  for (const value of bad) expect((await produce("tomanager", value, key)).status).toBeLessThan(300);
  const letters = await until(
    () => "the dead letters",
    async (): Promise<DeadLetter[] | undefined> => {
      const { body } = await api("GET", "/topics/antigraph.deadletter/records?offset=start&limit=1000");
      const mine = body.records.filter((letter: DeadLetter) => letter.key === key || letter.value?.includes(uuid));
      return mine.length >= bad.length ? mine : undefined;
    },
  );
  expect(letters.map(({ value }) => value).sort()).toEqual([...bad].sort());
  for (const { headers } of letters)
    expect([headers.reason, headers.message]).toEqual([
      expect.stringMatching(/^[a-z_]+$/),
      expect.stringMatching(/.+/),
    ]);
  await j.reply("a", ok(1));
  await j.until("completed");
});
