/**
 * A broker that lets in only who shows who they are, and lets them do only what their ACLs say. Its listeners:
 *
 *   PLAINTEXT   in clear; whoever comes here is the administrator (tests only)
 *   SASL        SASL_SSL: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER
 *   SCRAM       SASL_SSL: SCRAM-SHA-512 alone
 *   MUTUAL      SSL with a client certificate
 *   EXPIRED     SSL whose certificate's time is over
 *   MISNAMED    SSL whose certificate is another host's, and expires the day after tomorrow
 *   ASTRAY      in clear, but advertised under a host name that leads nowhere
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type KafkaCluster, startCluster } from "./kafka-cluster.ts";
import { createAuthority, type TestAuthority, type TestCertificate } from "./test-certificates.ts";
import { startTokenServer, type TokenServer } from "./token-server.ts";

export const PASSWORD = "not-for-logs-7";
/** Of PLAIN and SCRAM. `admin` may do everything, `olga` and `lena` what a test allows, `nobody` nothing. */
export const USERS = ["admin", "olga", "lena", "nobody"];
/** The client that gets tokens; its user is `robot`, who may do everything. */
export const OAUTH_CLIENT = { id: "robot", secret: "not-for-logs-8" };

export interface SecureCluster {
  cluster: KafkaCluster;
  authority: TestAuthority;
  /** Of a client called `machine`, who may do everything. */
  client: TestCertificate;
  tokens: TokenServer;
  brokers(listener: "PLAINTEXT" | "SASL" | "SCRAM" | "MUTUAL" | "EXPIRED" | "MISNAMED" | "ASTRAY"): string[];
  stop(): Promise<void>;
}

export async function startSecureCluster(properties: string[] = []): Promise<SecureCluster> {
  const folder = mkdtempSync(join(tmpdir(), "antigraph-certificates-"));
  const authority = createAuthority(folder);
  const here = ["IP:127.0.0.1", "DNS:localhost"];
  const good = authority.issue("broker", here);
  const expired = authority.issue("expired", here, { expired: true });
  const misnamed = authority.issue("misnamed", ["DNS:kafka.example.com"], { days: 2 });
  const client = authority.issue("machine", ["DNS:machine"]);
  const tokens = await startTokenServer(OAUTH_CLIENT);
  const stop = async (cluster?: KafkaCluster) => {
    await cluster?.stop();
    await tokens.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const cluster = await startCluster({
      brokers: 1,
      properties,
      security: {
        listeners: ["SASL", "SCRAM", "MUTUAL", "EXPIRED", "MISNAMED", "ASTRAY"],
        properties: (ports) => [
          ...authorization(),
          "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL:SASL_SSL,SCRAM:SASL_SSL,MUTUAL:SSL,EXPIRED:SSL,MISNAMED:SSL,ASTRAY:PLAINTEXT",
          "inter.broker.listener.name=PLAINTEXT",
          `ssl.truststore.location=${authority.caFile}`,
          "ssl.truststore.type=PEM",
          "ssl.keystore.type=PEM",
          `ssl.keystore.location=${good.file}`,
          `listener.name.expired.ssl.keystore.location=${expired.file}`,
          `listener.name.misnamed.ssl.keystore.location=${misnamed.file}`,
          "listener.name.mutual.ssl.client.auth=required",
          ...authentication(tokens),
          `advertised.listeners=${advertised(ports)}`,
        ],
        scram: USERS.flatMap((name) =>
          ["SCRAM-SHA-256", "SCRAM-SHA-512"].map((mechanism) => `${mechanism}=[name=${name},password=${PASSWORD}]`),
        ),
        system: [`org.apache.kafka.sasl.oauthbearer.allowed.urls=${tokens.jwksUrl}`],
      },
    });
    return {
      cluster,
      authority,
      client,
      tokens,
      brokers: (listener) => (listener === "PLAINTEXT" ? cluster.addresses : cluster.addressesOf(listener)),
      stop: () => stop(cluster),
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function authorization(): string[] {
  return [
    "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    `super.users=${["ANONYMOUS", "admin", "CN=machine", OAUTH_CLIENT.id].map((name) => `User:${name}`).join(";")}`,
  ];
}

function authentication(tokens: TokenServer): string[] {
  const jaas = (mechanism: string, module: string, options = "") =>
    `listener.name.sasl.${mechanism}.sasl.jaas.config=org.apache.kafka.common.security.${module} required${options};`;
  const users = USERS.map((name) => ` user_${name}="${PASSWORD}"`).join("");
  return [
    "listener.name.sasl.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER",
    jaas("plain", "plain.PlainLoginModule", users),
    jaas("scram-sha-256", "scram.ScramLoginModule"),
    jaas("scram-sha-512", "scram.ScramLoginModule"),
    jaas("oauthbearer", "oauthbearer.OAuthBearerLoginModule"),
    "listener.name.scram.sasl.enabled.mechanisms=SCRAM-SHA-512",
    "listener.name.scram.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;",
    "listener.name.sasl.oauthbearer.sasl.server.callback.handler.class=org.apache.kafka.common.security.oauthbearer.OAuthBearerValidatorCallbackHandler",
    `listener.name.sasl.oauthbearer.sasl.oauthbearer.jwks.endpoint.url=${tokens.jwksUrl}`,
    "listener.name.sasl.oauthbearer.sasl.oauthbearer.expected.audience=kafka",
  ];
}

function advertised(ports: Record<string, number>): string {
  return Object.entries(ports)
    .map(([name, port]) => `${name}://${name === "ASTRAY" ? "broker.invalid" : "127.0.0.1"}:${port}`)
    .join(",");
}
