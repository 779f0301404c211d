import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkExpression, type Evaluation, evaluate, stepsNamedIn } from "../../../engine/core/expressions.ts";

const scope = {
  input: {
    plan: "free",
    count: 3,
    price: 1.5,
    big: 9007199254740991,
    tags: ["a", "b"],
    nothing: null,
    "odd name": 7,
  },
  steps: { n2: { id: 5 }, "a-b": { id: 6 } },
};

function resultOf(cel: string): unknown {
  const result = evaluate(cel, scope);
  if (!result.ok) throw new Error(result.message);
  return result.value;
}

function problemOf(result: Evaluation): string {
  return result.ok ? `it gave ${JSON.stringify(result.value)}` : result.message;
}

describe("evaluating", () => {
  test.each([
    ["input.plan != 'free'", false],
    ["steps.n2.id", 5],
    ["steps['a-b'].id", 6],
    ["input['odd name']", 7],
    ["has(input.missing)", false],
    ["input.nothing == null", true],
    ["input.tags.map(tag, tag + '!')", ["a!", "b!"]],
    ["{'plan': input.plan, 'steps': size(steps)}", { plan: "free", steps: 2 }],
    ["['mixed', 1, true, null]", ["mixed", 1, true, null]],
    ["input", scope.input],
  ])("%s gives plain JSON", (cel, value) => {
    expect(resultOf(cel)).toEqual(value);
  });

  test.each([
    ["input.count + 1", 4],
    ["1 + input.count", 4],
    ["input.count - 1", 2],
    ["input.count * 2", 6],
    ["input.count / 2", 1.5],
    ["input.count % 2", 1],
    ["input.price % input.count", 1.5],
    ["input.count == 3", true],
    ["input.count > 2", true],
    ["input.tags[input.count - 2]", "b"],
  ])("numbers of JSON take part in arithmetic with whole literals: %s", (cel, value) => {
    expect(resultOf(cel)).toBe(value);
  });

  test("optional access gives the value, the default, or null", () => {
    expect(resultOf("input.?plan.orValue('basic')")).toBe("free");
    expect(resultOf("input.?missing.orValue('basic')")).toBe("basic");
    expect(resultOf("input.?plan")).toBe("free");
    expect(resultOf("input.?missing")).toBeNull();
  });

  test("whole numbers, times and durations become what JSON has for them", () => {
    expect(resultOf("7 / 2")).toBe(3);
    expect(resultOf("3u")).toBe(3);
    expect(resultOf("timestamp('2027-01-31T08:00:00Z') + duration('90s')")).toBe("2027-01-31T08:01:30.000Z");
    expect(resultOf("duration('90s')")).toBe("90s");
    expect(resultOf("{1: 'one', true: 'yes'}")).toEqual({ "1": "one", true: "yes" });
  });

  test.each([
    ["9007199254740993", "too large for a JSON number"],
    ["1.0 / 0.0", "no JSON number"],
    ["input.count / 0", "no JSON number"],
    ["b'abc'", "no JSON value"],
    ["type(1)", "no JSON value"],
  ])("%s is refused because JSON can't hold it", (cel, message) => {
    expect(problemOf(evaluate(cel, scope))).toContain(message);
  });

  test.each([
    ["input.missing", "No such key: missing"],
    ["input.plan + 1", "no such overload"],
    ["input.constructor", "No such key"],
    ["input.__proto__", "No such key"],
    ["1 / 0", "division by zero"],
    ["1 +", "Unexpected token"],
    ["unheard_of", "Unknown variable"],
    ["", "Unexpected token"],
  ])("%s fails with one line that says why", (cel, message) => {
    const problem = problemOf(evaluate(cel, scope));
    expect(problem).toContain(message);
    expect(problem).not.toContain("\n");
  });

  test("an input of null, and one that isn't there, are null", () => {
    expect(evaluate("input == null", { input: null, steps: {} })).toEqual({ ok: true, value: true });
    expect(evaluate("input", { input: undefined, steps: {} })).toEqual({ ok: true, value: null });
  });

  test("keys that JavaScript treats specially stay data", () => {
    const input: unknown = JSON.parse('{"__proto__": {"polluted": true}, "toString": 1}');
    const result = evaluate("input", { input, steps: {} });
    expect(result.ok && JSON.stringify(result.value)).toBe(JSON.stringify(input));
    expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false);
  });

  test.each([
    ["input", { made: { constructor: "Brabham", year: 1966 }, list: [1, { constructor: null }] }],
    ["input.made.constructor", "Brabham"],
    ["has(input.made.year)", true],
    ["size(input.list[1])", 1],
    ["steps.constructor", 1],
    ["steps.made.constructor + '!'", "Brabham!"],
  ])("an input or output with a key called constructor is read like any other: %s", (cel, value) => {
    const made = { constructor: "Brabham", year: 1966 };
    const data = { input: { made, list: [1, { constructor: null }] }, steps: { constructor: 1, made } };
    expect(evaluate(cel, data)).toEqual({ ok: true, value });
  });

  test.each(["constructor", "prototype", "__proto__"])(
    "a map that would silently lose its key %s is refused",
    (key) => {
      expect(problemOf(evaluate(`[{'a': 1, '${key}': 2}]`, scope))).toBe(`a map can't have the key "${key}"`);
      expect(checkExpression(`{'${key}': 1}`)).toBe(`a map can't have the key "${key}"`);
    },
  );

  test("objects without a prototype are objects", () => {
    const bare: unknown = Object.assign(Object.create(null), { a: 1 });
    expect(evaluate("input", { input: { bare }, steps: {} })).toEqual({ ok: true, value: { bare: { a: 1 } } });
  });

  test("never throws, and gives JSON", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 40 }), fc.jsonValue(), (cel, input) => {
        const result = evaluate(cel, { input, steps: {} });
        if (result.ok) expect(JSON.parse(JSON.stringify(result.value))).toEqual(result.value);
        else expect(result.message).not.toBe("");
      }),
    );
  });

  test("JSON input comes out as it went in", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (input) => {
        const result = evaluate("input", { input, steps: {} });
        expect(result.ok && JSON.stringify(result.value)).toBe(JSON.stringify(input));
      }),
    );
  });

  test("works beyond the number of expressions it remembers", () => {
    for (let index = 0; index < 1_500; index++) expect(resultOf(`${index} + 0`)).toBe(index);
    expect(resultOf("0 + 0")).toBe(0);
  });
});

