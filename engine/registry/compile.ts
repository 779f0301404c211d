/**
 * From the text of a JSON Schema to a check. Drafts by `$schema`: 2020-12, 2019-09, draft-07 (also without one), draft-06.
 * Unknown keywords and formats are let through, as the specification says.
 */
import { createRequire } from "node:module";
import { Ajv, type AnySchemaObject, type ErrorObject, type Options } from "ajv";
import { Ajv2019 } from "ajv/dist/2019.js";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { AntigraphError } from "../core/errors.ts";
import type { RegisteredSchema } from "./client.ts";

/** Required, not imported: the bundler of the desktop host drops the attribute that an import of JSON needs. */
const draft06: object = createRequire(import.meta.url)("ajv/dist/refs/json-schema-draft-06.json");

/** What is wrong with a value, with the path to it; undefined when it fits. `what` stands for the value in the message. */
export type Check = (value: unknown, what: string) => string | undefined;

/** The rest is counted. */
const MAXIMUM_TOLD_ERRORS = 5;

type AnyAjv = Ajv | Ajv2019 | Ajv2020;
type Draft = "draft-06" | "draft-07" | "2019-09" | "2020-12";

const DRAFTS: [RegExp, Draft][] = [
  [/^https?:\/\/json-schema\.org\/draft\/2020-12\/schema#?$/, "2020-12"],
  [/^https?:\/\/json-schema\.org\/draft\/2019-09\/schema#?$/, "2019-09"],
  [/^https?:\/\/json-schema\.org\/draft-07\/schema#?$/, "draft-07"],
  [/^https?:\/\/json-schema\.org\/draft-06\/schema#?$/, "draft-06"],
];

/** @throws AntigraphError schema_unusable */
export function compileSchema({
  subject,
  schemaType,
  schema,
  references,
}: Pick<RegisteredSchema, "subject" | "schemaType" | "schema" | "references">): Check {
  const unusable = (why: string) => new AntigraphError("schema_unusable", `${subject}: ${why}.`);
  if (schemaType !== "JSON") throw unusable(`the schema is ${schemaType}; only JSON Schema is read`);
  try {
    const root = schemaOf(schema);
    const draft = draftOf(root);
    const ajv = newAjv(draft, { validateSchema: false });
    for (const { name, schema: text } of references) {
      const referred = schemaOf(text);
      if (!ajv.getSchema(name)) ajv.addSchema(referred, name);
    }
    const meta = metaOf(draft);
    if (!meta.validateSchema(root)) throw new Error(meta.errorsText(meta.errors, { dataVar: "schema" }));
    const validate = ajv.compile(root);
    if ("$async" in validate) throw new Error("$async: checks that take time can't be made here");
    return (value, what) => (validate(value) ? undefined : textOf(validate.errors ?? [], what));
  } catch (error) {
    throw unusable((error instanceof Error ? error.message : String(error)).replace(/\.$/, ""));
  }
}

function schemaOf(text: string): AnySchemaObject | boolean {
  const schema: unknown = JSON.parse(text);
  if (typeof schema === "boolean") return schema;
  if (typeof schema === "object" && schema !== null && !Array.isArray(schema)) return schema;
  throw new Error("a schema is an object, true or false");
}

function draftOf(schema: AnySchemaObject | boolean): Draft {
  const named = typeof schema === "object" ? schema.$schema : undefined;
  if (named === undefined) return "draft-07";
  const found = DRAFTS.find(([pattern]) => typeof named === "string" && pattern.test(named));
  if (found) return found[1];
  throw new Error(`$schema ${JSON.stringify(named)} isn't known; use draft-07, 2019-09 or 2020-12`);
}

function newAjv(draft: Draft, options: Options): AnyAjv {
  const all = { strict: false, allErrors: true, logger: false, ...options } as const;
  const ajv = draft === "2020-12" ? new Ajv2020(all) : draft === "2019-09" ? new Ajv2019(all) : new Ajv(all);
  if (draft === "draft-06") ajv.addMetaSchema(draft06);
  addFormats.default(ajv);
  return ajv;
}

/** Compiled once: each schema has an Ajv of its own, since two may bear the same `$id`. */
const metas = new Map<Draft, AnyAjv>();

function metaOf(draft: Draft): AnyAjv {
  const found = metas.get(draft) ?? newAjv(draft, {});
  metas.set(draft, found);
  return found;
}

function textOf(errors: readonly ErrorObject[], what: string): string {
  const told = errors.slice(0, MAXIMUM_TOLD_ERRORS).map((error) => `${what}${error.instancePath} ${wordsOf(error)}`);
  const more = errors.length - told.length;
  return `${told.join("; ")}${more > 0 ? `; and ${more} more` : ""}`;
}

/** What ajv says, and what it leaves out. */
function wordsOf({ keyword, message = "doesn't fit", params }: ErrorObject): string {
  if (keyword === "additionalProperties") return `${message} (${params.additionalProperty})`;
  if (keyword === "unevaluatedProperties") return `${message} (${params.unevaluatedProperty})`;
  if (keyword === "enum") return `${message} (${JSON.stringify(params.allowedValues)})`;
  if (keyword === "const") return `${message} (${JSON.stringify(params.allowedValue)})`;
  return message;
}
