import { AntigraphError } from "../core/errors.ts";
import type { ApiHost } from "./host.ts";

/** Refuses what changes anything on a read-only profile. @throws AntigraphError forbidden_profile */
export function assertWritable(host: Pick<ApiHost, "profiles">): void {
  const profile = host.profiles.current();
  if (profile.read_only) throw new AntigraphError("forbidden_profile", `The profile ${profile.name} is read-only.`);
}
