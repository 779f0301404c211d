import type { BusRecord, NewRecord } from "../../../engine/bus/bus.ts";
import { TOPICS, type ToManager } from "../../../engine/core/protocol.ts";
import {
  type ConnectOptions,
  type Delivery,
  type Transport,
  TransportError,
} from "../../../engine/service/transport.ts";

export const UUID = "6b1f0c3e-2a57-4b0e-9d7c-0a8e1f3b5c7d";

/** A transport whose other side is the test. */
export class FakeTransport implements Transport {
  readonly appended: NewRecord[] = [];
  /** What the next appends do instead of succeeding; the last one stays. */
  refuse: (records: NewRecord[]) => TransportError | undefined = () => undefined;
  options: ConnectOptions | undefined;
  remembers = false;
  closed = false;
  #offset = 0;
  #waiters: (() => void)[] = [];

  async connect(options: ConnectOptions) {
    this.options = options;
    options.onConnection(true);
    return {
      append: async (records: NewRecord[]) => {
        const error = this.refuse(records);
        if (error) throw error;
        this.appended.push(...records);
        for (const wake of this.#waiters.splice(0)) wake();
      },
      stopReading: async () => {},
      close: async () => {
        this.closed = true;
      },
    };
  }

  /** Hands commands to the service as one batch. */
  deliver(...commands: (Partial<BusRecord> | Record<string, unknown>)[]): Delivery {
    const records = commands.map((command) =>
      "value" in command ? this.#record(command) : this.#record(wrap(command)),
    );
    return this.options!.onRecords(records, {});
  }

  /** The replies accepted so far, without progress. */
  replies(): ToManager[] {
    return this.all().filter(({ status }) => status !== "inprogress");
  }

  all(): ToManager[] {
    return this.appended.filter(({ topic }) => topic === TOPICS.toManager).map(({ value }) => JSON.parse(value!));
  }

  /** Resolves when this many replies have come. */
  async untilReplies(count: number): Promise<ToManager[]> {
    while (this.replies().length < count) await new Promise<void>((resolve) => this.#waiters.push(resolve));
    return this.replies();
  }

  #record(record: Partial<BusRecord>): BusRecord {
    return {
      topic: TOPICS.fromManager,
      partition: 0,
      offset: this.#offset++,
      timestamp: 0,
      key: UUID,
      value: null,
      headers: {},
      ...record,
    };
  }
}

function wrap({ id, ...command }: Record<string, unknown>): Partial<BusRecord> {
  const value = {
    uuid: UUID,
    name: "onboarding",
    version: "1",
    service: "user",
    function: "create_user",
    schema_version: "1",
    data: null,
    step: "n2",
    attempt: 1,
    ...command,
  };
  return {
    value: JSON.stringify(value),
    headers: { id: String(id ?? `${value.uuid}/${value.step}/${value.attempt}`) },
  };
}

export function unavailable(): TransportError {
  return new TransportError("unavailable", "the console is away");
}
