/** Flow files as they come: a flow record, the workflow alone, or a bare Flume export (the map of nodes). */
import { basename } from "node:path";
import type { Finding, NegationList } from "../core/flow.ts";
import { type FlowRecord, SCHEMA_VERSION } from "../core/protocol.ts";
import { Failure, UsageError } from "./failure.ts";
import { readJsonFile } from "./json-file.ts";
import { table } from "./table.ts";

/** The options of the commands that read a flow file. */
export const flowFileArgs = {
  file: {
    type: "positional",
    required: true,
    description: "A flow file, or a Flume export as JSON; - for standard input",
  },
  map: {
    type: "string",
    description: "Take nodes of this type as calls of that function; repeatable",
    valueHint: "TYPE=service.function",
  },
  negations: {
    type: "string",
    description: "What undoes what, as JSON, for a file that doesn't say so",
    valueHint: "FILE",
  },
  name: {
    type: "string",
    description: "The flow's name; else the file's own, else the file's name",
    valueHint: "NAME",
  },
  version: { type: "string", description: "The flow's version; else the file's own, else 1", valueHint: "V" },
} as const;

export interface FlowFileArgs {
  file: string;
  negations?: string;
  name?: string;
  version?: string;
}

export interface FlowFile {
  record: FlowRecord;
  /** What had to be assumed, for the user to read. */
  assumed: string[];
}

type Json = Record<string, unknown>;

/** Reads a file into the record that would be published. Throws Failure when it isn't JSON or no flow at all. */
export function readFlowFile(args: FlowFileArgs, mappings: string[]): FlowFile {
  const types = readMappings(mappings);
  const content = readJson(args.file);
  const isRecord = isJson(content.workflow);
  const assumed: string[] = [];
  const name = args.name ?? text(isRecord ? content.name : undefined) ?? nameOf(args.file);
  if (!args.name && !(isRecord && text(content.name))) {
    assumed.push(`The name "${name}" is the file's; set another with --name.`);
  }
  const version = args.version ?? text(isRecord ? content.version : undefined) ?? "1";
  if (!args.version && !(isRecord && text(content.version))) {
    assumed.push(`The file has no version: "${version}" is taken; set another with --version.`);
  }
  const workflow = completed(isJson(content.workflow) ? content.workflow : content, args, types);
  const schema_version = text(content.schema_version) ?? SCHEMA_VERSION;
  return { record: { name, version, schema_version: isRecord ? schema_version : SCHEMA_VERSION, workflow }, assumed };
}

/** The findings for people: errors first, as the checker orders them. */
export function findingsTable(findings: Finding[]): string {
  return table(
    ["SEVERITY", "CODE", "NODE", "MESSAGE"],
    findings.map(({ severity, code, node, message }) => [severity, code, node ?? "", message]),
  );
}

/** `2 errors, 1 warning` */
export function countFindings(findings: Finding[]): string {
  const count = (severity: Finding["severity"]) => {
    const number = findings.filter((finding) => finding.severity === severity).length;
    return `${number} ${severity}${number === 1 ? "" : "s"}`;
  };
  return `${count("error")}, ${count("warning")}`;
}

/** The workflow with what the options add; untouched, bare if it is, when they add nothing. */
function completed(workflow: Json, args: FlowFileArgs, types: Record<string, string>): Json {
  if (Object.keys(types).length === 0 && args.negations === undefined) return workflow;
  const full = isFullForm(workflow) ? workflow : { nodes: workflow };
  const added: Json = { ...full };
  if (Object.keys(types).length > 0) added.types = { ...(isJson(full.types) ? full.types : {}), ...types };
  if (args.negations !== undefined) {
    if (full.negations !== undefined) {
      throw new UsageError("The file has negations of its own, so --negations can't be used with it.");
    }
    added.negations = readJson(args.negations) as NegationList;
  }
  return added;
}

/** A bare export may have a node whose id is "nodes"; that one has a type and connections. */
function isFullForm(workflow: Json): boolean {
  return isJson(workflow.nodes) && !(typeof workflow.nodes.type === "string" && isJson(workflow.nodes.connections));
}

function readMappings(mappings: string[]): Record<string, string> {
  return Object.fromEntries(
    mappings.map((mapping) => {
      const at = mapping.lastIndexOf("=");
      const call = mapping.slice(at + 1);
      if (at <= 0 || !/^[^\s]+\.[^\s.]+$/.test(call)) {
        throw new UsageError(`--map takes TYPE=service.function, not "${mapping}".`);
      }
      return [mapping.slice(0, at), call];
    }),
  );
}

function readJson(file: string): Json {
  const value = readJsonFile(file);
  if (!isJson(value)) throw new Failure("file_unusable", `${file} holds no JSON object, so no flow.`);
  return value;
}

function nameOf(file: string): string {
  return file === "-" ? "flow" : basename(file).replace(/(\.flow)?\.json$/i, "");
}

function isJson(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
}
