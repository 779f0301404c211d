import { describe, expect, test } from "vitest";
import { cli } from "./cli.ts";

describe("wrong use ends with exit code 2 and the usage", () => {
  test.each([
    [["frobnicate"], 'There is no command "frobnicate".', "USAGE antigraph console|"],
    [["journeys"], "A command is missing.", "USAGE antigraph journeys list|"],
    [["journeys", "explode", "uuid"], 'There is no command "explode".', "USAGE antigraph journeys list|"],
    [["check"], "Missing required positional argument: FILE", "USAGE antigraph check"],
    [["check", "a.json", "b.json"], '"b.json" is one word too many.', "USAGE antigraph check"],
    [["start", "onboarding", "--wiat"], "Unknown option '--wiat'.", "USAGE antigraph start"],
    [["start", "onboarding", "--data", "{"], "--data takes JSON", "USAGE antigraph start"],
    [["start", "onboarding", "--version"], "Option '--version <value>' argument missing.", "USAGE antigraph start"],
    [["start", "a", "--version", "1", "--version", "2"], "--version is given 2 times; it takes one value.", "USAGE"],
    [["start", "a", "--url", "nonsense"], "--url takes an address", "USAGE antigraph start"],
    [
      ["journeys", "list", "--limit", "0"],
      "--limit takes a whole number from 1 to 200",
      "USAGE antigraph journeys list",
    ],
    [
      ["journeys", "list", "--sort", "name"],
      "Invalid value for argument: --sort (name)",
      "USAGE antigraph journeys list",
    ],
    [["check", "a.json", "--map", "nonsense"], "takes TYPE=service.function", "USAGE antigraph check"],
    [["console", "--port", "99999"], "--port takes a whole number from 0 to 65535", "USAGE antigraph console"],
    [["services", "--fail", "user"], "--fail takes a call like user.create_user", "USAGE antigraph services"],
    [["services", "--fail", "shop.buy"], 'no service "shop" runs here', "USAGE antigraph services"],
    [["services", "--fail", "user.create_user=2"], "a rate from 0 to 1", "USAGE antigraph services"],
    [["services", "--delay", "soon"], "--delay takes milliseconds", "USAGE antigraph services"],
    [["services", "--brokers", "here"], '"here" isn\'t HOST:PORT', "USAGE antigraph services"],
    [["services", "--prefix", "shop."], "--prefix goes with --brokers", "USAGE antigraph services"],
    [["doctor"], "either --profile NAME or --brokers HOST:PORT,...", "USAGE antigraph doctor"],
    [
      ["topics", "create", "--profile", "a", "--prefix", "b"],
      "a profile has its own",
      "USAGE antigraph topics create",
    ],
    [["doctor", "--brokers", "a:1", "--prefix", "a b"], "a prefix is letters", "USAGE antigraph doctor"],
    [["doctor", "--brokers", "a:1", "--topic", "audit"], 'takes TOPIC=NAME, not "audit"', "USAGE antigraph doctor"],
    [
      ["topics", "create", "--brokers", "a:1", "--topic", "commands=x"],
      "--topic commands: there is no topic commands; there are tomanager, fromanager, tomanageredits, audit, journeys,",
      "USAGE antigraph topics create",
    ],
    [
      ["manager", "--brokers", "a:1", "--topic", "audit=x", "--topic", "services=x"],
      "--topic services: x is the name of audit already",
      "USAGE antigraph manager",
    ],
    [
      ["manager", "--brokers", "a:1", "--topic", "audit=x", "--topic", "audit=y"],
      "--topic names audit twice",
      "USAGE antigraph manager",
    ],
    [["manager", "--profile", "a", "--topic", "audit=x"], "a profile has its own", "USAGE antigraph manager"],
    [["services", "--topic", "audit=x"], "--topic goes with --brokers", "USAGE antigraph services"],
    [["topics", "create", "--brokers", "a:1", "--retention", "9"], "--retention takes a time like", "USAGE"],
    [["topics", "create", "--brokers", "a:1", "--retention", "5m"], "an hour at least", "USAGE"],
    [["services", "--only", "shop"], 'no sample service "shop"', "USAGE antigraph services"],
    [["audit", "export", "--prefix", "a."], "Name the cluster: either --profile", "USAGE antigraph audit export"],
    [["audit", "prune"], "Give either --before or --days.", "USAGE antigraph audit prune"],
  ])("%j", async (args, message, usage) => {
    const { code, out, err } = await cli(args);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain(message);
    expect(err).toContain(usage);
  });
});

