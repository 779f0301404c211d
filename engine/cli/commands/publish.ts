import type { Finding } from "../../core/flow.ts";
import { ConsoleError } from "../../service/console-client.ts";
import { command } from "../command.ts";
import { accessConsole, consoleArgs } from "../console-access.ts";
import { Told } from "../failure.ts";
import { countFindings, findingsTable, flowFileArgs, readFlowFile } from "../flow-file.ts";
import { printJson } from "../io.ts";

export const publishCommand = command({
  name: "publish",
  description: "Publish a flow file or a Flume export; a version once published never changes",
  args: {
    ...flowFileArgs,
    "dry-run": { type: "boolean", description: "Check it against what is published, and publish nothing" },
    ...consoleArgs,
  },
  repeatable: ["map"],
  async run({ args, all, io }) {
    const { record, assumed } = readFlowFile(args, all("map"));
    const { client } = accessConsole(args, io);
    try {
      const dryRun = args["dry-run"] === true;
      const answer = await client.call("/flows", {
        method: "POST",
        body: record,
        query: { dry_run: dryRun || undefined },
      });
      const published = answer.body as { name: string; version: string; findings: Finding[] };
      const before = answer.status === 200 && !dryRun;
      if (args.json) return printJson(io, { ...published, created: !before && !dryRun });
      for (const line of assumed) io.err(line);
      if (published.findings.length > 0) io.err(findingsTable(published.findings));
      const what = dryRun ? "can be published" : before ? "was published before, just so" : "is published";
      io.out(`${published.name} ${published.version} ${what}.`);
    } catch (error) {
      if (!(error instanceof ConsoleError) || error.code !== "flow_invalid" || args.json) throw error;
      const findings = (error.problem.findings ?? []) as Finding[];
      io.err(findingsTable(findings));
      io.err(`${record.name} ${record.version} isn't published: ${countFindings(findings)}.`);
      throw new Told();
    }
  },
});
