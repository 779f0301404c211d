import { compileFlow } from "../../core/compile.ts";
import { command } from "../command.ts";
import { Told } from "../failure.ts";
import { countFindings, findingsTable, flowFileArgs, readFlowFile } from "../flow-file.ts";
import { printJson } from "../io.ts";

export const checkCommand = command({
  name: "check",
  description: "Check a flow file without publishing it; needs no console. Exit code 1 when it has errors",
  args: { ...flowFileArgs, json: { type: "boolean", description: "Answer as JSON" } },
  repeatable: ["map"],
  run({ args, all, io }) {
    const { record } = readFlowFile(args, all("map"));
    const { flow, findings } = compileFlow(record);
    if (args.json) printJson(io, { name: record.name, version: record.version, findings });
    else {
      if (findings.length > 0) io.out(findingsTable(findings));
      const steps = flow ? `, ${Object.keys(flow.steps).length} steps` : "";
      io.out(`${record.name} ${record.version}${steps}: ${countFindings(findings)}.`);
    }
    if (!flow) throw new Told();
  },
});
