/**
 * The staged test of a connection: each stage stands on the one before, says in plain words what it found and what to do
 * about it, and never changes anything that somebody could see.
 *
 *   dns -> tcp -> tls (or in clear) -> sasl (log in, ask for the cluster) -> acls -> topics -> transactions
 *   registry, where the profile has one, whatever the others found
 *
 * Every broker of the list is tried. While one of them works, the others' faults are warnings.
 */

import { type TopicSettings, topicNames } from "../../core/topic-names.ts";
import type { RegistryAccess } from "../../registry/access.ts";
import type { BusLogger } from "../bus.ts";
import type { KafkaConnection } from "./client.ts";
import { checkAcls } from "./connection-test/acls.ts";
import { type Address, addressOf } from "./connection-test/address.ts";
import type { Checked, Finding } from "./connection-test/finding.ts";
import { checkDns, checkTcp } from "./connection-test/network.ts";
import { checkRegistry } from "./connection-test/registry.ts";
import { type LoggedIn, logIn } from "./connection-test/sasl.ts";
import { checkTls } from "./connection-test/tls.ts";
import { checkTopics } from "./connection-test/topics.ts";
import { checkTransactions } from "./connection-test/transactions.ts";

export type StageName = "dns" | "tcp" | "tls" | "sasl" | "acls" | "topics" | "transactions" | "registry";

export interface Stage extends Finding {
  stage: StageName;
  ms: number;
}

export interface ConnectionTestOptions {
  /** In front of all topic names. */
  prefix?: string;
  /** Topics that have names of their own. */
  topics?: TopicSettings;
  /** The user of this connection is to run managers, not only a console; default true. */
  manager?: boolean;
  /** How `topics create` is called for this cluster, for advice; default by --brokers. */
  createTopics?: string;
  /** The profile's schema registry. */
  registry?: RegistryAccess;
  logger?: BusLogger;
}

/** The whole test ends within this, whatever the network does. */
const TOTAL_TIMEOUT_MS = 28_000;
const STAGE_TIMEOUT_MS: Record<StageName, number> = {
  dns: 5_000,
  tcp: 5_000,
  tls: 8_000,
  sasl: 12_000,
  acls: 8_000,
  topics: 8_000,
  transactions: 10_000,
  registry: 8_000,
};
const SILENT: BusLogger = { warn: () => {}, error: () => {} };

/** Yields each stage as it ends, all of them: what comes after a failed one is `skipped`. Never rejects. */
export async function* testConnection(
  connection: KafkaConnection,
  { prefix = "", topics: own, manager = true, createTopics, registry, logger = SILENT }: ConnectionTestOptions = {},
): AsyncGenerator<Stage, void> {
  const endsAt = performance.now() + TOTAL_TIMEOUT_MS;
  const topics = topicNames(prefix, own);
  const group = `${prefix}antigraph.managers`;
  const transactionalId = `${prefix}antigraph.doctor-${crypto.randomUUID()}`;
  let failed: StageName | undefined;
  let loggedIn: LoggedIn | undefined;

  const run = async <T>(stage: StageName, check: () => Promise<Checked<T>>): Promise<{ told: Stage; value?: T }> => {
    if (failed !== undefined && stage !== "registry") {
      return { told: { stage, status: "skipped", ms: 0, message: `Not tried: ${failed} failed.` } };
    }
    const startedAt = performance.now();
    const limitMs = Math.max(0, Math.min(STAGE_TIMEOUT_MS[stage], endsAt - startedAt));
    const { finding, value } = await within(limitMs, check).catch((error: unknown): Checked<T> => {
      const message = error instanceof Error ? error.message : String(error);
      const help = "See the log of the brokers; try again once the cluster is at rest.";
      return { finding: { status: "failed", message: `It ended with an error: ${message}.`, help } };
    });
    if (finding.status === "failed") failed = stage;
    const ms = Math.round(performance.now() - startedAt);
    return { told: { stage, ms, ...finding }, ...(value !== undefined && { value }) };
  };

  try {
    let addresses: Address[] = connection.brokers.map(addressOf);
    for (const [stage, check] of [
      ["dns", () => checkDns(addresses)],
      ["tcp", () => checkTcp(addresses)],
      ["tls", () => checkTls(addresses, connection.ssl)],
    ] as const) {
      const { told, value } = await run(stage, check);
      addresses = value ?? addresses;
      yield told;
    }
    const login = await run("sasl", () => logIn(addresses, connection, logger));
    loggedIn = login.value;
    yield login.told;
    const session = loggedIn;
    const stand = { topics, group, transactionalId, prefix, manager, createTopics };
    const next: [StageName, (session: LoggedIn) => Promise<Checked<void>>][] = [
      ["acls", (it) => checkAcls(it, stand)],
      ["topics", (it) => checkTopics(it, stand)],
      ["transactions", (it) => checkTransactions(it, stand)],
    ];
    for (const [stage, check] of next) {
      const { told } = await run(stage, () =>
        session === undefined ? Promise.reject(new Error("nobody is logged in")) : check(session),
      );
      yield told;
    }
    if (registry) yield (await run("registry", () => checkRegistry(registry, topics))).told;
  } finally {
    loggedIn?.close();
  }
}

async function within<T>(limitMs: number, check: () => Promise<Checked<T>>): Promise<Checked<T>> {
  const { promise, resolve } = Promise.withResolvers<Checked<T>>();
  const timer = setTimeout(() => {
    const message = `No answer within ${Math.round(limitMs / 1_000)} s.`;
    resolve({
      finding: { status: "failed", message, help: "The brokers or the network in between are stuck or very slow." },
    });
  }, limitMs);
  try {
    return await Promise.race([check(), promise]);
  } finally {
    clearTimeout(timer);
  }
}
