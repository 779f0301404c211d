/** A schema registry whose certificate is signed by an authority of its own. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { RegistryAccess } from "../../engine/registry/access.ts";
import { createRegistryClient } from "../../engine/registry/client.ts";
import { type RegistryStub, startRegistryStub } from "../support/registry-stub.ts";
import { createAuthority, type TestAuthority } from "../support/test-certificates.ts";

const folder = mkdtempSync(join(tmpdir(), "antigraph-certificates-"));
let authority: TestAuthority;
let stub: RegistryStub;

beforeAll(async () => {
  authority = createAuthority(folder);
  stub = await startRegistryStub(authority.issue("registry", ["IP:127.0.0.1"]));
  stub.login = "olga:not-for-logs-7";
});
afterAll(async () => {
  await stub.close();
  rmSync(folder, { recursive: true });
});

const access = (more: Partial<RegistryAccess> = {}): RegistryAccess => ({
  url: stub.url,
  username: "olga",
  password: "not-for-logs-7",
  ca: authority.ca,
  wireFormat: "json",
  validate: true,
  ...more,
});

it("is spoken to when the profile names that authority", async () => {
  const client = createRegistryClient(access());
  await client.register("fromanager-user.create_user", JSON.stringify({ type: "object" }));
  expect(await client.subjects("fromanager")).toEqual(["fromanager-user.create_user"]);
});

it("is not without it: the error names the field that takes it", async () => {
  const { ca: _unknown, ...without } = access();
  const asked = createRegistryClient(without).subjects("fromanager");
  await expect(asked).rejects.toThrow("registry.ca");
  await expect(asked).rejects.toMatchObject({ code: "registry_unavailable" });
});

it("is not when another authority has signed: a stranger gets no password", async () => {
  const stranger = createAuthority(folder, "stranger");
  const before = stub.calls.length;
  await expect(createRegistryClient(access({ ca: stranger.ca })).subjects("fromanager")).rejects.toThrow(
    "registry.ca",
  );
  expect(stub.calls).toHaveLength(before);
});

it("is not when the certificate is another host's", async () => {
  const other = await startRegistryStub(authority.issue("elsewhere", ["DNS:registry.example.com"]));
  try {
    await expect(createRegistryClient(access({ url: other.url })).subjects("fromanager")).rejects.toThrow("altnames");
    expect(other.calls).toEqual([]);
  } finally {
    await other.close();
  }
});
