/** Do the brokers' names lead somewhere, and does something listen there? */
import { lookup } from "node:dns/promises";
import net from "node:net";
import type { Address } from "./address.ts";
import { type BrokerFinding, type Checked, ofBrokers } from "./finding.ts";

const LOOKUP_TIMEOUT_MS = 4_000;
const CONNECT_TIMEOUT_MS = 4_000;

export async function checkDns(addresses: readonly Address[]): Promise<Checked<Address[]>> {
  return ofBrokers(await Promise.all(addresses.map(resolveHost)), "All names lead to addresses.");
}

export async function checkTcp(addresses: readonly Address[]): Promise<Checked<Address[]>> {
  return ofBrokers(await Promise.all(addresses.map(reach)), "Something listens at every address.");
}

export async function resolveHost(address: Address): Promise<BrokerFinding> {
  const { host } = address;
  if (net.isIP(host) !== 0) return { address, note: "an address already" };
  try {
    const found = await inTime(lookup(host, { all: true }), LOOKUP_TIMEOUT_MS);
    return { address, note: found.map((each) => each.address).join(", ") };
  } catch (error) {
    return { address, ...nameFault(host, codeOf(error)) };
  }
}

function nameFault(host: string, code: string): { fault: string; help: string } {
  if (code === "ENOTFOUND") {
    return {
      fault: `No name service knows the host ${host}.`,
      help: "Check how it is spelled; it may be known only inside another network (VPN, Kubernetes, Docker).",
    };
  }
  return {
    fault: `The name service doesn't answer for ${host} (${code}).`,
    help: "Check this machine's network and its name servers.",
  };
}

export async function reach(address: Address): Promise<BrokerFinding> {
  const socket = net.connect({ host: address.host, port: address.port });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.once("connect", resolve).once("error", reject);
  try {
    await inTime(promise, CONNECT_TIMEOUT_MS);
    return { address, note: "listens" };
  } catch (error) {
    return { address, ...connectFault(address, error) };
  } finally {
    socket.on("error", () => {}).destroy();
  }
}

function connectFault({ host, port }: Address, error: unknown): { fault: string; help: string } {
  const code = codeOf(error);
  switch (code) {
    case "ECONNREFUSED":
      return {
        fault: `Nothing listens on port ${port} of ${host}.`,
        help: "Is the broker running? Compare the port with `listeners` in its server.properties.",
      };
    case "ETIMEDOUT":
      return {
        fault: `${host} doesn't answer on port ${port}.`,
        help: "A firewall drops the packets, or the host is down: ask for a way through to this port.",
      };
    case "EHOSTUNREACH":
    case "ENETUNREACH":
      return {
        fault: `There is no way through the network to ${host}.`,
        help: "Check VPN and routes of this machine.",
      };
    default:
      return { fault: `No connection to port ${port} (${code}).`, help: "Check the address." };
  }
}

/** The system's code of an error, of the first attempt where several addresses were tried. */
export function codeOf(error: unknown): string {
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  if (error instanceof Error && "code" in error && typeof error.code === "string") return error.code;
  return error instanceof Error ? error.message : String(error);
}

/** Rejects with code ETIMEDOUT. */
export async function inTime<T>(answer: Promise<T>, limitMs: number): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const error = Object.assign(new Error("no answer in time"), { code: "ETIMEDOUT" });
  const timer = setTimeout(() => reject(error), limitMs);
  try {
    return await Promise.race([answer, promise]);
  } finally {
    clearTimeout(timer);
  }
}
