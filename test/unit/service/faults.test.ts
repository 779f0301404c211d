import { describe, expect, test } from "vitest";
import { createConsoleClient } from "../../../engine/service/console-client.ts";
import { type Call, ServiceFailure } from "../../../engine/service/define.ts";
import { createFaultInjector, watchFaults } from "../../../engine/service/faults.ts";
import { FakeConsole } from "./fake-console.ts";
import { ManualClock, turn } from "./manual-clock.ts";

function call(service: string, name: string, signal = new AbortController().signal): Call {
  return {
    id: "id",
    uuid: "uuid",
    name: "flow",
    version: "1",
    step: "n1",
    attempt: 1,
    service,
    function: name,
    data: null,
    signal,
    progress() {},
    commit() {
      throw new Error("no store");
    },
  };
}

describe("a fault rule", () => {
  test("fails the calls of its function only, with its message", async () => {
    const { inject, set } = createFaultInjector();
    set("flags", [{ service: "user", function: "create_user", rate: 1, delay_ms: 0, message: "no luck" }]);
    await expect(inject(call("user", "create_user"))).rejects.toEqual(new ServiceFailure("injected", "no luck"));
    await expect(inject(call("user", "delete_user"))).resolves.toBeUndefined();
    await expect(inject(call("license", "create_user"))).resolves.toBeUndefined();
  });

  test("of * holds for all functions of its service", async () => {
    const { inject, set } = createFaultInjector();
    set("flags", [{ service: "user", function: "*", rate: 1, delay_ms: 0 }]);
    await expect(inject(call("user", "delete_user"))).rejects.toThrow("injected failure of user.delete_user");
  });

  test("fails its share of the calls", async () => {
    const rolls = [0.1, 0.3, 0.24, 0.9];
    const { inject, set } = createFaultInjector({ random: () => rolls.shift()! });
    set("flags", [{ service: "user", function: "*", rate: 0.25, delay_ms: 0 }]);
    const outcomes = [];
    for (let n = 0; n < 4; n += 1) {
      outcomes.push(
        await inject(call("user", "x")).then(
          () => "ok",
          () => "failed",
        ),
      );
    }
    expect(outcomes).toEqual(["failed", "ok", "failed", "ok"]);
  });

  test("delays by the longest delay that fits, and stops waiting when the service stops", async () => {
    const delays: number[] = [];
    const clock = {
      now: () => 0,
      after(delayMs: number, run: () => void) {
        delays.push(delayMs);
        if (delayMs < 1_000) queueMicrotask(run);
        return () => {};
      },
    };
    const { inject, set } = createFaultInjector({ clock });
    set("flags", [{ service: "user", function: "*", rate: 0, delay_ms: 20 }]);
    set("console", [{ service: "user", function: "create_user", rate: 0, delay_ms: 50 }]);
    await inject(call("user", "create_user"));
    expect(delays).toEqual([50]);
    set("console", [{ service: "user", function: "*", rate: 0, delay_ms: 60_000 }]);
    const stopping = new AbortController();
    const waiting = inject(call("user", "create_user", stopping.signal));
    stopping.abort(new Error("stopping"));
    await expect(waiting).rejects.toThrow("stopping");
  });

  test("delays that change while a call waits: it waits by the new one, from when it began", async () => {
    const clock = new ManualClock();
    const { inject, set } = createFaultInjector({ clock });
    const ended: string[] = [];
    set("console", [{ service: "user", function: "*", rate: 0, delay_ms: 60_000 }]);
    const first = inject(call("user", "create_user")).then(() => ended.push("create_user"));
    await clock.advance(1_000);
    set("console", [{ service: "user", function: "*", rate: 0, delay_ms: 3_000 }]);
    await clock.advance(1_999);
    expect(ended).toEqual([]);
    await clock.advance(1);
    expect(ended).toEqual(["create_user"]);
    const second = inject(call("user", "delete_user")).then(() => ended.push("delete_user"));
    await clock.advance(1_000);
    set("console", []);
    await turn();
    expect(ended).toEqual(["create_user", "delete_user"]);
    await Promise.all([first, second]);
  });

  test("a failure that is asked for while a call waits hits it", async () => {
    const clock = new ManualClock();
    const { inject, set } = createFaultInjector({ clock });
    set("console", [{ service: "user", function: "*", rate: 0, delay_ms: 60_000 }]);
    const waiting = expect(inject(call("user", "create_user"))).rejects.toThrow("no luck");
    set("console", [{ service: "user", function: "*", rate: 1, delay_ms: 0, message: "no luck" }]);
    await waiting;
  });
});

describe("the console's faults", () => {
  test("are followed as they change, beside those of the flags", async () => {
    const server = new FakeConsole();
    server.faults = { revision: 1, faults: [] };
    const injector = createFaultInjector();
    injector.set("flags", [{ service: "license", function: "*", rate: 1, delay_ms: 0 }]);
    const stopping = new AbortController();
    const client = createConsoleClient({ url: "http://console.test", token: "secret", fetch: server.fetch });
    const watching = watchFaults({ client, injector, signal: stopping.signal });
    await expect(injector.inject(call("user", "x"))).resolves.toBeUndefined();
    while (server.requests.length < 2) await new Promise((resolve) => setImmediate(resolve));
    server.faults = { revision: 2, faults: [{ service: "user", function: "*", rate: 1 }] };
    server.changed();
    while (server.requests.length < 3) await new Promise((resolve) => setImmediate(resolve));
    await expect(injector.inject(call("user", "x"))).rejects.toThrow("injected");
    await expect(injector.inject(call("license", "x"))).rejects.toThrow("injected");
    stopping.abort();
    await watching;
  });

  test("end at once on a profile that has none", async () => {
    const server = new FakeConsole();
    const client = createConsoleClient({ url: "http://console.test", token: "wrong", fetch: server.fetch });
    await watchFaults({ client, injector: createFaultInjector(), signal: new AbortController().signal });
    expect(server.requests).toHaveLength(1);
  });
});
