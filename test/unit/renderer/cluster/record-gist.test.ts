import { describe, expect, it } from "vitest";
import { recordGist } from "../../../../renderer/cluster/record-gist.ts";

const gist = (record: unknown) => recordGist(JSON.stringify(record));

describe("what a record is about", () => {
  it("is the call of a command, of an undo, and of a reply with its status", () => {
    expect(gist({ uuid: "u", service: "user", function: "create_user" })).toBe("user.create_user");
    expect(gist({ uuid: "u", service: "user", function: "delete_user", undo: {} })).toBe("undo user.delete_user");
    expect(gist({ service: "user", function: "create_user", status: "failure" })).toBe("user.create_user failure");
  });

  it("is the type and step of an event, the instance of a heartbeat, the version of a flow", () => {
    expect(gist({ type: "step.failed", step: "n2", service: "user", function: "f" })).toBe("step.failed n2");
    expect(gist({ type: "journey.started" })).toBe("journey.started");
    expect(gist({ service: "user", instance: "user-1", functions: [] })).toBe("user user-1");
    expect(gist({ name: "order", version: "2", workflow: {} })).toBe("order v2");
  });

  it("is nothing for what isn't ours", () => {
    expect(recordGist("not JSON")).toBeUndefined();
    expect(gist(["a"])).toBeUndefined();
    expect(gist({ a: 1 })).toBeUndefined();
  });
});
