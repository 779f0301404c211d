/**
 * The key store of the desktop console: secrets are sealed by the system (Keychain, DPAPI, libsecret, KWallet) through
 * Electron's safeStorage, and lie in `secrets.json` of the data folder, readable by the owner only. Where the system has
 * no place for keys, nothing is stored: on Linux Electron would then seal with a password that everybody knows.
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { app, safeStorage } from "electron";
import type { SecretStore } from "../engine/api/secret-store.ts";

/** Readable and writable by the owner only. */
const PRIVATE_FILE = 0o600;

/** By name, sealed, in base64. */
type Sealed = Record<string, string>;

export function createSecretStore(dataDir: string): SecretStore {
  const file = join(dataDir, "secrets.json");
  const change = (edit: (sealed: Sealed) => void) => {
    const sealed = read(file);
    edit(sealed);
    write(file, sealed);
  };
  return {
    unavailable,
    async get(name) {
      await app.whenReady();
      const sealed = read(file)[name];
      if (sealed === undefined) return undefined;
      const { result, shouldReEncrypt } = await safeStorage.decryptStringAsync(Buffer.from(sealed, "base64"));
      // The system has changed its key: the old one may be gone one day.
      if (shouldReEncrypt) {
        const fresh = await seal(result);
        change((all) => {
          all[name] = fresh;
        });
      }
      return result;
    },
    async set(name, value) {
      const why = await unavailable();
      if (why !== undefined) throw new Error(why);
      const fresh = await seal(value);
      change((all) => {
        all[name] = fresh;
      });
    },
    async delete(name) {
      if (name in read(file)) {
        change((all) => {
          delete all[name];
        });
      }
    },
  };
}

async function unavailable(): Promise<string | undefined> {
  await app.whenReady();
  if (!(await safeStorage.isAsyncEncryptionAvailable())) return "This system has no key store that could be used.";
  if (process.platform === "linux" && safeStorage.getSelectedStorageBackend() === "basic_text") {
    return "This desktop has no key store (GNOME Keyring or KWallet): what is stored would not be protected.";
  }
  return undefined;
}

async function seal(value: string): Promise<string> {
  return (await safeStorage.encryptStringAsync(value)).toString("base64");
}

function read(file: string): Sealed {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return {};
    throw error;
  }
  const sealed: Sealed = JSON.parse(text);
  return sealed;
}

/** The whole file or nothing. */
function write(file: string, sealed: Sealed): void {
  const staging = `${file}.${process.pid}.tmp`;
  rmSync(staging, { force: true });
  writeFileSync(staging, `${JSON.stringify(sealed, undefined, 2)}\n`, {
    mode: PRIVATE_FILE,
    flag: "wx",
    flush: true,
  });
  renameSync(staging, file);
}
