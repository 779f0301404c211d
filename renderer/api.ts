/**
 * The console's HTTP API, typed by the shapes in engine/api/schemas.ts. Every failure is an `ApiError` with a code of
 * the catalogue, a message, and what to do about it.
 */
import type { ActionAccepted, ActionRequest, BulkActionRequest, BulkOutcomes } from "../engine/api/schemas/action.ts";
import type { Cluster, GroupList, TopicList } from "../engine/api/schemas/cluster.ts";
import type { Faults, FaultsRequest, Info, ManagerState } from "../engine/api/schemas/console.ts";
import type { Findings, FlowCheckRequest, FlowList, Negations, Published } from "../engine/api/schemas/flow.ts";
import type { ActivityPage, FailureList } from "../engine/api/schemas/history.ts";
import type {
  JourneyCounts,
  JourneyEvents,
  JourneyPage,
  Started,
  StartRequest,
} from "../engine/api/schemas/journey.ts";
import type { Problem } from "../engine/api/schemas/problem.ts";
import type { Profile, ProfileDraft, ProfileList } from "../engine/api/schemas/profile.ts";
import type { Produced, ProduceRequest, RecordPage, Resent } from "../engine/api/schemas/record.ts";
import type { SchemaList, SchemaSubject } from "../engine/api/schemas/schema.ts";
import type { ServiceList, ServiceStats } from "../engine/api/schemas/service.ts";
import type { JourneyFilter, JourneyQuery } from "../engine/audit/store.ts";
import type { CompiledFlow } from "../engine/core/flow.ts";
import type { FlowRecord } from "../engine/core/protocol.ts";
import type { JourneyView, Preview } from "../engine/core/view.ts";
import { noteServerTime } from "./server-time.ts";
import { refuseSession, sessionHeaders } from "./session.ts";

const PREFIX = "/api/v1";

/** A call that failed. `code` is `unreachable` when no answer came, else a code of the catalogue (docs/errors.md). */
export class ApiError extends Error {
  readonly code: string;
  readonly status: number;
  /** What the operator can do about it. */
  readonly fix: string;
  readonly retryable: boolean;
  /** The fields at fault, by path. */
  readonly errors: { path: string; message: string }[];
  readonly findings: NonNullable<Problem["findings"]>;

  constructor(problem: Partial<Problem> & { code: string; detail: string; fix: string; status: number }) {
    super(problem.detail);
    this.name = "ApiError";
    this.code = problem.code;
    this.status = problem.status;
    this.fix = problem.fix;
    this.retryable = problem.retryable ?? false;
    this.errors = problem.errors ?? [];
    this.findings = problem.findings ?? [];
  }
}

type QueryValue = string | number | boolean | readonly string[] | undefined;

interface CallOptions {
  query?: object;
  body?: unknown;
  signal?: AbortSignal;
  headers?: Record<string, string>;
}

