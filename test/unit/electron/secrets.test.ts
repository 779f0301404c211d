import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { createSecretStore } from "../../../electron/secrets.ts";

const SECRET = "s3cret-that-nobody-may-see";

/** Electron's safeStorage, with a key that has a number: `rotate` makes the next one. */
const system = vi.hoisted(() => ({ key: 1, available: true, backend: "gnome_libsecret" }));
vi.mock("electron", () => ({
  app: { whenReady: async () => {} },
  safeStorage: {
    isAsyncEncryptionAvailable: async () => system.available,
    getSelectedStorageBackend: () => system.backend,
    encryptStringAsync: async (text: string) => Buffer.from(`${system.key}:${Buffer.from(text).toString("hex")}`),
    async decryptStringAsync(sealed: Buffer) {
      const [key, text = ""] = sealed.toString().split(":");
      return { shouldReEncrypt: key !== String(system.key), result: Buffer.from(text, "hex").toString() };
    },
  },
}));

beforeEach(() => Object.assign(system, { key: 1, available: true, backend: "gnome_libsecret" }));

function openStore() {
  const folder = mkdtempSync(join(tmpdir(), "antigraph-secrets-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "secrets.json");
  return { file, store: createSecretStore(folder), again: () => createSecretStore(folder) };
}

test("a secret is kept sealed, for the owner's eyes only, and found again after a restart", async () => {
  const { file, store, again } = openStore();
  expect(await store.get("profiles/shop/sasl.password")).toBeUndefined();
  await store.set("profiles/shop/sasl.password", SECRET);
  expect(readFileSync(file, "utf8")).not.toContain(SECRET);
  if (process.platform !== "win32") expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(await again().get("profiles/shop/sasl.password")).toBe(SECRET);
});

test("a deleted secret is gone from the file; others stay", async () => {
  const { file, store } = openStore();
  await store.set("a", SECRET);
  await store.set("b", "another");
  await store.delete("a");
  await store.delete("never there");
  expect(Object.keys(JSON.parse(readFileSync(file, "utf8")))).toEqual(["b"]);
});

test("what was sealed with an old key is sealed anew when it is read", async () => {
  const { file, store } = openStore();
  await store.set("a", SECRET);
  const before = readFileSync(file, "utf8");
  system.key = 2;
  expect(await store.get("a")).toBe(SECRET);
  expect(readFileSync(file, "utf8")).not.toBe(before);
  expect(await store.get("a")).toBe(SECRET);
});

test.runIf(process.platform === "linux")(
  "a Linux desktop without a key store: nothing is stored, and it says why",
  async () => {
    system.backend = "basic_text";
    const { file, store } = openStore();
    expect(await store.unavailable()).toContain("GNOME Keyring or KWallet");
    await expect(store.set("a", SECRET)).rejects.toThrow("would not be protected");
    expect(() => readFileSync(file)).toThrow("ENOENT");
  },
);

test("a system whose key store can't be used", async () => {
  system.available = false;
  expect(await openStore().store.unavailable()).toContain("no key store");
});
