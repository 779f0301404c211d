/**
 * CEL, the language of conditions and mappings, over two variables: `input` (the journey's) and `steps` (outputs by step
 * id). Plain JSON goes in and comes out. Numbers of JSON are CEL doubles; arithmetic with whole literals works
 * nevertheless (`input.count + 1`), which plain CEL refuses. Optional access (`input.?plan.orValue("free")`) is there.
 *
 * An expression is pure: the same scope always gives the same value, as the fold of events needs it.
 */
import { type ASTNode, Environment, Optional, type ParseResult } from "@marcbachmann/cel-js";
import { Duration, UnsignedInt } from "@marcbachmann/cel-js/evaluator";

export interface Scope {
  input: unknown;
  steps: Record<string, unknown>;
}

export type Evaluation = { ok: true; value: unknown } | { ok: false; message: string };

/** What an expression is for: a condition must be a truth value, the items of `manager.each` a list. */
export type Expected = "any" | "bool" | "list";

const LONGEST_EXPRESSION_CHARACTERS = 10_000;
const CACHED_EXPRESSIONS = 1_000;

const environment = createEnvironment();

/** Expressions that parsed, the one least recently used first. */
const cache = new Map<string, ParseResult>();

/** The expression's value as JSON, or why it has none, in one line. Never throws. */
export function evaluate(cel: string, scope: Scope): Evaluation {
  try {
    const steps = new Map(Object.entries(scope.steps).map(([id, output]) => [id, toCel(output)]));
    return { ok: true, value: toJson(compile(cel)({ input: toCel(scope.input ?? null), steps })) };
  } catch (error) {
    return { ok: false, message: summary(error) };
  }
}

/** What is wrong with an expression, in one line, as far as that can be known without data; undefined when nothing is. */
export function checkExpression(cel: string, expected: Expected = "any"): string | undefined {
  try {
    const { valid, type = "dyn", error } = compile(cel).check();
    if (!valid) return summary(error);
    return fits(type, expected) ? undefined : `it gives ${type} where ${EXPECTED_WORDS[expected]} is needed`;
  } catch (error) {
    return summary(error);
  }
}

/**
 * The ids of steps that an expression names: `steps.n2`, `steps["n2"]`. Empty when it doesn't parse, or when a macro calls
 * its own variable `steps`.
 */
export function stepsNamedIn(cel: string): Set<string> {
  try {
    const nodes = [...nodesOf(compile(cel).ast)];
    return nodes.some(shadowsSteps) ? new Set() : new Set(nodes.flatMap((node) => stepOf(node) ?? []));
  } catch {
    return new Set();
  }
}

const EXPECTED_WORDS = { any: "anything", bool: "true or false", list: "a list" } as const;

function fits(type: string, expected: Expected): boolean {
  return expected === "any" || type === "dyn" || type === expected || type.startsWith(`${expected}<`);
}

function createEnvironment(): Environment {
  const created = new Environment({ homogeneousAggregateLiterals: false, enableOptionalTypes: true })
    .registerVariable("input", "dyn")
    .registerVariable("steps", "map<string, dyn>");
  const arithmetic: Record<string, (left: number, right: number) => number> = {
    "+": (left, right) => left + right,
    "-": (left, right) => left - right,
    "*": (left, right) => left * right,
    "/": (left, right) => left / right,
    "%": (left, right) => left % right,
  };
  for (const [operator, compute] of Object.entries(arithmetic)) {
    const mixed = (left: number | bigint, right: number | bigint) => compute(Number(left), Number(right));
    created.registerOperator(`double ${operator} int`, mixed);
    created.registerOperator(`int ${operator} double`, mixed);
  }
  return created.registerOperator("double % double", (left: number, right: number) => left % right);
}

function compile(cel: string): ParseResult {
  const known = cache.get(cel);
  if (known) cache.delete(cel);
  else if (cel.length > LONGEST_EXPRESSION_CHARACTERS) {
    throw new Error(`an expression has ${LONGEST_EXPRESSION_CHARACTERS} characters at most, this one ${cel.length}`);
  }
  const parsed = known ?? parse(cel);
  cache.set(cel, parsed);
  for (const oldest of cache.keys()) {
    if (cache.size <= CACHED_EXPRESSIONS) break;
    cache.delete(oldest);
  }
  return parsed;
}

