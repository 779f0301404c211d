/**
 * JSON Schemas of whole records, for topics that have none when records are to bear a schema's id: what docs/protocol.md
 * says in section 2, and no more, so that whatever the protocol allows fits.
 */
import { TOPICS } from "../core/protocol.ts";

const draft = { $schema: "http://json-schema.org/draft-07/schema#" };
const text = { type: ["string", "number", "null"] };
const uuid = { type: "string", pattern: "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$" };
const name = { type: "string", minLength: 1 };

export const ENVELOPES = {
  fromManager: {
    ...draft,
    title: TOPICS.fromManager,
    description: "A command of Antigraph: a step of a journey, or what undoes one",
    type: "object",
    required: ["uuid", "name", "version", "service", "function", "schema_version", "data"],
    properties: {
      uuid,
      name: { type: "string" },
      version: { type: "string" },
      service: name,
      function: name,
      schema_version: { type: "string" },
      data: {},
      step: { type: "string" },
      attempt: { type: "integer", minimum: 1 },
      undo: {
        type: "object",
        properties: { step: name, function: name, input: {}, output: {}, error: { type: ["object", "null"] } },
      },
    },
  },
  toManager: {
    ...draft,
    title: TOPICS.toManager,
    description: "A reply to Antigraph, the start of a journey, or an operator's action",
    type: "object",
    required: ["uuid", "service", "function", "status"],
    properties: {
      uuid,
      name: { type: "string" },
      version: text,
      service: name,
      function: name,
      status: { enum: ["success", "inprogress", "failure"] },
      schema_version: text,
      data: {},
      step: { type: ["string", "null"] },
      attempt: { type: ["integer", "null"], minimum: 1 },
      error: { type: ["object", "null"] },
    },
  },
} as const;
