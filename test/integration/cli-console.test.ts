import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import type { JourneyView } from "../../engine/core/view.ts";
import { descendantsOf, stillRunning } from "../support/processes.ts";
import { dataFolder, runCli, spawnCli, startConsole } from "./cli-process.ts";

const flows = fileURLToPath(new URL("../../examples/flows/", import.meta.url));
const negations = fileURLToPath(new URL("../../examples/negations.json", import.meta.url));

describe("antigraph console", () => {
  test("says where it is, answers, and Ctrl-C leaves nothing running", async () => {
    const dataDir = dataFolder();
    const running = await startConsole(dataDir);
    expect(running.out()).toContain(`Its data is in ${dataDir}. Ctrl-C stops it.`);
    expect((await fetch(`${running.url}/health`)).status).toBe(200);
    const below = descendantsOf(running.pid);
    expect(below.length).toBeGreaterThan(0);
    running.child.kill("SIGINT");
    expect(await running.exited).toEqual({ code: 0, signal: null });
    expect(stillRunning(below)).toEqual([]);
    expect(running.err()).toBe("");
    expect(existsSync(join(dataDir, "lock"))).toBe(false);
  });

  test("answers as JSON for machines, and takes its token from the environment", async () => {
    const dataDir = dataFolder();
    const args = ["console", "--port", "0", "--no-open", "--no-samples", "--json", "--data", dataDir];
    const running = spawnCli(args, { ANTIGRAPH_TOKEN: "of-the-environment" });
    await running.printed(/\}/);
    const { url, data, profile } = JSON.parse(running.out());
    expect([data, profile, existsSync(join(dataDir, "token"))]).toEqual([dataDir, "embedded", false]);
    const headers = { authorization: "Bearer of-the-environment" };
    expect((await fetch(`${url}/api/v1/info`, { headers })).status).toBe(200);
  });

  test("refuses a folder that another console has, in one line that says which", async () => {
    const dataDir = dataFolder();
    const running = await startConsole(dataDir, ["--no-samples"]);
    const { code, out, err } = await runCli(["console", "--port", "0", "--no-open", "--data", dataDir]);
    expect([code, out, err.trim().split("\n").length]).toEqual([1, "", 1]);
    expect(err).toContain(`by process ${running.pid}, at ${running.url}`);
  });

  test("refuses a taken port in one line, and the folder is free again", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    onTestFinished(() => void server.close());
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const dataDir = dataFolder();
    const { code, err } = await runCli(["console", "--port", String(port), "--no-open", "--data", dataDir]);
    expect([code, err.trim().split("\n").length]).toEqual([1, 1]);
    expect(err).toContain(
      `Port ${port} on 127.0.0.1 is taken by another program. Free the port, or choose another one`,
    );
    expect((await runCli(["audit", "rebuild", "--data", dataDir])).code).toBe(0);
  });

  test("refuses a folder that can't be written in one line", async () => {
    const file = join(dataFolder(), "file");
    writeFileSync(file, "");
    const { code, err } = await runCli(["console", "--port", "0", "--no-open", "--data", join(file, "data")]);
    expect([code, err.trim().split("\n").length]).toEqual([1, 1]);
    expect(err).toContain("can't be used");
  });
});

describe("the command line on a running console", () => {
  test("publishes a Flume export, starts it, sees it fail and undo itself, and rebuilds the cache to the same", async () => {
    const dataDir = dataFolder();
    const running = await startConsole(dataDir, ["--no-samples"]);
    const at = ["--data-dir", dataDir];

    const bare = join(flows, "onboarding-bare.json");
    const given = ["--name", "onboarding", "--negations", negations];
    const published = await runCli(["publish", bare, ...given, ...at]);
    expect([published.code, published.out]).toEqual([0, "onboarding 1 is published.\n"]);
    const again = await runCli(["publish", bare, ...given, ...at]);
    expect([again.code, again.out]).toEqual([0, "onboarding 1 was published before, just so.\n"]);
    const other = await runCli(["publish", join(flows, "order.flow.json"), "--name", "onboarding", ...at]);
    expect([other.code, other.err]).toEqual([1, expect.stringContaining("Publish under a new version")]);

    const services = spawnCli(["services", "--data", dataDir, "--fail", "membership.add_membership"]);
    await services.printed(/run on http/);
    const failed = await runCli(["start", "onboarding", "--data", '{"name":"Ada"}', "--wait", "--json", ...at]);
    const journey: JourneyView = JSON.parse(failed.out);
    expect([failed.code, journey.status, journey.error?.code]).toEqual([1, "rolled_back", "injected"]);
    expect(Object.keys(journey.steps.add_license?.undo ?? {}).sort()).toEqual(["log_removal", "remove_license"]);
    const dump = JSON.parse((await runCli(["services", "--dump", "--data", dataDir, "--json"])).out);
    expect([dump.user.users, dump.license.licenses, dump.membership.effects]).toEqual([[], [], []]);
    expect(dump.user.effects).toHaveLength(2);
    services.child.kill("SIGINT");
    expect(await services.exited).toEqual({ code: 0, signal: null });

    const events = await runCli(["journeys", "events", journey.uuid, ...at]);
    expect(events.out).toMatch(/rollback\.completed/);
    const refused = await runCli(["journeys", "rollback", journey.uuid, "--reason", "again", ...at]);
    expect([refused.code, refused.err]).toEqual([1, expect.stringMatching(/^antigraph: .+\n$/)]);

    const before = await runCli(["journeys", "show", journey.uuid, "--json", ...at]);
    const locked = await runCli(["audit", "rebuild", "--data", dataDir]);
    expect([locked.code, locked.err]).toEqual([1, expect.stringContaining("Stop that console first.")]);
    running.child.kill("SIGTERM");
    expect((await running.exited).code).toBe(0);

    const rebuilt = await runCli(["audit", "rebuild", "--data", dataDir]);
    expect([rebuilt.code, rebuilt.out]).toEqual([
      0,
      expect.stringContaining("The cache holds 1 journey with 16 events again."),
    ]);
    const file = join(dataDir, "events.jsonl");
    expect((await runCli(["audit", "export", file, "--data", dataDir])).code).toBe(0);
    expect(readFileSync(file, "utf8").trim().split("\n")).toHaveLength(JSON.parse(before.out).seq);
    const imported = await runCli(["audit", "import", file, "--data", dataDir, "--json"]);
    expect(JSON.parse(imported.out)).toMatchObject({ events: 0, malformed: 0 });
    const restarted = await startConsole(dataDir, ["--no-samples"]);
    const after = await runCli(["journeys", "show", journey.uuid, "--json", "--url", restarted.url, ...at]);
    expect(JSON.parse(after.out)).toEqual(JSON.parse(before.out));
  });

  test("services wait for a console that isn't there yet, and end when its token is another", async () => {
    const dataDir = dataFolder();
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    server.close();
    const url = `http://127.0.0.1:${port}`;
    const services = spawnCli(["services", "--data", dataDir, "--url", url], { ANTIGRAPH_TOKEN: "another" });
    await services.printed(/the services wait for it/);
    spawnCli(["console", "--port", String(port), "--no-open", "--no-samples", "--data", dataDir]);
    expect((await services.exited).code).toBe(1);
    expect(services.err()).toContain("This token is not the console's.");
  });
});
