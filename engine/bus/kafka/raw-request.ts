/** Requests that kafkajs doesn't know, over its connections, logged in as it is. */
import type { KafkaBroker } from "./broker.ts";
import { WireReader, type WireWriter } from "./wire.ts";

/** Which request: its number, its version, and its name for kafkajs's logs. */
export interface RequestKind {
  apiKey: number;
  apiVersion: number;
  apiName: string;
}

interface RawRequest {
  request: RequestKind & { encode(): Promise<{ buf: Buffer; buffer: Buffer }> };
  response: { decode(raw: Buffer): Promise<WireReader>; parse(reader: WireReader): Promise<WireReader> };
}

/** kafkajs's way to a broker, below the requests that it knows. */
interface Sender {
  send(request: RawRequest): Promise<WireReader>;
}

/** Answers what comes behind the correlation id. */
export async function sendRaw(broker: KafkaBroker, request: RequestKind, body: WireWriter): Promise<WireReader> {
  if (!hasSender(broker)) throw new Error("this version of kafkajs hides its connections");
  const buffer = body.bytes();
  return broker.connectionPool.send({
    request: { ...request, encode: async () => ({ buf: buffer, buffer }) },
    response: { decode: async (raw) => new WireReader(raw), parse: async (reader) => reader },
  });
}

function hasSender(broker: object): broker is { connectionPool: Sender } {
  return (
    "connectionPool" in broker &&
    typeof broker.connectionPool === "object" &&
    broker.connectionPool !== null &&
    "send" in broker.connectionPool
  );
}
