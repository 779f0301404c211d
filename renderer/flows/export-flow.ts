/** Hands a flow to the operator as a file. */
import { type FlowDocument, toRecord } from "./document.ts";

/** A flow file: what is published, and what the CLI's `publish` and `check` take. */
export function flowFile(document: FlowDocument, version: string): { name: string; text: string } {
  return { name: `${fileStem(document.name)}.flow.json`, text: pretty(toRecord(document, version)) };
}

/** The map of nodes alone, as Flume itself exports it: settings and negations are not in it. */
export function flumeFile(document: FlowDocument): { name: string; text: string } {
  return { name: `${fileStem(document.name)}.flume.json`, text: pretty(document.workflow.nodes) };
}

export function download(file: { name: string; text: string }): void {
  const url = URL.createObjectURL(new Blob([file.text], { type: "application/json" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = file.name;
  link.click();
  URL.revokeObjectURL(url);
}

function fileStem(name: string): string {
  return name.trim().replace(/[^\p{L}\p{N}._-]+/gu, "-") || "flow";
}

function pretty(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
