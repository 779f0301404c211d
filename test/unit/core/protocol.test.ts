/** What records of other languages may look like: models write empty fields as null, and codes as numbers. */
import { describe, expect, it } from "vitest";
import {
  actionDataSchema,
  heartbeatSchema,
  stepErrorSchema,
  toManagerSchema,
} from "../../../engine/core/protocol.ts";

const bold = {
  uuid: "0B8F7C1E-6f0c-4e5a-9d3b-aaaaaaaaaaaa",
  name: "flow",
  version: "1",
  service: "svc",
  function: "a",
  status: "failure",
  schema_version: "1",
  data: null,
};

describe("a record", () => {
  it("of the bold fields is a whole reply, its uuid in any case", () => {
    expect(toManagerSchema.parse(bold)).toEqual({ ...bold, uuid: bold.uuid.toLowerCase() });
  });
  it("may leave data out, and write a version as a number", () => {
    const { data: _, ...rest } = bold;
    expect(toManagerSchema.parse({ ...rest, version: 2, schema_version: 1 })).toEqual({
      ...bold,
      uuid: bold.uuid.toLowerCase(),
      version: "2",
    });
  });
  it("may have null for every optional field", () => {
    const reply = { ...bold, step: null, attempt: null, error: null };
    expect(toManagerSchema.parse(reply)).toMatchObject({ step: null, attempt: null, error: null });
    expect(
      heartbeatSchema.parse({ service: "s", instance: "i", at: "", functions: null, holding: null }),
    ).toMatchObject({
      functions: [],
    });
  });
  it("may have an error of which some fields are null, and a code that is a number", () => {
    expect(stepErrorSchema.parse({ code: null, message: null, retryable: null })).toEqual({ message: "" });
    expect(stepErrorSchema.parse({ code: 402, message: "no", retryable: false })).toEqual({
      code: "402",
      message: "no",
      retryable: false,
    });
  });
  it("of an action leaves out what is null, but not its payloads", () => {
    const fields = { id: "1", actor: null, scope: null, step: "a", data: null, output: null, seq: null };
    expect(actionDataSchema.parse(fields)).toEqual({
      id: "1",
      actor: "unknown",
      reason: "",
      step: "a",
      data: null,
      output: null,
    });
    for (const wrong of [null, [], "text"]) expect(actionDataSchema.safeParse(wrong).success).toBe(false);
  });
});
