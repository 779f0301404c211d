/**
 * Publishing flows. A flow is a record of `tomanageredits`; the first record of a name and version counts for ever. The
 * profile's negation list is frozen into a flow that brings none of its own, so that a later change of the list changes
 * no published flow.
 */
import { isDeepStrictEqual } from "node:util";
import { compileFlow } from "../core/compile.ts";
import { AntigraphError } from "../core/errors.ts";
import type { Finding } from "../core/flow.ts";
import { normaliseFlow } from "../core/normalise.ts";
import type { FlowRecord } from "../core/protocol.ts";
import { allFlowsKnown } from "./flows-known.ts";
import type { ApiHost } from "./host.ts";
import { assertRecordSize, recordText } from "./record-text.ts";

export interface PublishOutcome {
  /** false: the same content had been published before. */
  created: boolean;
  record: FlowRecord;
  findings: Finding[];
}

/** Publishing is one at a time in this process, so that two calls can't both find a version free. */
export interface FlowPublisher {
  /** @throws AntigraphError flow_invalid, flow_version_exists, payload_too_large, bus_unavailable */
  publish(record: FlowRecord, options: { dryRun: boolean }): Promise<PublishOutcome>;
}

export function createFlowPublisher(
  host: Pick<ApiHost, "bus" | "connection" | "flows" | "negations" | "topics">,
): FlowPublisher {
  let previous: Promise<unknown> = Promise.resolve();
  return {
    publish(record, { dryRun }) {
      const run = previous.then(() => publishOne(host, record, dryRun));
      previous = run.catch(() => {});
      return run;
    },
  };
}

async function publishOne(
  host: Pick<ApiHost, "bus" | "connection" | "flows" | "negations" | "topics">,
  given: FlowRecord,
  dryRun: boolean,
): Promise<PublishOutcome> {
  const { flow, findings } = compileFlow(given, { negations: host.negations.get() });
  if (!flow) {
    const errors = findings.filter((finding) => finding.severity === "error").length;
    throw new AntigraphError(
      "flow_invalid",
      `The flow ${given.name} ${given.version} has ${errors} ${errors === 1 ? "error" : "errors"}.`,
      { findings },
    );
  }
  const record = normaliseFlow(given, host.negations.get());
  // Which versions are taken is known for certain only when the topic has been read to its end.
  await allFlowsKnown(host);
  if (isPublished(host, record)) return { created: false, record, findings };
  if (dryRun) return { created: true, record, findings };
  const value = recordText(record);
  assertRecordSize(value);
  await host.bus.append([{ topic: host.topics.edits, key: `${record.name}/${record.version}`, value }]);
  await host.flows.upToDate();
  // Somebody else, on another console, may have been first.
  isPublished(host, record);
  return { created: true, record, findings };
}

/** Is this very content published under its name and version? @throws AntigraphError flow_version_exists if another is */
function isPublished(host: Pick<ApiHost, "flows">, record: FlowRecord): boolean {
  const there = host.flows.get(record.name, record.version);
  if (!there) return false;
  if (isDeepStrictEqual(there.record.workflow, record.workflow)) return true;
  throw new AntigraphError(
    "flow_version_exists",
    `The flow ${record.name} ${record.version} is published already, with other content.`,
  );
}
