// Promises 1 to 3 and 6: the console is killed (kill -9) between any two of a journey's moments. Seen from outside.
import { describe, expect, test } from "vitest";
import { fail, ok, outsider, progress, silence } from "../support/outsider.ts";

const { run, crash, api } = outsider();

describe("kill -9 of the console", () => {
  test("while steps, retries, waits, approvals, holds and undos are open: all go on, nothing is sent twice", async () => {
    const retry = { maximumAttempts: 2, initialInterval: "400ms", jitter: 0 };
    const forward = await run({ graph: "a>b>c" }, { b: [silence] });
    const progressing = await run({ graph: "a" }, { a: [progress] });
    const retrying = await run({ graph: "a", steps: { a: { retry } } }, { a: [fail(), ok("second")] });
    const waiting = await run({ graph: "w>b", types: { w: "manager.wait" }, steps: { w: { for: "500ms" } } });
    const asking = await run({ graph: "ask>b", types: { ask: "manager.approve" } });
    const undoing = await run({ graph: "s>a>z; s>b>z" }, { z: [fail()], un_a: [silence], un_b: [silence] });
    const paused = await run({ graph: "a>b" }, { a: [silence] });
    const done = await run({ graph: "a>b" });
    const ended = await run({ graph: "a>b", steps: { b: { timeout: "40ms" } } }, { b: [silence] });
    await paused.command("a");
    await paused.act("pause");
    await Promise.all([
      forward.command("b"),
      progressing.event("step.progressed"),
      retrying.event("step.retry_scheduled"),
      asking.until("held"),
      undoing.command("un_a"),
      undoing.command("un_b"),
      paused.until("paused"),
      done.until("completed"),
      ended.until("rolled_back"),
    ]);
    await undoing.reply("un_a", ok(1));
    await undoing.event("undo.succeeded", { step: "a" });
    await crash();

    expect((await paused.view()).status).toBe("paused");
    await forward.reply("b", ok("B"));
    await progressing.reply("a", ok("at last"));
    await asking.act("complete", { step: "ask", output: "yes" });
    await undoing.reply("un_b", ok(1));
    await paused.act("resume");
    await done.act("rollback");
    await ended.reply("b", ok("late"));
    await forward.until("completed");
    await progressing.until("completed");
    await retrying.until("completed");
    await waiting.until("completed");
    await asking.until("completed");
    await undoing.until("rolled_back");
    await done.until("rolled_back");
    await ended.event("rollback.completed", {}, 2);
    await paused.event("journey.resumed");
    await paused.reply("a", ok("A"));
    await paused.until("completed");
    expect(forward.sent()).toEqual(["a", "b", "c"]);
    expect(
      undoing
        .sent()
        .filter((name) => name.startsWith("un_"))
        .sort(),
    ).toEqual(["un_a", "un_b", "un_s"]);
    expect(done.sent()).toEqual(["a", "b", "un_b", "un_a"]);
    expect(ended.sent()).toEqual(["a", "b", "un_b", "un_a", "un_b"]);
    expect((await ended.command("un_b", 2)).value.data).toBe("late");
  });

  test("right behind an accepted start, reply and action: each of them counts, once", async () => {
    const started = await run({ graph: "a>b" });
    const replied = await run({ graph: "a>b" }, { a: [silence] });
    const acted = await run({ graph: "a>b>c" }, { c: [silence] });
    await replied.command("a");
    await acted.command("c");
    await Promise.all([replied.reply("a", ok("A")), acted.act("cancel", { id: "once" })]);
    await crash();
    await started.until("completed");
    await replied.until("completed");
    await acted.act("cancel", { id: "once" });
    await acted.reply("c", ok("C"));
    await acted.until("rolled_back");
    expect([started.sent(), replied.sent(), acted.sent()]).toEqual([
      ["a", "b"],
      ["a", "b"],
      ["a", "b", "c", "un_c", "un_b", "un_a"],
    ]);
    expect(acted.events.filter(({ type }) => type === "rollback.started")).toHaveLength(1);
  });

  test("again and again in one journey: its history has no gaps and no doubles, and any moment can be shown", async () => {
    const j = await run({ graph: "a>b>c>d" }, { "*": [silence], un_a: [ok(1)], un_b: [ok(1)], un_c: [ok(1)] });
    for (const step of ["a", "b", "c"]) {
      await j.command(step);
      await crash();
      await j.reply(step, ok(step));
    }
    await j.command("d");
    await j.reply("d", fail());
    await j.until("rolled_back");
    expect(j.sent()).toEqual(["a", "b", "c", "d", "un_c", "un_b", "un_a"]);
    const { body } = await api("GET", `/journeys/${j.uuid}/events`);
    expect(body.events.map(({ seq }: { seq: number }) => seq)).toEqual(j.events.map((_, index) => index + 1));
    expect(body.events).toEqual(j.events);
    const dispatched = await j.event("step.dispatched", { step: "c" });
    const then = await j.view(`?at=${dispatched.seq}`);
    expect([then.status, then.seq, then.steps.c?.status, then.steps.d?.status]).toEqual([
      "running",
      dispatched.seq,
      "dispatched",
      "waiting",
    ]);
    expect((await j.view(`?at=${encodeURIComponent(dispatched.at)}`)).steps.c?.status).toBe("dispatched");
  });
});
