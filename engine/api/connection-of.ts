/** From a profile to a connection: files are read, secrets resolved, nothing is connected yet. */
import { readFileSync } from "node:fs";
import type { KafkaConnection } from "../bus/kafka/client.ts";
import { type Credentials, connectionTo, type TlsMaterial } from "../bus/kafka/security.ts";
import { AntigraphError } from "../core/errors.ts";
import type { RegistryAccess } from "../registry/access.ts";
import { isPem, type KafkaInHand } from "./profile-secrets.ts";
import { resolveSecret, type SecretSources } from "./secret-store.ts";

/**
 * The connection of a profile's `kafka` part, for `openKafkaBus`, `provisionTopics` and `testConnection`.
 * @throws AntigraphError secret_missing, file_unusable
 */
export async function connectionOf(
  kafka: KafkaInHand,
  sources: SecretSources,
): Promise<KafkaConnection & { registry?: RegistryAccess }> {
  const connection = connectionTo({
    brokers: kafka.brokers,
    ...(kafka.tls && { tls: await tlsOf(kafka.tls, sources) }),
    ...(kafka.sasl && { credentials: await credentialsOf(kafka.sasl, sources) }),
  });
  const registry = kafka.registry && { registry: await registryOf(kafka.registry, kafka.tls?.ca, sources) };
  return { ...connection, ...registry };
}

/** @param clusterCa who signed the brokers' certificates may have signed the registry's too */
async function registryOf(
  registry: NonNullable<KafkaInHand["registry"]>,
  clusterCa: string | undefined,
  sources: SecretSources,
): Promise<RegistryAccess> {
  const { url, username, password, wire_format, validate } = registry;
  const ca = registry.ca === undefined ? clusterCa : registry.ca;
  return {
    ...{ url, wireFormat: wire_format, validate },
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password: await resolveSecret(password, "registry.password", sources) }),
    ...(ca !== undefined && { ca: pemOf(registry.ca === undefined ? "tls.ca" : "registry.ca", ca) }),
  };
}

async function tlsOf(tls: NonNullable<KafkaInHand["tls"]>, sources: SecretSources): Promise<TlsMaterial> {
  const { ca, cert, key, server_name } = tls;
  return {
    ...(ca !== undefined && { ca: pemOf("tls.ca", ca) }),
    ...(cert !== undefined && { cert: pemOf("tls.cert", cert) }),
    ...(key !== undefined && { key: await keyOf(key, sources) }),
    ...(server_name !== undefined && { serverName: server_name }),
  };
}

async function keyOf(
  key: NonNullable<NonNullable<KafkaInHand["tls"]>["key"]>,
  sources: SecretSources,
): Promise<string> {
  if (typeof key === "object" && "path" in key) return pemOf("tls.key", key.path);
  // What a secret holds is never told, not even when it turns out to be no path.
  return pemOf("tls.key", await resolveSecret(key, "tls.key", sources), "that its secret names");
}

/** @param given PEM text, or the path of a file with it */
function pemOf(field: string, given: string, toldAs = given): string {
  if (isPem(given)) return given;
  let text: string;
  try {
    text = readFileSync(given, "utf8");
  } catch (error) {
    const why = error instanceof Error && "code" in error ? String(error.code) : "unreadable";
    throw new AntigraphError("file_unusable", `${field}: the file ${toldAs} can't be read (${why}).`, { field });
  }
  if (isPem(text)) return text;
  throw new AntigraphError("file_unusable", `${field}: the file ${toldAs} isn't PEM (-----BEGIN ...).`, { field });
}

async function credentialsOf(sasl: NonNullable<KafkaInHand["sasl"]>, sources: SecretSources): Promise<Credentials> {
  if (sasl.mechanism === "oauthbearer") {
    return {
      mechanism: sasl.mechanism,
      tokenUrl: required("sasl.token_url", sasl.token_url),
      clientId: required("sasl.client_id", sasl.client_id),
      clientSecret: await resolveSecret(
        required("sasl.client_secret", sasl.client_secret),
        "sasl.client_secret",
        sources,
      ),
      ...(sasl.scope !== undefined && { scope: sasl.scope }),
    };
  }
  return {
    mechanism: sasl.mechanism,
    username: required("sasl.username", sasl.username),
    password: await resolveSecret(required("sasl.password", sasl.password), "sasl.password", sources),
  };
}

/** Drafts are checked before they are stored; a file that was written by hand may still lack a field. */
function required<Value>(field: string, value: Value | undefined): Value {
  if (value !== undefined) return value;
  throw new AntigraphError("invalid_request", `The profile lacks \`kafka.${field}\`.`, {
    errors: [{ path: `kafka.${field}`, message: "missing" }],
  });
}
