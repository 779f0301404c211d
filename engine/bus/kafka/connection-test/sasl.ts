/** Logging in, and asking for the cluster: who its brokers are, and whether they can be reached as they say. */
import type { Admin } from "kafkajs";
import type { BusLogger } from "../../bus.ts";
import { type Client, type Connection, createClient, type KafkaConnection } from "../client.ts";
import { typeOf } from "../errors.ts";
import type { Address } from "./address.ts";
import { type BrokerFinding, type Checked, type Finding, ofBrokers } from "./finding.ts";
import { reach, resolveHost } from "./network.ts";
import { principalOf } from "./principal.ts";
import { openProbe } from "./probe.ts";

const UNSUPPORTED_SASL_MECHANISM = 33;
const ILLEGAL_SASL_STATE = 34;
/** Asked for where the profile has no login, to hear what the port takes. */
const NO_MECHANISM = "NONE";

/** What the later stages work with. */
export interface LoggedIn {
  admin: Admin;
  connection: Connection;
  /** As Kafka's ACLs name this user. */
  principal: string;
  /** A broker of the list that works, for commands. */
  bootstrap: string;
  brokers: number;
  close(): void;
}

export async function logIn(
  addresses: readonly Address[],
  connection: KafkaConnection,
  logger: BusLogger,
): Promise<Checked<LoggedIn>> {
  const noToken = await tokenFault(connection);
  if (noToken !== undefined) return { finding: noToken };
  const found = await Promise.all(addresses.map((address) => tryLogin(address, connection, logger)));
  const principal = principalOf(connection);
  const { finding, value: good } = ofBrokers(found, `Logged in as ${principal}.`);
  const [first] = good ?? [];
  if (good === undefined || first === undefined) return { finding };
  const client = await createClient({ ...connection, brokers: good.map(({ text }) => text) }, logger);
  const session = sessionOn(client, principal, first.text);
  try {
    await session.admin.connect();
    const { brokers, clusterId } = await clusterOf(session.connection);
    const astray = await unreachable(brokers, addresses);
    if (astray !== undefined) {
      session.close();
      return { finding: astray };
    }
    const cluster = `The cluster ${clusterId} has ${brokers.length} ${brokers.length === 1 ? "broker" : "brokers"}.`;
    return {
      finding: { ...finding, message: `${finding.message} ${cluster}` },
      value: { ...session, brokers: brokers.length },
    };
  } catch (error) {
    session.close();
    throw error;
  }
}

function sessionOn(client: Client, principal: string, bootstrap: string): LoggedIn {
  const admin = client.kafka.admin();
  const connection = client.connection("all");
  const close = () => {
    connection.close();
    admin.disconnect().catch(() => {});
  };
  return { admin, connection, principal, bootstrap, brokers: 0, close };
}

interface ClusterMetadata {
  clusterId: string;
  brokers: { nodeId: number; host: string; port: number }[];
}

/** As a broker of the list tells it, without going to the addresses that it tells. */
async function clusterOf(connection: Connection): Promise<ClusterMetadata> {
  await connection.connect();
  const { cluster } = connection;
  await cluster.refreshMetadata();
  if (!hasMetadata(cluster)) throw new Error("this version of kafkajs hides the cluster's metadata");
  return cluster.brokerPool.metadata;
}

function hasMetadata(cluster: object): cluster is { brokerPool: { metadata: ClusterMetadata } } {
  if (!("brokerPool" in cluster)) return false;
  const { brokerPool } = cluster;
  return typeof brokerPool === "object" && brokerPool !== null && "metadata" in brokerPool;
}

/** Where tokens come from somewhere else, that somebody is asked first. */
async function tokenFault({ sasl }: KafkaConnection): Promise<Finding | undefined> {
  if (sasl === undefined || !("oauthBearerProvider" in sasl)) return undefined;
  try {
    await sasl.oauthBearerProvider();
    return undefined;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return {
      status: "failed",
      message,
      help: "Check `sasl.token_url`, `sasl.client_id`, `sasl.client_secret` and `sasl.scope` with whoever runs that server.",
    };
  }
}

