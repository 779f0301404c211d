/** A profile's secrets on their way in (to the key store or the environment), at rest (references) and out (never). */
import { AntigraphError } from "../core/errors.ts";
import type { StoredKafka } from "./profile-file.ts";
import type { KafkaDraft, NewSecret, Profile } from "./schemas/profile.ts";
import { type SecretReference, type SecretStore, variableIn } from "./secret-store.ts";

export type KafkaProfile = NonNullable<Profile["kafka"]>;
type KeyReference = SecretReference | { path: string };

/**
 * As StoredKafka, but a secret may also be the text itself: of a draft on its way to the key store, or to a test of the
 * connection. Never stored, never answered.
 */
export type KafkaInHand = Omit<StoredKafka, "sasl" | "tls" | "registry"> & {
  sasl?: Omit<NonNullable<StoredKafka["sasl"]>, "password" | "client_secret"> & {
    password?: SecretReference;
    client_secret?: SecretReference;
  };
  tls?: Omit<NonNullable<StoredKafka["tls"]>, "key"> & { key?: KeyReference };
  registry?: Omit<NonNullable<StoredKafka["registry"]>, "password"> & { password?: SecretReference };
};

/**
 * What a draft comes to, with the secrets of `kept` where the draft has none of its own.
 * @throws AntigraphError invalid_request that names the field which is missing
 */
export function fromDraft(draft: KafkaDraft, kept: StoredKafka | undefined): KafkaInHand {
  const { brokers, prefix, topics = {}, sasl, tls, registry } = draft;
  const kafka: KafkaInHand = { brokers, prefix, ...(Object.keys(topics).length > 0 && { topics }) };
  if (sasl) {
    const { password, client_secret, ...rest } = sasl;
    kafka.sasl = {
      ...rest,
      password: chosen(password, kept?.sasl?.password),
      client_secret: chosen(client_secret, kept?.sasl?.client_secret),
    };
  }
  if (tls) {
    const { key, ...rest } = tls;
    const isPath = typeof key === "string" && variableIn(key) === undefined && !isPem(key);
    kafka.tls = { ...rest, key: isPath ? { path: key } : chosen(key, kept?.tls?.key) };
  }
  if (registry) {
    const { password, ...rest } = registry;
    kafka.registry = { ...rest, password: chosen(password, kept?.registry?.password) };
  }
  assertWhole(kafka);
  return kafka;
}

function chosen<Kept>(given: NewSecret, kept: Kept | undefined): Kept | string | undefined {
  if (given === null) return undefined;
  return typeof given === "string" ? given : kept;
}

export function isPem(text: string): boolean {
  return text.includes("-----BEGIN ");
}

function assertWhole({ sasl, tls }: KafkaInHand): void {
  const missing = (field: string, why: string) =>
    new AntigraphError("invalid_request", `\`kafka.${field}\` is missing: ${why}.`, {
      errors: [{ path: `kafka.${field}`, message: why }],
    });
  if (sasl) {
    const needed =
      sasl.mechanism === "oauthbearer"
        ? (["token_url", "client_id", "client_secret"] as const)
        : (["username", "password"] as const);
    for (const field of needed) {
      if (sasl[field] === undefined) throw missing(`sasl.${field}`, `${sasl.mechanism} needs it`);
    }
  }
  if (tls?.cert !== undefined && tls.key === undefined)
    throw missing("tls.key", "a client certificate needs its key");
  if (tls?.key !== undefined && tls.cert === undefined) throw missing("tls.cert", "a key needs its certificate");
}

/**
 * Takes the secrets themselves out of a draft and into the key store.
 * @throws AntigraphError no_key_store that names the field
 */
export async function storeSecrets(name: string, kafka: KafkaInHand, secrets: SecretStore): Promise<StoredKafka> {
  const put = async (field: string, secret: SecretReference | undefined): Promise<SecretReference | undefined> => {
    if (typeof secret !== "string" || variableIn(secret) !== undefined) return secret;
    const why = await secrets.unavailable();
    if (why !== undefined) {
      const way = `Give it as \${NAME}, and set that variable where the console is started`;
      throw new AntigraphError("no_key_store", `\`kafka.${field}\` can't be kept here: ${why} ${way}.`, {
        errors: [{ path: `kafka.${field}`, message: `give it as \${NAME}` }],
      });
    }
    const entry = { key_store: `profiles/${name}/${field}` };
    await secrets.set(entry.key_store, secret);
    return entry;
  };
  const { sasl, tls, registry, ...rest } = kafka;
  return {
    ...rest,
    ...(sasl && {
      sasl: {
        ...sasl,
        password: await put("sasl.password", sasl.password),
        client_secret: await put("sasl.client_secret", sasl.client_secret),
      },
    }),
    ...(tls && { tls: { ...tls, key: isFile(tls.key) ? tls.key : await put("tls.key", tls.key) } }),
    ...(registry && { registry: { ...registry, password: await put("registry.password", registry.password) } }),
  };
}

/** Forgets the key store's entries of `before` that `after` doesn't refer to. */
export async function forgetSecrets(
  before: StoredKafka | undefined,
  after: StoredKafka | undefined,
  secrets: SecretStore,
): Promise<void> {
  const kept = new Set(entriesOf(after));
  for (const entry of entriesOf(before)) if (!kept.has(entry)) await secrets.delete(entry);
}

function entriesOf(kafka: StoredKafka | undefined): string[] {
  const { sasl, tls, registry } = kafka ?? {};
  const all = [sasl?.password, sasl?.client_secret, tls?.key, registry?.password];
  return all.flatMap((secret) => (typeof secret === "object" && "key_store" in secret ? [secret.key_store] : []));
}

/** As GET answers it: that a secret is there, never what it is. */
export function withoutSecrets({ brokers, prefix, topics, sasl, tls, registry }: StoredKafka): KafkaProfile {
  return {
    brokers,
    prefix,
    ...(topics && { topics }),
    ...(sasl && {
      sasl: { ...sasl, password: held(sasl.password), client_secret: held(sasl.client_secret) },
    }),
    ...(tls && { tls: { ...tls, key: held(tls.key) } }),
    ...(registry && { registry: { ...registry, password: held(registry.password) } }),
  };
}

function isFile(key: KeyReference | undefined): key is { path: string } {
  return typeof key === "object" && "path" in key;
}

function held(secret: KeyReference | undefined): { set: true; env?: string; path?: string } | undefined {
  if (secret === undefined) return undefined;
  if (typeof secret === "object") return isFile(secret) ? { set: true, path: secret.path } : { set: true };
  const env = variableIn(secret);
  return env === undefined ? { set: true } : { set: true, env };
}