/** Keys that the library leaves out of maps that are written in an expression, without a word. */
const LOST_KEYS: readonly unknown[] = ["__proto__", "constructor", "prototype"];

function parse(cel: string): ParseResult {
  const parsed = environment.parse(cel);
  for (const node of nodesOf(parsed.ast)) {
    if (node.op !== "map") continue;
    const lost = node.args.find(([key]) => key.op === "value" && LOST_KEYS.includes(key.args));
    if (lost) throw new Error(`a map can't have the key "${String(lost[0].args)}"`);
  }
  return parsed;
}

/** JSON values that have been looked through, and what stands for them. Data of a journey is never changed in place. */
const seen = new WeakMap<object, unknown>();

/** The value as the library reads it rightly: it takes an object with a key `constructor` for an instance of a class. */
function toCel(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (!seen.has(value)) seen.set(value, withMaps(value));
  return seen.get(value);
}

/** `value` itself where nothing in it has to change. */
function withMaps(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const parts = Object.entries(value).map(([key, part]): [string, unknown] => [key, withMaps(part)]);
  if (Object.hasOwn(value, "constructor")) return new Map(parts);
  if (Object.values(value).every((part, index) => part === parts[index]?.[1])) return value;
  return Array.isArray(value) ? parts.map(([, part]) => part) : Object.fromEntries(parts);
}

/** The library's messages go on with a drawing of the place; their first line says it all. */
function summary(error: unknown): string {
  return String(error)
    .replace(/^\w*Error: /, "")
    .split("\n", 1)
    .join();
}

/** CEL's value as JSON has it. Throws for what JSON can't hold exactly. */
function toJson(value: unknown): unknown {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number") return finite(value);
  if (typeof value === "bigint") return safe(value);
  if (value instanceof UnsignedInt) return safe(value.value);
  if (value instanceof Duration) return value.toString();
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Optional) return value.hasValue() ? toJson(value.value()) : null;
  if (Array.isArray(value)) return value.map(toJson);
  if (value instanceof Map) return fromEntries([...value]);
  if (isPlain(value)) return fromEntries(Object.entries(value));
  throw new Error("the result is no JSON value (bytes and types aren't); turn it into a string");
}

function isPlain(value: unknown): value is Record<string, unknown> {
  const prototype: unknown = Object.getPrototypeOf(Object(value));
  return prototype === Object.prototype || prototype === null;
}

function fromEntries(entries: [unknown, unknown][]): Record<string, unknown> {
  return Object.fromEntries(entries.map(([key, value]) => [String(key), toJson(value)]));
}

function finite(value: number): number {
  if (Number.isFinite(value)) return value;
  throw new Error(`the result ${value} is no JSON number (a division by zero?)`);
}

function safe(value: bigint): number {
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  throw new Error(`the result ${value} is too large for a JSON number; turn it into a string`);
}

function* nodesOf(part: unknown): Generator<ASTNode> {
  if (Array.isArray(part)) {
    for (const inner of part) yield* nodesOf(inner);
  } else if (isNode(part)) {
    yield part;
    yield* nodesOf(part.args);
  }
}

function isNode(value: unknown): value is ASTNode {
  return typeof value === "object" && value !== null && "op" in value && "args" in value;
}

/** A macro whose own variable is called `steps`: `input.list.map(steps, steps.id)`. */
function shadowsSteps(node: ASTNode): boolean {
  const variable = node.op === "rcall" ? node.args[2][0] : undefined;
  return variable?.op === "id" && variable.args === "steps";
}

/** The step of an access to the variable `steps`. Only literal ids can be known. */
function stepOf(node: ASTNode): string | undefined {
  if (node.op !== "." && node.op !== ".?" && node.op !== "[]" && node.op !== "[?]") return undefined;
  const [left, right] = node.args;
  if (left.op !== "id" || left.args !== "steps") return undefined;
  const key = typeof right === "object" && right.op === "value" ? right.args : right;
  return typeof key === "string" ? key : undefined;
}