async function tryLogin(address: Address, connection: KafkaConnection, logger: BusLogger): Promise<BrokerFinding> {
  const { sasl } = connection;
  const mechanism = sasl?.mechanism.toUpperCase();
  const refused = await handshakeFault(address, connection, mechanism);
  if (refused !== undefined) return { address, ...refused };
  if (sasl === undefined) return { address, note: "asks for no login" };
  const client = await createClient({ ...connection, brokers: [address.text] }, logger);
  const admin = client.kafka.admin({ retry: { retries: 0 } });
  try {
    await admin.connect();
    return { address, note: `takes ${mechanism}` };
  } catch (error) {
    return { address, ...loginFault(error, sasl) };
  } finally {
    admin.disconnect().catch(() => {});
  }
}

type Fault = { fault: string; help: string };

/** What the port says to the mechanism, before any name or password is sent. */
async function handshakeFault(
  address: Address,
  { ssl }: KafkaConnection,
  mechanism: string | undefined,
): Promise<Fault | undefined> {
  const probe = await openProbe(address, ssl ? (ssl === true ? {} : ssl) : undefined);
  try {
    const { error, mechanisms } = await probe.askMechanisms(mechanism ?? NO_MECHANISM);
    if (error === ILLEGAL_SASL_STATE) {
      if (mechanism === undefined) return undefined;
      return {
        fault: `This port asks for no login, and the profile has one by ${mechanism}.`,
        help: "Name the port of a SASL listener, or take `sasl` out of the profile.",
      };
    }
    if (error !== UNSUPPORTED_SASL_MECHANISM) return undefined;
    const taken = mechanisms.length > 0 ? mechanisms.join(", ") : "none that it names";
    if (mechanism === undefined) {
      return {
        fault: `This port asks for a login (${taken}), and the profile has none.`,
        help: "Add `sasl` to the profile.",
      };
    }
    return {
      fault: `This port doesn't take ${mechanism}; it takes ${taken}.`,
      help: "Choose another `sasl.mechanism`, or add this one to `sasl.enabled.mechanisms` of the brokers.",
    };
  } catch (error) {
    // Not every broker answers this to somebody who is in already: the login itself tells.
    if (mechanism === undefined) return undefined;
    throw error;
  } finally {
    probe.close();
  }
}

function loginFault(error: unknown, sasl: NonNullable<KafkaConnection["sasl"]>): Fault {
  const message = error instanceof Error ? error.message : String(error);
  if (typeOf(error) !== "SASL_AUTHENTICATION_FAILED" && !/SASL|authenticat/i.test(message)) {
    return { fault: `The login ended with an error: ${message}.`, help: "See the broker's log." };
  }
  if ("oauthBearerProvider" in sasl) {
    return {
      fault: "The broker doesn't accept the token.",
      help: "Compare issuer, audience and scope of the token with `sasl.oauthbearer.*` of the brokers; see the broker's log.",
    };
  }
  const user = "username" in sasl ? sasl.username : "this user";
  return {
    fault: `The broker doesn't let ${user} in with this password.`,
    help: `Check \`sasl.username\` and \`sasl.password\`; with SCRAM the user must exist for ${sasl.mechanism.toUpperCase()} (kafka-configs.sh --describe --entity-type users).`,
  };
}

/** Brokers that tell clients to come to an address at which they can't be reached. */
async function unreachable(
  brokers: readonly { nodeId: number; host: string; port: number }[],
  tested: readonly Address[],
): Promise<Finding | undefined> {
  const known = new Set(tested.map(({ host, port }) => `${host}:${port}`));
  const others = brokers.filter(({ host, port }) => !known.has(`${host}:${port}`));
  const found = await Promise.all(
    others.map(async ({ nodeId, host, port }) => {
      const address = { host, port, text: `broker ${nodeId}, ${host}:${port}` };
      const named = await resolveHost(address);
      return "fault" in named ? named : reach(address);
    }),
  );
  const astray = found.flatMap((each) => ("fault" in each ? [each] : []));
  const [first] = astray;
  if (first === undefined) return undefined;
  return {
    status: "failed",
    message: `The cluster sends its clients to addresses that can't be reached from here: ${first.address.text}. ${first.fault}`,
    help: "That is `advertised.listeners` of the broker: it must name a host and port that clients can reach (or make the name known here).",
    details: astray.map(({ address, fault }) => `${address.text}: ${fault}`),
  };
}
