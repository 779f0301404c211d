/** The user of a connection, as Kafka's ACLs name it by default. */
import { X509Certificate } from "node:crypto";
import type { KafkaConnection } from "../client.ts";

/** `User:olga`, `User:CN=machine,O=shop`, `User:ANONYMOUS`. */
export function principalOf({ ssl, sasl }: KafkaConnection): string {
  if (sasl !== undefined && "username" in sasl) return `User:${sasl.username}`;
  if (sasl !== undefined) return "User:TOKEN-SUBJECT";
  const cert = typeof ssl === "object" ? ssl.cert : undefined;
  if (cert === undefined) return "User:ANONYMOUS";
  return `User:${distinguishedName(new X509Certificate([cert].flat()[0] ?? "").subject)}`;
}

/** OpenSSL's lines in the order of RFC 2253, which Java writes: the last one first. */
function distinguishedName(subject: string): string {
  return subject.split("\n").reverse().join(",");
}
