/** Where secrets lie: in the system's key store, where the host has one, or in the environment. Never in a file in clear. */
import { AntigraphError } from "../core/errors.ts";

/** A key store. Names are made by this program (`profiles/NAME/sasl.password`); values are any text. */
export interface SecretStore {
  /** undefined where secrets can be kept; else why they can't, in plain words. */
  unavailable(): Promise<string | undefined>;
  /** undefined when nothing is kept under the name. Rejects when what is kept can't be read. */
  get(name: string): Promise<string | undefined>;
  set(name: string, value: string): Promise<void>;
  /** Of a name that is kept or not. */
  delete(name: string): Promise<void>;
}

/** The store of hosts that have none: the browser console, the command line. */
export const noSecretStore: SecretStore = {
  unavailable: async () => "This host has no key store: only the desktop console has one.",
  get: async () => undefined,
  set: async () => {
    throw new AntigraphError("no_key_store", "This host has no key store.");
  },
  delete: async () => {},
};

/** How a profile's file names a secret: a variable of the environment, or an entry of the key store. */
export type SecretReference = string | { key_store: string };

/** The name in `${NAME}`; undefined for any other text. */
export function variableIn(text: string): string | undefined {
  return /^\$\{([A-Za-z_][A-Za-z0-9_]*)\}$/.exec(text)?.[1];
}

export interface SecretSources {
  secrets: SecretStore;
  environment: Record<string, string | undefined>;
}

/**
 * The value of a secret.
 * @param field what the secret is for, as errors name it
 * @throws AntigraphError secret_missing
 */
export async function resolveSecret(
  reference: SecretReference,
  field: string,
  { secrets, environment }: SecretSources,
): Promise<string> {
  if (typeof reference === "string") {
    const variable = variableIn(reference);
    // Not from a file: a draft that is tried out before it is stored holds its secrets itself.
    if (variable === undefined) return reference;
    const value = environment[variable];
    if (value) return value;
    throw new AntigraphError("secret_missing", `${field}: the environment variable ${variable} is not set.`, {
      field,
    });
  }
  const value = await secrets.get(reference.key_store).catch(() => {
    throw new AntigraphError("secret_missing", `${field}: the key store doesn't give it out.`, { field });
  });
  if (value !== undefined) return value;
  throw new AntigraphError("secret_missing", `${field}: the key store of this host doesn't have it.`, { field });
}