describe("help", () => {
  test("is printed for every command, with exit code 0", async () => {
    for (const name of [
      "console",
      "manager",
      "services",
      "check",
      "publish",
      "start",
      "journeys",
      "audit",
      "doctor",
      "topics",
    ]) {
      const { code, out, err } = await cli([name, "--help"]);
      expect([code, err, out.includes(`antigraph ${name}`)]).toEqual([0, "", true]);
    }
    expect((await cli(["journeys", "rollback", "--help"])).out).toContain("--dry-run");
  });

  test("comes unasked where no command is given, as wrong use", async () => {
    const { code, out } = await cli([]);
    expect([code, out.includes("USAGE antigraph")]).toEqual([2, true]);
  });

  test("tells the version", async () => {
    expect(await cli(["--version"])).toMatchObject({ code: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
  });
});

describe("failure ends with exit code 1 and one line that says what to do", () => {
  test("when no console answers", async () => {
    const { code, out, err } = await cli(["journeys", "list"]);
    expect([code, out]).toEqual([1, ""]);
    expect(err).toBe(
      "antigraph: no console answers at http://127.0.0.1:4600 (connect ECONNREFUSED 127.0.0.1:4600). " +
        "Start a console with `antigraph console`, or say where it is with --url.\n",
    );
  });

  test("when the console refuses", async () => {
    const problem = {
      status: 401,
      code: "unauthorized",
      detail: "This token is not the console's.",
      fix: "Send another.",
    };
    const { code, err } = await cli(["journeys", "list"], { "GET /journeys": { status: 401, body: problem } });
    expect([code, err]).toEqual([1, "antigraph: This token is not the console's. Send another.\n"]);
  });

  test("as JSON when asked for", async () => {
    const problem = {
      status: 404,
      code: "journey_not_found",
      detail: "There is no journey x.",
      fix: "Check the uuid.",
    };
    const { err } = await cli(["journeys", "show", "x", "--json"], {
      "GET /journeys/x": { status: 404, body: problem },
    });
    expect(JSON.parse(err)).toEqual({
      error: { code: "journey_not_found", message: "There is no journey x.", fix: "Check the uuid." },
    });
  });

  test.each([
    [["manager", "--profile", "embedded"], "The profile embedded is no Kafka cluster"],
    [["doctor", "--profile", "x"], "There is no profile x; there are: embedded."],
    [["doctor", "--profile", "embedded"], "The profile embedded is no Kafka cluster"],
    [["topics", "create", "--brokers", "127.0.0.1:1"], "127.0.0.1:1"],
    [["audit", "rebuild"], "/nowhere is no data folder of a console. Name the data folder"],
    [["audit", "rebuild", "--profile", "x"], "There is no profile x; there are: embedded."],
    [["audit", "rebuild", "--brokers", "127.0.0.1:1"], "/nowhere is no data folder of a console or a manager."],
    [["check", "/nowhere/flow.json"], "/nowhere/flow.json can't be read: ENOENT"],
    [["start", "a", "--data", "@/nowhere/data.json"], "/nowhere/data.json can't be read: ENOENT"],
  ])("%j", async (args, message) => {
    const { code, err } = await cli(args);
    expect([code, err.trim().split("\n").length]).toEqual([1, 1]);
    expect(err).toContain(message);
  });

  test("when there is no token for the services", async () => {
    const { code, err } = await cli(["services"], {}, { ANTIGRAPH_DATA: "/nowhere" });
    expect([code, err]).toEqual([1, expect.stringContaining("Set ANTIGRAPH_TOKEN")]);
  });
});

test("the token of this machine's data folder goes to no other machine", async () => {
  const environment = { ANTIGRAPH_DATA: "/nowhere" };
  const { requests } = await cli(["journeys", "list", "--url", "http://example.com:4600"], {}, environment);
  expect(requests).toMatchObject([{ authorization: null }]);
});
