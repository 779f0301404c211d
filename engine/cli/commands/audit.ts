import { createReadStream, createWriteStream } from "node:fs";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { AuditHost } from "../../audit/open-audit.ts";
import { auditArgs, withAudit } from "../audit-folder.ts";
import { repeatableClusterArgs } from "../cluster-access.ts";
import { command, group, integer } from "../command.ts";
import { Failure, UsageError } from "../failure.ts";
import { printJson } from "../io.ts";

const DAY_MS = 86_400_000;
const MOST_DAYS = 36_500;

const rebuildCommand = command({
  name: "rebuild",
  description: "Delete the cache and read the audit topic again; the console must be stopped",
  args: auditArgs,
  repeatable: repeatableClusterArgs,
  async run({ args, all, io }) {
    const rebuild = async (audit: AuditHost) => {
      await audit.rebuild();
      return audit.status();
    };
    const status = await withAudit(args, all("topic"), io, rebuild, true);
    if (args.json) return printJson(io, status);
    const gaps = status.missing > 0 ? ` Missing: ${counted(status.missing, "event")}.` : "";
    io.out(
      `The cache holds ${counted(status.journeys, "journey")} with ${counted(status.events, "event")} again.${gaps}`,
    );
  },
});

const exportCommand = command({
  name: "export",
  description: "Write all journey events out, one JSON object a line; the console must be stopped",
  args: {
    file: { type: "positional", required: false, description: "Where to; standard output if left out" },
    ...auditArgs,
  },
  repeatable: repeatableClusterArgs,
  async run({ args, all, io }) {
    let events = 0;
    await withAudit(args, all("topic"), io, async (audit) => {
      async function* lines() {
        for await (const line of audit.export()) {
          events += 1;
          yield `${line}\n`;
        }
      }
      const target = args.file === undefined ? process.stdout : createWriteStream(args.file, { mode: 0o600 });
      await pipeline(Readable.from(lines()), target, { end: args.file !== undefined });
    }).catch(explainFile);
    if (args.file === undefined) return;
    if (args.json) printJson(io, { events, file: args.file });
    else io.out(`${args.file} holds ${counted(events, "event")}.`);
  },
});

const importCommand = command({
  name: "import",
  description: "Take in the lines of an export; what is there already changes nothing; the console must be stopped",
  args: {
    file: { type: "positional", required: true, description: "The export; - for standard input" },
    ...auditArgs,
  },
  repeatable: repeatableClusterArgs,
  async run({ args, all, io }) {
    const result = await withAudit(args, all("topic"), io, (audit) => {
      const input = args.file === "-" ? process.stdin : createReadStream(args.file);
      const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
      // readline keeps an error of its input to itself.
      const broken = new Promise<never>((_, reject) => input.once("error", reject));
      return Promise.race([audit.import(lines), broken]);
    }).catch(explainFile);
    if (args.json) return printJson(io, result);
    io.out(
      `Taken in: ${counted(result.events, "event")}; there before: ${result.duplicates}; lines without one: ${result.malformed}.`,
    );
  },
});

const pruneCommand = command({
  name: "prune",
  description: "Take ended journeys out of the cache; the topic keeps them for its own retention time",
  args: {
    before: { type: "string", description: "Those that ended before this time, ISO 8601", valueHint: "TIME" },
    days: { type: "string", description: "Those that ended more than so many days ago", valueHint: "N" },
    ...auditArgs,
  },
  repeatable: repeatableClusterArgs,
  async run({ args, all, io }) {
    const days = integer(args.days, "--days", 0, MOST_DAYS);
    if ((args.before === undefined) === (days === undefined)) throw new UsageError("Give either --before or --days.");
    const before = days === undefined ? Date.parse(args.before ?? "") : io.now() - days * DAY_MS;
    if (Number.isNaN(before))
      throw new UsageError(`--before takes a time like 2026-11-22T10:00:00Z, not "${args.before}".`);
    const pruned = await withAudit(args, all("topic"), io, (audit) => audit.prune(new Date(before).toISOString()));
    if (args.json) printJson(io, { pruned });
    else io.out(`Taken out: ${counted(pruned, "journey")}.`);
  },
});

export const auditCommand = group("audit", "Look after the audit cache of a data folder", {
  rebuild: rebuildCommand,
  export: exportCommand,
  import: importCommand,
  prune: pruneCommand,
});

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

function explainFile(error: unknown): never {
  if (error instanceof Error && "syscall" in error) throw new Failure("file_unusable", error.message);
  throw error;
}