export const api = {
  info: (signal?: AbortSignal) => get<Info>("/info", { signal }),

  journeys: (query: JourneyQuery, signal?: AbortSignal) => get<JourneyPage>("/journeys", { query, signal }),
  counts: (query: JourneyFilter, signal?: AbortSignal) => get<JourneyCounts>("/journeys/counts", { query, signal }),
  /** `at`: a seq, or a time in ISO 8601; now if left out. */
  journey: (uuid: string, at?: string | number, signal?: AbortSignal) =>
    get<JourneyView>(`/journeys/${encode(uuid)}`, { query: { at }, signal }),
  /** `after`: only events of a later seq. */
  events: (uuid: string, after?: number, signal?: AbortSignal) =>
    get<JourneyEvents>(`/journeys/${encode(uuid)}/events`, { query: { after }, signal }),
  start: (body: StartRequest) => post<Started | JourneyView>("/journeys", { body }),
  act: (uuid: string, body: ActionRequest) =>
    post<ActionAccepted>(`/journeys/${encode(uuid)}/actions`, { body: { ...body, dry_run: false } }),
  dryRun: (uuid: string, body: ActionRequest, signal?: AbortSignal) =>
    post<Preview>(`/journeys/${encode(uuid)}/actions`, { body: { ...body, dry_run: true }, signal }),
  bulk: (body: BulkActionRequest, signal?: AbortSignal) => post<BulkOutcomes>("/journeys/actions", { body, signal }),

  flows: (signal?: AbortSignal) => get<FlowList>("/flows", { signal }),
  flow: (name: string, version: string, signal?: AbortSignal) =>
    get<FlowRecord>(`/flows/${encode(name)}/${encode(version)}`, { signal }),
  /** As the engine walks it: what comes before and after each step, its negations, every setting with its default. */
  compiledFlow: (name: string, version: string, signal?: AbortSignal) =>
    get<CompiledFlow>(`/flows/${encode(name)}/${encode(version)}/compiled`, { signal }),
  publish: (body: FlowRecord) => post<Published>("/flows", { body }),
  check: (body: FlowCheckRequest, signal?: AbortSignal) => post<Findings>("/flows/check", { body, signal }),
  negations: (signal?: AbortSignal) => get<Negations>("/negations", { signal }),
  setNegations: (body: Negations) => put<Negations>("/negations", { body }),

  /** The last 15 minutes unless told otherwise. */
  services: (range: { from?: string; to?: string } = {}, signal?: AbortSignal) =>
    get<ServiceList>("/services", { query: range, signal }),
  serviceStats: (service: string, query: { from?: string; to?: string; function?: string }, signal?: AbortSignal) =>
    get<ServiceStats>(`/services/${encode(service)}/stats`, { query, signal }),
  failures: (query: JourneyFilter, signal?: AbortSignal) => get<FailureList>("/failures", { query, signal }),
  activity: (
    query: { actor?: string; action?: string; q?: string; cursor?: string; limit?: number },
    signal?: AbortSignal,
  ) => get<ActivityPage>("/activity", { query, signal }),

  cluster: (signal?: AbortSignal) => get<Cluster>("/cluster", { signal }),
  topics: (signal?: AbortSignal) => get<TopicList>("/topics", { signal }),
  groups: (signal?: AbortSignal) => get<GroupList>("/groups", { signal }),
  /** `offset`: a number with a partition, `p:o,p:o` from a former `next`, `start`, or `end`. */
  records: (
    topic: string,
    query: {
      partition?: number;
      offset?: string | number;
      /** ISO 8601: in place of `offset`, from the first record of this time on. */
      at?: string;
      /** Only records of this key; the answer says how many it looked through for them. */
      key?: string;
      /** Behind what retention has taken meanwhile; the answer says how many records that was. */
      skip?: boolean;
      limit?: number;
      wait?: number;
    },
    signal?: AbortSignal,
  ) => get<RecordPage>(`/topics/${encode(topic)}/records`, { query, signal }),
  /** Dead letters, as new records of the topics they came from. */
  resend: (topic: string, body: { records: { partition: number; offset: number }[]; reason: string }) =>
    post<Resent>(`/topics/${encode(topic)}/resend`, { body }),
  produce: (topic: string, body: ProduceRequest) => post<Produced>(`/topics/${encode(topic)}/records`, { body }),

  schemas: (signal?: AbortSignal) => get<SchemaList>("/schemas", { signal }),
  /** The first version of a subject's schema, or another one. */
  registerSchema: (subject: string, schema: Record<string, unknown> | boolean) =>
    put<SchemaSubject>(`/schemas/${encode(subject)}`, { body: { schema } }),

  manager: (signal?: AbortSignal) => get<ManagerState>("/manager", { signal }),
  setManager: (running: boolean) => post<ManagerState>("/manager", { body: { running } }),
  faults: (signal?: AbortSignal) => get<Faults>("/faults", { signal }),
  setFaults: (body: FaultsRequest) => put<Faults>("/faults", { body }),

  profiles: (signal?: AbortSignal) => get<ProfileList>("/profiles", { signal }),
  putProfile: (name: string, body: ProfileDraft) => put<Profile>(`/profiles/${encode(name)}`, { body }),
  removeProfile: (name: string) => send("DELETE", `/profiles/${encode(name)}`, {}),
  /** Opens another profile behind this very address; answers once it is open. */
  chooseProfile: (body: { name: string; reason?: string }) => post<Info>("/profiles/choose", { body }),
  unlockProfile: (reason: string) => post<Profile>("/profiles/unlock", { body: { reason } }),
  lockProfile: () => post<Profile>("/profiles/lock", { body: {} }),
  /** One JSON line for each stage, as it ends. */
  testProfile: async (body: { profile: ProfileDraft & { name: string } }, signal: AbortSignal) => {
    const headers = { accept: "application/x-ndjson" };
    const response = await send("POST", "/profiles/test", { body, headers, signal });
    if (response.body === null) throw unreachable("The connection test came without a body.");
    return response.body;
  },
};

