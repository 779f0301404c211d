/**
 * The client of a schema registry with Confluent's API (Confluent, Apicurio, Karapace, Redpanda). Node's own HTTP, because
 * `fetch` takes no certificate authority of one's own.
 */
import { type IncomingMessage, request as requestInClear } from "node:http";
import { request as requestOverTls } from "node:https";
import { getCACertificates } from "node:tls";
import { z } from "zod";
import { AntigraphError } from "../core/errors.ts";
import type { RegistryAccess } from "./access.ts";

const TIMEOUT_MS = 5_000;
const MAXIMUM_ANSWER_BYTES = 8 * 1024 * 1024;
const MEDIA_TYPE = "application/vnd.schemaregistry.v1+json";
/** Schemas that a schema is made of, and theirs, at most so deep. */
const MAXIMUM_REFERENCE_DEPTH = 8;
const LONGEST_WHY_CHARS = 500;
/** OpenSSL's codes. */
const UNKNOWN_AUTHORITY = new Set([
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);

/** A version of a subject, with the texts of all schemas that it refers to. */
export interface RegisteredSchema {
  subject: string;
  version: number;
  /** Of the schema; the same text has the same one in any subject. */
  id: number;
  /** `JSON`, `AVRO`, `PROTOBUF`. */
  schemaType: string;
  schema: string;
  /** By the name that the schema calls them. */
  references: { name: string; schema: string }[];
}

/** All of them reject with `registry_unavailable` or `registry_denied`. */
export interface RegistryClient {
  /** The subjects whose names begin so. */
  subjects(prefix: string): Promise<string[]>;
  /** The newest version; undefined where there is no such subject. */
  latest(subject: string): Promise<RegisteredSchema | undefined>;
  /** Registers a JSON Schema and answers its id. Rejects also with `schema_incompatible` and `schema_unusable`. */
  register(subject: string, schema: string): Promise<number>;
}

const subjectsSchema = z.array(z.string());
const versionSchema = z.object({
  subject: z.string(),
  version: z.number().int(),
  id: z.number().int(),
  schemaType: z.string().default("AVRO"),
  schema: z.string(),
  references: z
    .array(z.object({ name: z.string(), subject: z.string(), version: z.number().int() }))
    .nullish()
    .transform((list) => list ?? []),
});
const registeredSchema = z.object({ id: z.number().int() });
const refusalSchema = z.object({ error_code: z.number().optional(), message: z.string().optional() });

interface Answer {
  status: number;
  body: unknown;
}

export function createRegistryClient(access: RegistryAccess): RegistryClient {
  const place = placeOf(access.url);

  async function call(method: "GET" | "POST", path: string, body?: object): Promise<Answer> {
    const answer = await send(access, method, path, body).catch((error: unknown) => {
      throw new AntigraphError(
        "registry_unavailable",
        `The schema registry at ${place} can't be reached: ${why(error)}.`,
      );
    });
    if (answer.status === 401 || answer.status === 403) {
      const who = access.username === undefined ? "somebody without a user" : `the user ${access.username}`;
      const what = answer.status === 401 ? "doesn't know" : "forbids this to";
      throw new AntigraphError("registry_denied", `The schema registry at ${place} ${what} ${who}.`);
    }
    if (answer.status >= 500) {
      throw new AntigraphError("registry_unavailable", `The schema registry at ${place} fails: ${said(answer)}.`);
    }
    return answer;
  }

  function read<T>(schema: z.ZodType<T>, { status, body }: Answer): T {
    const parsed = status < 300 ? schema.safeParse(body) : undefined;
    if (parsed?.success) return parsed.data;
    const what =
      status < 300 ? "with something else than Confluent's API says" : `${status}: ${said({ status, body })}`;
    throw new AntigraphError("registry_unavailable", `What is at ${place} answers ${what}. Is that its address?`);
  }

  async function version(
    subject: string,
    which: number | "latest",
  ): Promise<z.output<typeof versionSchema> | undefined> {
    const answer = await call("GET", `/subjects/${encodeURIComponent(subject)}/versions/${which}`);
    return answer.status === 404 && isRefusal(answer) ? undefined : read(versionSchema, answer);
  }

  async function referred(
    { references }: z.output<typeof versionSchema>,
    depth = 0,
  ): Promise<RegisteredSchema["references"]> {
    if (depth > MAXIMUM_REFERENCE_DEPTH) return [];
    const found = await Promise.all(
      references.map(async ({ name, subject, version: wanted }) => {
        const one = await version(subject, wanted);
        return one ? [{ name, schema: one.schema }, ...(await referred(one, depth + 1))] : [];
      }),
    );
    return found.flat();
  }

  return {
    async subjects(prefix) {
      const answer = await call("GET", `/subjects?subjectPrefix=${encodeURIComponent(prefix)}`);
      // Registries that don't know the parameter answer all.
      return read(subjectsSchema, answer).filter((subject) => subject.startsWith(prefix));
    },
    async latest(subject) {
      const found = await version(subject, "latest");
      return found && { ...found, references: await referred(found) };
    },
    async register(subject, schema) {
      const path = `/subjects/${encodeURIComponent(subject)}/versions`;
      const answer = await call("POST", path, { schemaType: "JSON", schema });
      if (answer.status === 409) {
        throw new AntigraphError(
          "schema_incompatible",
          `${subject}: the registry's compatibility rule refuses this version: ${said(answer)}.`,
        );
      }
      if (answer.status === 422) {
        throw new AntigraphError("schema_unusable", `${subject}: the registry refuses the schema: ${said(answer)}.`);
      }
      return read(registeredSchema, answer).id;
    },
  };
}

/** Without what stands before the @: it may be a password. */
function placeOf(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname.replace(/\/$/, "")}`;
}

function send(access: RegistryAccess, method: string, path: string, body: object | undefined): Promise<Answer> {
  const { username, password = "", ca } = access;
  const base = new URL(access.url);
  const text = body === undefined ? undefined : JSON.stringify(body);
  const options = {
    method,
    signal: AbortSignal.timeout(TIMEOUT_MS),
    headers: {
      accept: `${MEDIA_TYPE}, application/json`,
      ...(text !== undefined && { "content-type": MEDIA_TYPE, "content-length": Buffer.byteLength(text) }),
    },
    ...(username !== undefined && { auth: `${username}:${password}` }),
  };
  const url = new URL(`${base.pathname.replace(/\/$/, "")}${path}`, base);
  return new Promise((resolve, reject) => {
    const onResponse = (response: IncomingMessage): void => {
      readAll(response).then((answer) => resolve({ status: response.statusCode ?? 0, body: parsed(answer) }), reject);
    };
    const request =
      url.protocol === "https:"
        ? requestOverTls(
            url,
            { ...options, ...(ca !== undefined && { ca: [...getCACertificates("default"), ca] }) },
            onResponse,
          )
        : requestInClear(url, options, onResponse);
    request.once("error", reject);
    request.end(text);
  });
}

async function readAll(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response) {
    bytes += chunk.length;
    if (bytes > MAXIMUM_ANSWER_BYTES) throw new Error(`its answer has more than ${MAXIMUM_ANSWER_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** A registry says what it doesn't have; any other server has no such page. */
const isRefusal = ({ body }: Answer): boolean => refusalSchema.safeParse(body).data?.error_code !== undefined;

function said({ status, body }: Answer): string {
  const message = refusalSchema.safeParse(body).data?.message ?? `status ${status}`;
  // Apicurio puts its class's name in front.
  const plain = message.replace(/^[\w.]*Exception: /, "").replace(/\.$/, "");
  return plain.slice(0, LONGEST_WHY_CHARS);
}

function why(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return `no answer within ${TIMEOUT_MS / 1000} s`;
  if ("code" in error && UNKNOWN_AUTHORITY.has(String(error.code)))
    return `its certificate isn't signed by an authority that is known here (${error.message}); the profile's \`registry.ca\` takes its own`;
  // Node tells of several addresses at once without a word.
  const [first] = error instanceof AggregateError ? error.errors : [];
  return (error.message || (first instanceof Error ? first.message : "") || error.name).replace(/\.$/, "");
}
