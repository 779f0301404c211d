import type { SchemaList, SchemaSubject } from "../../api/schemas/schema.ts";
import { command, group } from "../command.ts";
import { accessConsole, consoleArgs } from "../console-access.ts";
import { Failure } from "../failure.ts";
import { printJson } from "../io.ts";
import { readJsonFile } from "../json-file.ts";
import { brief, table } from "../table.ts";

const subject = {
  type: "positional",
  required: true,
  description: "TOPIC-value, or TOPIC-SERVICE.FUNCTION: fromanager of its commands' data, tomanager of its replies'",
  valueHint: "SUBJECT",
} as const;

const listCommand = command({
  name: "list",
  description: "List what events are checked by, registered or not",
  args: {
    registered: { type: "boolean", description: "Only what is registered" },
    ...consoleArgs,
  },
  async run({ args, io }) {
    const { client } = accessConsole(args, io);
    const { registry, subjects } = (await client.call("/schemas")).body as SchemaList;
    const shown = args.registered ? subjects.filter(({ version }) => version !== undefined) : subjects;
    if (args.json) return printJson(io, { registry, subjects: shown });
    if (registry === null) io.err("The profile has no schema registry: nothing is checked.");
    else if (!registry.reachable) io.err(registry.error ?? `${registry.url} has not answered yet.`);
    if (shown.length === 0) return io.out("No subjects.");
    io.out(
      table(
        ["SUBJECT", "VERSION", "ID", ""],
        shown.map((each) => [each.subject, each.version?.toString() ?? "-", each.id?.toString() ?? "", noteOf(each)]),
      ),
    );
  },
});

function noteOf({ error, in_force }: SchemaSubject): string {
  if (error === undefined) return "";
  return brief(in_force ? `version ${in_force} is in force: ${error}` : `nothing flows: ${error}`);
}

const showCommand = command({
  name: "show",
  description: "Show the schema of a subject",
  args: { subject, ...consoleArgs },
  async run({ args, io }) {
    const { client } = accessConsole(args, io);
    const { subjects } = (await client.call("/schemas")).body as SchemaList;
    const found = subjects.find((each) => each.subject === args.subject);
    if (found?.version === undefined) {
      throw new Failure(
        "not_found",
        `Nothing is registered for ${args.subject}.`,
        "`antigraph schemas list` has all.",
      );
    }
    if (args.json) return printJson(io, found);
    io.err(`${found.subject}, version ${found.version}, id ${found.id}`);
    if (found.error !== undefined) io.err(found.error);
    io.out(typeof found.schema === "string" ? found.schema : JSON.stringify(found.schema, undefined, 2));
  },
});

const registerCommand = command({
  name: "register",
  description: "Register a version of a schema: JSON Schema, draft-07, 2019-09 or 2020-12",
  args: {
    subject,
    file: { type: "positional", required: true, description: "The file with the schema", valueHint: "FILE" },
    ...consoleArgs,
  },
  async run({ args, io }) {
    const schema = readJsonFile(args.file);
    const { client } = accessConsole(args, io);
    const path = `/schemas/${encodeURIComponent(args.subject)}`;
    const { body } = await client.call(path, { method: "PUT", body: { schema } });
    if (args.json) return printJson(io, body);
    const { version, id } = body as SchemaSubject;
    io.out(`${args.subject} is registered as version ${version}, id ${id}.`);
  },
});

export const schemasCommand = group("schemas", "Schemas of events in the profile's registry", {
  list: listCommand,
  show: showCommand,
  register: registerCommand,
});
