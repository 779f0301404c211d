import { describe, expect, test } from "vitest";
import type { JourneyView } from "../../../engine/core/view.ts";
import { cli } from "./cli.ts";

const uuid = "6b1f0c3e-2a57-4b0e-9d7c-0a8e1f3b5c7d";
const view: JourneyView = {
  uuid,
  name: "onboarding",
  version: "1",
  status: "rolled_back",
  input: { name: "Ada" },
  error: { code: "group_closed", message: "no new members" },
  started_at: "2026-11-22T10:00:00.000Z",
  ended_at: "2026-11-22T10:00:04.250Z",
  seq: 12,
  rollback: {
    scope: "journey",
    trigger: "failure",
    reason: "add_membership failed",
    actor: "",
    started_at: "2026-11-22T10:00:02.000Z",
    set: [],
    left_standing: [],
  },
  steps: {
    create_user: {
      service: "user",
      function: "create_user",
      status: "undone",
      attempts: 1,
      started_at: "2026-11-22T10:00:00.000Z",
      ended_at: "2026-11-22T10:00:04.000Z",
      undo: { delete_user: { status: "succeeded", attempts: 2 } },
    },
    add_license: {
      service: "license",
      function: "add_license",
      status: "failed",
      attempts: 1,
      started_at: "2026-11-22T10:00:00.000Z",
      ended_at: "2026-11-22T10:00:00.120Z",
    },
  },
};

describe("start", () => {
  test("prints the uuid", async () => {
    const { code, out, requests } = await cli(["start", "onboarding", "--data", '{"name":"Ada"}'], {
      "POST /journeys": { status: 202, body: { uuid, queued: false } },
    });
    expect([code, out]).toEqual([0, `${uuid}\n`]);
    expect(requests[0]).toMatchObject({
      body: { name: "onboarding", data: { name: "Ada" } },
      authorization: "Bearer secret",
    });
  });

  test("waits for the end and fails unless the journey completed", async () => {
    const answers = [
      { status: 404, body: { code: "journey_not_found" } },
      { body: { ...view, status: "running" } },
      { body: view },
    ];
    const look = () => answers.shift()!;
    const { code, out } = await cli(["start", "onboarding", "--wait"], {
      "POST /journeys": { status: 202, body: { uuid, queued: false } },
      [`GET /journeys/${uuid}`]: look,
    });
    expect([code, answers.length]).toEqual([1, 0]);
    expect(out).toContain(`${uuid}  onboarding 1  rolled_back`);
    expect(out).toContain("took 4.3 s");
    expect(out).toMatch(/^create_user +user\.create_user +undone +1$/m);
    expect(out).toMatch(/^add_license +license\.add_license +failed +1 +120 ms$/m);
    expect(out).toMatch(/^ +undo user\.delete_user +succeeded +2$/m);
  });

  test("ends with 0 when it completed, as JSON if asked", async () => {
    const { code, out } = await cli(["start", "onboarding", "--wait", "--json"], {
      "POST /journeys": { status: 202, body: { uuid, queued: false } },
      [`GET /journeys/${uuid}`]: { body: { ...view, status: "completed" } },
    });
    expect([code, JSON.parse(out).status]).toEqual([0, "completed"]);
  });
});

test("a start that the console keeps, for the bus is away, says so", async () => {
  const { code, out, err } = await cli(["start", "onboarding"], {
    "POST /journeys": { status: 202, body: { uuid, queued: true } },
  });
  expect([code, out]).toEqual([0, `${uuid}\n`]);
  expect(err).toContain("keeps the start and sends it later");
});

describe("list", () => {
  test("passes filters on and prints a table", async () => {
    const row = { ...view, updated_at: view.ended_at, where: ["add_membership"] };
    const { out, err, requests } = await cli(["journeys", "list", "--status", "rolled_back", "--limit", "1"], {
      "GET /journeys": { body: { journeys: [row], next: "abc" } },
    });
    expect(requests[0]?.path).toBe("/api/v1/journeys?status=rolled_back&limit=1");
    const [header, line] = out.split("\n");
    expect(header).toMatch(/^UUID +FLOW +STATUS +STARTED +TOOK +WHERE +ERROR$/);
    expect(line).toMatch(
      /onboarding 1 +rolled_back +2026-11-22 \d\d:00:00 +4\.3 s +add_membership +group_closed: no new/,
    );
    expect(err).toContain("--cursor abc");
  });
});