describe("checking", () => {
  test.each(["input.plan == 'free'", "steps.n2.id + 1", "size(input.items) > 0", "input.?a.b.orValue(1)"])(
    "%s is in order",
    (cel) => {
      expect(checkExpression(cel)).toBeUndefined();
    },
  );

  test.each([
    ["1 +", "Unexpected token"],
    ["", "Unexpected token"],
    ["if", "Reserved identifier"],
    ["'a' + 1", "no such overload: string + int"],
    ["plan == 'free'", "Unknown variable: plan"],
    ["now()", "no matching overload"],
    [`'${"x".repeat(10_000)}'`, "10000 characters at most"],
  ])("%s is not, in one line", (cel, message) => {
    const problem = checkExpression(cel);
    expect(problem).toContain(message);
    expect(problem).not.toContain("\n");
  });

  test("a condition must be able to be true or false", () => {
    expect(checkExpression("input.paid", "bool")).toBeUndefined();
    expect(checkExpression("input.count > 1", "bool")).toBeUndefined();
    expect(checkExpression("input.count + 1.5", "bool")).toBeUndefined();
    expect(checkExpression("'yes'", "bool")).toBe("it gives string where true or false is needed");
  });

  test("items must be able to be a list", () => {
    expect(checkExpression("input.items", "list")).toBeUndefined();
    expect(checkExpression("[1, 2]", "list")).toBeUndefined();
    expect(checkExpression("input.items.filter(item, item.open)", "list")).toBeUndefined();
    expect(checkExpression("{'a': 1}", "list")).toContain("where a list is needed");
  });
});

describe("the steps that an expression names", () => {
  test.each([
    ["steps.n2.id + steps.n3", ["n2", "n3"]],
    ["steps['a-b'].id", ["a-b"]],
    ["steps.?n2.?id", ["n2"]],
    ["steps[?'n2']", ["n2"]],
    ["has(steps.n4) ? [steps.n5] : {'k': steps.n6}", ["n4", "n5", "n6"]],
    ["input.list.map(one, steps.n7 + one)", ["n7"]],
    ["steps[input.which]", []],
    ["steps[1]", []],
    ["input.steps.n2", []],
    ["input.list.map(steps, steps.id)", []],
    ["size(steps)", []],
    ["steps.", []],
  ])("%s: %j", (cel, named) => {
    expect([...stepsNamedIn(cel)].sort()).toEqual(named);
  });
});
