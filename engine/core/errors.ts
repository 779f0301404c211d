/**
 * The one catalogue of error codes that the API, the CLI and refused actions speak. docs/errors.md lists it, and a test
 * holds code and docs together; another one raises each (test/unit/api/error-codes.test.ts). `retryable`: the same call
 * may succeed later, unchanged.
 */
export const ERRORS = {
  invalid_request: { status: 400, retryable: false, fix: "Correct the field named in the message." },
  unauthorized: {
    status: 401,
    retryable: false,
    fix: "Send `Authorization: Bearer TOKEN`; the token is in the data folder or in ANTIGRAPH_TOKEN.",
  },
  invalid_session_code: {
    status: 401,
    retryable: false,
    fix: "Open the console again by the command line: a code is good once, for 60 seconds.",
  },
  forbidden_host: {
    status: 403,
    retryable: false,
    fix: "Use 127.0.0.1 or localhost, or allow the host with --allow-host.",
  },
  forbidden_origin: { status: 403, retryable: false, fix: "Call from the console's own pages or without a browser." },
  forbidden_profile: {
    status: 403,
    retryable: false,
    fix: "This profile is read-only: unlock it if it is production, or choose another one.",
  },
  forbidden_topic: {
    status: 403,
    retryable: false,
    fix: "Only managers write to this topic; produce to tomanager instead.",
  },
  not_found: { status: 404, retryable: false, fix: "Check the address." },
  journey_not_found: {
    status: 404,
    retryable: false,
    fix: "Check the uuid; the journey may have left the retention time.",
  },
  flow_not_found: { status: 404, retryable: false, fix: "Publish the flow first, or check its name and version." },
  topic_not_found: { status: 404, retryable: false, fix: "List the topics with GET /api/v1/topics." },
  service_not_found: {
    status: 404,
    retryable: false,
    fix: "Services appear once they have sent a heartbeat or were called.",
  },
  profile_not_found: { status: 404, retryable: false, fix: "List the profiles with GET /api/v1/profiles." },
  profile_in_use: {
    status: 409,
    retryable: false,
    fix: "Open another profile first; the embedded one always stays.",
  },
  no_key_store: {
    status: 409,
    retryable: false,
    fix: `Write the secret as \${NAME} and set that variable of the environment where the console is started.`,
  },
  secret_missing: {
    status: 409,
    retryable: false,
    fix: "Set the variable of the environment that the message names, or enter the secret again in the profile.",
  },
  payload_too_large: {
    status: 413,
    retryable: false,
    fix: "Send less: keep large things elsewhere and send a reference to them.",
  },
  unsupported_media_type: { status: 415, retryable: false, fix: "Send JSON with `Content-Type: application/json`." },
  flow_invalid: {
    status: 422,
    retryable: false,
    fix: "Mend the findings listed; `antigraph check FILE` lists them too.",
  },
  flow_version_exists: {
    status: 409,
    retryable: false,
    fix: "Publish under a new version: a published version never changes.",
  },
  uuid_in_use: { status: 409, retryable: false, fix: "Another journey has this uuid; choose a new one." },
  offset_out_of_range: {
    status: 410,
    retryable: false,
    fix: "The records are gone; read from the log's start that the message names.",
  },
  unknown_action: { status: 400, retryable: false, fix: "Use one of the actions that the docs list." },
  action_not_allowed: {
    status: 409,
    retryable: false,
    fix: "Look at the journey again; its state doesn't bear this action.",
  },
  past_pivot: { status: 409, retryable: false, fix: "The pivot has succeeded; roll back with force if you must." },
  stale_preview: { status: 409, retryable: false, fix: "The journey has moved; make a new dry run." },
  unknown_step: { status: 422, retryable: false, fix: "Name a step of the journey's flow." },
  unknown_version: { status: 422, retryable: false, fix: "Name a published version of the flow." },
  schema_invalid: {
    status: 422,
    retryable: false,
    fix: "Mend the data at the path that the message names; `antigraph schemas show SUBJECT` shows its schema.",
  },
  no_home_in_version: {
    status: 422,
    retryable: false,
    fix: "Every live or undoable step must be there in the target version.",
  },
  not_supported: { status: 501, retryable: false, fix: "This is not available here." },
  no_registry: {
    status: 409,
    retryable: false,
    fix: "Open a profile with a schema registry, or give this one the registry's address.",
  },
  schema_unusable: {
    status: 422,
    retryable: false,
    fix: "Mend the schema: JSON Schema, draft-07, 2019-09 or 2020-12.",
  },
  schema_incompatible: {
    status: 409,
    retryable: false,
    fix: "Change the schema so that it fits the versions before it, or the subject's compatibility rule in the registry.",
  },
  registry_denied: {
    status: 502,
    retryable: false,
    fix: "Check user and password of the registry in the profile, and what that user may do there.",
  },
  registry_unavailable: {
    status: 503,
    retryable: true,
    fix: "See that the registry runs and can be reached from here; what was known of its schemas stays in force.",
  },
  bus_unavailable: {
    status: 503,
    retryable: true,
    fix: "The bus can't be reached; what was accepted is kept and sent later.",
  },
  outbox_full: {
    status: 503,
    retryable: true,
    fix: "Wait until the bus can be reached again: what waits is sent then, and makes room.",
  },
  too_many_streams: {
    status: 503,
    retryable: true,
    fix: "Close a page that streams changes, or try again later.",
  },
  pages_not_built: { status: 503, retryable: false, fix: "Build the pages with `npm run build`." },
  port_in_use: { status: 409, retryable: false, fix: "Free the port, or choose another one: `--port N`." },
  data_folder_locked: {
    status: 503,
    retryable: true,
    fix: "Close the other Antigraph that uses this data folder, or choose another folder with --data.",
  },
  data_folder_unwritable: {
    status: 500,
    retryable: false,
    fix: "Make the data folder writable for this user, free disk space, or choose another folder with --data.",
  },
  data_folder_corrupt: {
    status: 500,
    retryable: false,
    fix: "Put back a copy of the file that the message names, or move it away to begin with an empty one.",
  },
  data_folder_newer: {
    status: 500,
    retryable: false,
    fix: "Start the newer Antigraph that wrote this data folder, or choose another folder with --data.",
  },
  topics_differ: {
    status: 409,
    retryable: false,
    fix: "A topic's number of partitions never changes: use the number it has, or another data folder or prefix.",
  },
  data_folder_missing: { status: 404, retryable: false, fix: "Name the data folder of a console with --data." },
  console_unreachable: {
    status: 503,
    retryable: true,
    fix: "Start a console with `antigraph console`, or say where it is with --url.",
  },
  file_unusable: { status: 400, retryable: false, fix: "Name a file that is there, can be read and holds JSON." },
  wait_timeout: {
    status: 504,
    retryable: true,
    fix: "The journey goes on; look again with `antigraph journeys show UUID`.",
  },
  internal: { status: 500, retryable: true, fix: "See the log of the console." },
} as const satisfies Record<string, { status: number; retryable: boolean; fix: string }>;

export type ErrorCode = keyof typeof ERRORS;

/** An error with a code of the catalogue; the API turns it into problem details (RFC 9457). */
export class AntigraphError extends Error {
  readonly code: ErrorCode;
  readonly details: Record<string, unknown> | undefined;
  constructor(code: ErrorCode, message: string, details?: Record<string, unknown>) {
    super(message);
    this.name = "AntigraphError";
    this.code = code;
    this.details = details;
  }
}
