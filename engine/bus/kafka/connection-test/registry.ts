/** Does the profile's schema registry answer as Confluent's API says, and does it let this user in? */
import { AntigraphError } from "../../../core/errors.ts";
import type { RegistryAccess } from "../../../registry/access.ts";
import { createRegistryClient } from "../../../registry/client.ts";
import { type CheckedTopics, topicSubject } from "../../../registry/subjects.ts";
import type { Checked } from "./finding.ts";

/** Changes nothing: registering is left to whoever writes records. */
export async function checkRegistry(registry: RegistryAccess, topics: CheckedTopics): Promise<Checked<void>> {
  const { fromManager, toManager } = topics;
  try {
    const client = createRegistryClient(registry);
    const found = await Promise.all([fromManager, toManager].map((topic) => client.subjects(`${topic}-`)));
    const subjects = found.flat();
    const missing = [fromManager, toManager].map(topicSubject).filter((subject) => !subjects.includes(subject));
    const message = `The registry answers; ${subjects.length} subjects are of this profile.`;
    if (registry.wireFormat === "json" || missing.length === 0) return { finding: { status: "ok", message } };
    const later = `${missing.join(" and ")} will be registered when the first manager or service starts.`;
    return { finding: { status: "ok", message: `${message} ${later}` } };
  } catch (error) {
    if (!(error instanceof AntigraphError)) throw error;
    return { finding: { status: "failed", message: error.message, help: helpFor(error) } };
  }
}

function helpFor({ code, message }: AntigraphError): string {
  if (code === "registry_denied") return "Check the user and the password of the registry in the profile.";
  if (/certificate|self.signed/i.test(message)) return "Name who signed its certificate: `registry.ca`, or `tls.ca`.";
  if (message.includes("Is that its address?"))
    return "The address ends where Confluent's API begins: with Apicurio in /apis/ccompat/v7.";
  return "Check the address, and that the registry runs and can be reached from here.";
}