describe("an action", () => {
  const path = `POST /journeys/${uuid}/actions`;

  test("as a dry run prints what would be sent, level by level, and sends nothing", async () => {
    const command = (step: string, name: string) => ({ step, service: "license", function: name, data: {} });
    const preview = {
      plan: "p1",
      seq: 9,
      levels: [[command("n3", "remove_license"), command("n3", "log_removal")], [command("n2", "delete_user")]],
      irreversible: ["mail"],
      left_standing: [],
      in_flight: [],
    };
    const { code, out, requests } = await cli(["journeys", "rollback", uuid, "--dry-run"], {
      [path]: { body: preview },
    });
    expect(code).toBe(0);
    expect(requests[0]?.body).toMatchObject({ action: "rollback", dry_run: true });
    expect(out).toContain("1. license.remove_license (n3), license.log_removal (n3)\n  2. license.delete_user (n2)");
    expect(out).toContain("Can't be undone: mail.");
    expect(out).toContain("Plan p1 at seq 9");
  });

  test("says done only once it stands in the journey's history", async () => {
    const answers = [{ body: { events: [] } }, { body: { events: [{ id: "a1", type: "rollback.started" }] } }];
    const { code, out, requests } = await cli(["journeys", "rollback", uuid, "--id", "a1", "--reason", "asked for"], {
      [path]: { status: 202, body: { uuid, id: "a1", queued: false } },
      [`GET /journeys/${uuid}/events`]: () => answers.shift()!,
    });
    expect([code, out]).toEqual([0, "rollback is under way (rollback.started).\n"]);
    expect(requests[0]?.body).toMatchObject({ action: "rollback", id: "a1", reason: "asked for" });
  });

  test("that the console keeps, for the bus is away, isn't waited for", async () => {
    const { code, out } = await cli(["journeys", "pause", uuid, "--id", "a1"], {
      [path]: { status: 202, body: { uuid, id: "a1", queued: true } },
    });
    expect([code, out]).toEqual([0, expect.stringContaining("keeps it and sends it later")]);
  });

  test("fails when the manager refused it", async () => {
    const error = { code: "stale_preview", message: "the step is undone" };
    const { code, err } = await cli(["journeys", "rollback", uuid, "--id", "a1", "--plan", "p", "--seq", "3"], {
      [path]: { status: 202, body: { uuid, id: "a1", queued: false } },
      [`GET /journeys/${uuid}/events`]: { body: { events: [{ id: "a1", type: "action.refused", error }] } },
    });
    expect([code, err]).toEqual([
      1,
      expect.stringMatching(/^antigraph: rollback was refused: the step is undone\. .+ make a new dry run\.\n$/),
    ]);
  });

  test("carries its data", async () => {
    const { requests } = await cli(["journeys", "retry", uuid, "--step", "n2", "--data", '{"a":1}', "--force"], {
      [path]: { status: 409, body: { code: "action_not_allowed", detail: "No." } },
    });
    expect(requests[0]?.body).toMatchObject({ action: "retry", step: "n2", data: { a: 1 }, force: true });
  });
});

test("events are printed in order, with who did what", async () => {
  const events = [
    { seq: 1, at: view.started_at, type: "journey.started", data: { name: "Ada" } },
    {
      seq: 2,
      at: view.started_at,
      type: "step.failed",
      step: "n2",
      service: "user",
      function: "create_user",
      attempt: 2,
      error: view.error,
    },
    { seq: 3, at: view.started_at, type: "rollback.started", actor: "ada", reason: "asked for" },
  ];
  const { out } = await cli(["journeys", "events", uuid], { [`GET /journeys/${uuid}/events`]: { body: { events } } });
  expect(out).toMatch(/1 +2026-\S+ \S+ +journey\.started +\{"name":"Ada"\}/);
  expect(out).toMatch(/step\.failed +n2 +user\.create_user #2 +group_closed: no new members/);
  expect(out).toContain("ada: asked for");
});
