/** From a cluster's addresses, certificates and credentials, all of them in clear and in memory only, to a connection. */
import type { ConnectionOptions } from "node:tls";
import type { SASLOptions } from "kafkajs";
import type { KafkaConnection } from "./client.ts";
import { createTokenSource, type OauthClient } from "./oauth-token.ts";

/** What TLS needs beyond the system's own certificate authorities; all of it PEM text. */
export interface TlsMaterial {
  /** The authorities that may have signed the brokers' certificates; left out: the system's. */
  ca?: string;
  /** The client's certificate and key, where the brokers ask for one. */
  cert?: string;
  key?: string;
  /** The name that the brokers' certificates bear, where it isn't the host's. */
  serverName?: string;
}

export type Credentials =
  | { mechanism: "plain" | "scram-sha-256" | "scram-sha-512"; username: string; password: string }
  | ({ mechanism: "oauthbearer" } & OauthClient);

/** Who the brokers are and how one speaks with them. */
export interface ClusterAccess {
  /** `host:port` each; one that can be reached is enough. */
  brokers: string[];
  /** Left out: in clear. */
  tls?: TlsMaterial;
  /** Left out: nobody in particular. */
  credentials?: Credentials;
}

/** The connection that `openKafkaBus`, `provisionTopics` and `testConnection` take. Fetches nothing yet. */
export function connectionTo({ brokers, tls, credentials }: ClusterAccess): KafkaConnection {
  return {
    brokers,
    ...(tls && { ssl: tlsOptions(tls) }),
    ...(credentials && { sasl: saslOptions(credentials) }),
  };
}

function tlsOptions({ ca, cert, key, serverName }: TlsMaterial): ConnectionOptions {
  return {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(serverName !== undefined && { servername: serverName }),
  };
}

function saslOptions(credentials: Credentials): SASLOptions {
  if (credentials.mechanism !== "oauthbearer") return credentials;
  const token = createTokenSource(credentials);
  // Asked for at each new connection, and at each old one that the broker wants to see a fresh token of.
  return { mechanism: "oauthbearer", oauthBearerProvider: async () => ({ value: await token() }) };
}
