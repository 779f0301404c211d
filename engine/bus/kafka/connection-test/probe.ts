/** One bare connection to a broker, to see what kafkajs hides: what the port speaks, and which logins it takes. */
import net from "node:net";
import tls from "node:tls";
import { WireReader, WireWriter } from "../wire.ts";
import type { Address } from "./address.ts";
import { inTime } from "./network.ts";

const ANSWER_TIMEOUT_MS = 3_500;
const MAXIMUM_ANSWER_BYTES = 1_000_000;
const API_VERSIONS = 18;
const SASL_HANDSHAKE = 17;
const CLIENT = "antigraph-doctor";

/** @param secure left out: in clear. Rejects with the socket's error, or with code ETIMEDOUT. */
export async function openProbe(address: Address, secure?: tls.ConnectionOptions): Promise<Probe> {
  const { host, port } = address;
  const servername = net.isIP(host) === 0 ? host : "";
  const socket = secure ? tls.connect({ host, port, servername, ...secure }) : net.connect({ host, port });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.once(secure ? "secureConnect" : "connect", resolve).once("error", reject);
  socket.once("close", () => reject(closed()));
  try {
    await inTime(promise, ANSWER_TIMEOUT_MS);
    return new Probe(socket);
  } catch (error) {
    socket.on("error", () => {}).destroy();
    throw error;
  }
}

/** One request at a time. */
export class Probe {
  readonly socket: net.Socket;

  constructor(socket: net.Socket) {
    this.socket = socket;
    socket.on("error", () => {});
  }

  /** Resolves when a Kafka broker answers: any of them does, before a login too. */
  async greet(): Promise<void> {
    const answer = await this.request(API_VERSIONS, 0, new WireWriter());
    answer.int16();
  }

  /** What the port says to a login by this mechanism: Kafka's error code, and the mechanisms it takes. */
  async askMechanisms(mechanism: string): Promise<{ error: number; mechanisms: string[] }> {
    const answer = await this.request(SASL_HANDSHAKE, 1, new WireWriter().string(mechanism));
    return { error: answer.int16(), mechanisms: answer.array(() => answer.string()) };
  }

  close(): void {
    this.socket.destroy();
  }

  private async request(api: number, version: number, body: WireWriter): Promise<WireReader> {
    const head = new WireWriter().int16(api).int16(version).int32(1).string(CLIENT).bytes();
    const request = Buffer.concat([head, body.bytes()]);
    const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
    let received = Buffer.alloc(0);
    const onData = (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < 8) return;
      const size = received.readInt32BE(0);
      if (size > MAXIMUM_ANSWER_BYTES || size < 4) reject(new Error("this is no answer of Kafka"));
      else if (received.length >= size + 4) resolve(received.subarray(8, size + 4));
    };
    const onClose = () => reject(closed());
    this.socket.on("data", onData).once("error", reject).once("close", onClose);
    try {
      this.socket.write(Buffer.concat([new WireWriter().int32(request.length).bytes(), request]));
      return new WireReader(await inTime(promise, ANSWER_TIMEOUT_MS));
    } finally {
      this.socket.off("data", onData).off("error", reject).off("close", onClose);
    }
  }
}

function closed(): Error {
  return Object.assign(new Error("the connection was closed"), { code: "ECONNRESET" });
}
