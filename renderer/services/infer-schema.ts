/** A JSON Schema to start from, as tight as some values that were seen allow; the operator makes of it what holds. */

export type JsonSchema = Record<string, unknown>;

/** Deeper than this anything is allowed. */
const MAXIMUM_DEPTH = 8;

/** Fields that all values have are required. Of no values: one that lets everything through, and says its draft. */
export function inferSchema(values: readonly unknown[]): JsonSchema {
  return { $schema: "http://json-schema.org/draft-07/schema#", ...shapeOf(values, 0) };
}

function shapeOf(values: readonly unknown[], depth: number): JsonSchema {
  if (values.length === 0 || depth > MAXIMUM_DEPTH) return {};
  const types = [...new Set(values.map(typeOf))].sort();
  // A whole number that was seen says nothing about the next.
  const named = types.includes("number") ? types.filter((type) => type !== "integer") : types;
  const objects = values.filter((value) => typeOf(value) === "object") as Record<string, unknown>[];
  const items = values.filter(Array.isArray).flat();
  return {
    type: named.length === 1 ? named[0] : named,
    ...(objects.length > 0 && fieldsOf(objects, depth)),
    ...(items.length > 0 && { items: shapeOf(items, depth + 1) }),
  };
}

function fieldsOf(objects: readonly Record<string, unknown>[], depth: number): JsonSchema {
  const names = [...new Set(objects.flatMap((object) => Object.keys(object)))];
  const required = names.filter((name) => objects.every((object) => Object.hasOwn(object, name)));
  const properties = Object.fromEntries(
    names.map((name) => {
      const seen = objects.filter((object) => Object.hasOwn(object, name)).map((object) => object[name]);
      return [name, shapeOf(seen, depth + 1)];
    }),
  );
  return { properties, ...(required.length > 0 && { required }) };
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return typeof value;
}
