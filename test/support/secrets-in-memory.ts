import type { SecretStore } from "../../engine/api/secret-store.ts";

/** A key store that remembers, with what it holds in the open. */
export function secretsInMemory(): SecretStore & { entries: Map<string, string> } {
  const entries = new Map<string, string>();
  return {
    entries,
    unavailable: async () => undefined,
    get: async (name) => entries.get(name),
    set: async (name, value) => void entries.set(name, value),
    delete: async (name) => void entries.delete(name),
  };
}