/** Opens `GET /stream`; the caller reads the body. Rejects with an ApiError when the answer isn't a stream. */
export async function openStream(topics: readonly string[], lastEventId: string | undefined, signal: AbortSignal) {
  const headers: Record<string, string> = { accept: "text/event-stream" };
  if (lastEventId !== undefined) headers["last-event-id"] = lastEventId;
  const response = await send("GET", "/stream", { query: { topics: topics.join(",") }, headers, signal });
  if (response.body === null) throw unreachable("The stream of changes came without a body.");
  return response.body;
}

function get<T>(path: string, options: CallOptions): Promise<T> {
  return call<T>("GET", path, options);
}
function post<T>(path: string, options: CallOptions): Promise<T> {
  return call<T>("POST", path, options);
}
function put<T>(path: string, options: CallOptions): Promise<T> {
  return call<T>("PUT", path, options);
}

async function call<T>(method: string, path: string, options: CallOptions): Promise<T> {
  const response = await send(method, path, options);
  try {
    return await response.json();
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw unreachable(`The answer to ${method} ${path} broke off or isn't JSON.`);
  }
}

async function send(method: string, path: string, options: CallOptions): Promise<Response> {
  const headers: Record<string, string> = { accept: "application/json", ...sessionHeaders(), ...options.headers };
  if (options.body !== undefined) headers["content-type"] = "application/json";
  const sentAt = Date.now();
  let response: Response;
  try {
    response = await fetch(PREFIX + path + queryString(options.query ?? {}), {
      method,
      headers,
      body: options.body === undefined ? undefined : JSON.stringify(options.body),
      signal: options.signal,
    });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw unreachable("No answer from the console.");
  }
  noteServerTime(response.headers.get("date"), sentAt);
  if (response.status === 401) refuseSession();
  if (!response.ok) throw await toApiError(response);
  return response;
}

async function toApiError(response: Response): Promise<ApiError> {
  const problem: Partial<Problem> = await response.json().catch(() => ({}));
  return new ApiError({
    ...problem,
    status: response.status,
    code: problem.code ?? "internal",
    detail: problem.detail ?? problem.title ?? `The console answered ${response.status}.`,
    fix: problem.fix ?? "Try again; if it stays, look at the console's log.",
    retryable: problem.retryable ?? response.status >= 500,
  });
}

function unreachable(detail: string): ApiError {
  return new ApiError({
    code: "unreachable",
    status: 0,
    detail,
    fix: "Check that it still runs (`npx antigraph console`). The page goes on by itself once it answers.",
    retryable: true,
  });
}

function encode(part: string): string {
  return encodeURIComponent(part);
}

/** Leaves out what is undefined or empty; lists become comma separated. */
export function queryString(query: object): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query) as [string, QueryValue][]) {
    if (value === undefined || value === "") continue;
    if (typeof value === "object") {
      if (value.length > 0) parameters.set(name, value.join(","));
    } else parameters.set(name, String(value));
  }
  const text = parameters.toString();
  return text === "" ? "" : `?${text}`;
}
