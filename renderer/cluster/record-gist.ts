/** What a record is about, in a word or two, before its JSON: the fields that differ stand behind a long uuid there. */

/**
 * `license.add_license success` for commands and replies, `step.failed add_license` for events of the audit, the flow
 * and version for edits; undefined for anything else.
 */
export function recordGist(text: string): string | undefined {
  const record = readObject(text);
  if (record === undefined) return undefined;
  const { type, step, service, function: name, status, version } = record;
  if (typeof type === "string") return typeof step === "string" ? `${type} ${step}` : type;
  if (typeof service === "string" && typeof name === "string") {
    const call = `${service}.${name}`;
    if (record.undo !== undefined) return `undo ${call}`;
    return typeof status === "string" ? `${call} ${status}` : call;
  }
  if (typeof service === "string" && typeof record.instance === "string") return `${service} ${record.instance}`;
  if (typeof record.name === "string" && typeof version === "string") return `${record.name} v${version}`;
  return undefined;
}

function readObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
