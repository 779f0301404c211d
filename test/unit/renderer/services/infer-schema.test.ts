import { describe, expect, it } from "vitest";
import { inferSchema } from "../../../../renderer/services/infer-schema.ts";

const { $schema: _, ...shape } = inferSchema([
  { id: "a", amount: 1, lines: [{ sku: "x" }, { sku: "y", bin: null }] },
  { id: "b", amount: 1.5, note: "late" },
]);

describe("a schema to start from", () => {
  it("has the fields that were seen, and requires those that all have", () => {
    expect(shape).toEqual({
      type: "object",
      properties: {
        id: { type: "string" },
        amount: { type: "number" },
        lines: {
          type: "array",
          items: {
            type: "object",
            properties: { sku: { type: "string" }, bin: { type: "null" } },
            required: ["sku"],
          },
        },
        note: { type: "string" },
      },
      required: ["id", "amount"],
    });
  });

  it("allows every kind that was seen, and anything where nothing was", () => {
    expect(inferSchema([1, "a"])).toMatchObject({ type: ["integer", "string"] });
    expect(inferSchema([])).not.toHaveProperty("type");
  });
});
