import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { defineService } from "../../engine/service/define.ts";
import { createHttpTransport } from "../../engine/service/http-transport.ts";
import { runService } from "../../engine/service/run.ts";
import { openServiceStore } from "../../engine/service/store.ts";
import { Unavailable } from "../../engine/service/unavailable.ts";
import { flowFile } from "../support/journey-spec.ts";
import { openTestConsole, temporaryFolder } from "../support/running-console.ts";

const TIMEOUT_MS = 1_000;

test("over HTTP, a service whose database is away for longer than its timeout fails nothing, and says so", async () => {
  const { host, api, untilStatus } = await openTestConsole();
  await api("POST", "/flows", flowFile({ edges: { a: [] }, policy: { timeout: `${TIMEOUT_MS}ms` } }));
  let up = false;
  const service = defineService({
    name: "svc",
    functions: {
      a: ({ uuid }) => {
        if (!up) throw new Unavailable("the database is away");
        return uuid;
      },
    },
  });
  const store = openServiceStore({ path: join(temporaryFolder(), "svc.sqlite") });
  const transport = createHttpTransport({ url: host.url ?? "", token: host.token });
  const running = await runService(service, transport, { store });
  onTestFinished(async () => {
    await running.stop();
    store.close();
  });
  const { body } = await api("POST", "/journeys", { name: "flow", data: null });
  await expect.poll(() => running.status().holding, { timeout: 10_000 }).toBe("the database is away");
  const heldAt = Date.now();
  await expect.poll(() => Date.now() - heldAt, { timeout: 10_000 }).toBeGreaterThan(2 * TIMEOUT_MS);
  const { body: list } = await api("GET", "/services");
  expect(list.services).toMatchObject([{ service: "svc", status: "up", instances: [{ holding: true }] }]);
  up = true;
  expect(await untilStatus(body.uuid, "completed", "rolled_back")).toMatchObject({ status: "completed" });
});
