/** What is known of a registry in memory, prepared as a spec needs it; looks only when it is told to. */
import { onTestFinished } from "vitest";
import { TOPICS } from "../../engine/core/protocol.ts";
import { createRegistryClient } from "../../engine/registry/client.ts";
import { openSchemaStore, type SchemaStore, type SchemaStoreOptions } from "../../engine/registry/store.ts";
import { type RegistryStub, startRegistryStub } from "./registry-stub.ts";

export type StoreOptions = Partial<SchemaStoreOptions> & { wireFormat?: "json" | "confluent" };

/** A store on a stub; `warnings` are the messages that it logs. */
export function storeOn(stub: RegistryStub, { wireFormat = "json", ...options }: StoreOptions = {}) {
  const warnings: string[] = [];
  const registry = { url: stub.url, wireFormat, validate: true, ...options.registry };
  const store = openSchemaStore({
    client: async () => createRegistryClient(registry),
    topics: TOPICS,
    pause: async (_ms, signal) => {
      if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve));
    },
    logger: { info: () => {}, warn: (_fields, message) => void warnings.push(message) },
    ...options,
    registry,
  });
  onTestFinished(() => store.close());
  return { store, warnings };
}

export async function openStub(): Promise<RegistryStub> {
  const stub = await startRegistryStub();
  onTestFinished(() => stub.close());
  return stub;
}

/** Both, and the first look is over. */
export async function preparedStore(
  prepare: (stub: RegistryStub) => unknown = () => {},
): Promise<{ stub: RegistryStub; store: SchemaStore }> {
  const stub = await openStub();
  await prepare(stub);
  const { store } = storeOn(stub);
  await store.refresh();
  return { stub, store };
}
