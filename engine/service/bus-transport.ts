/**
 * A service in one process with the engine: straight over a `Bus`, as a member of the consumer group `service.NAME`.
 * The group's offset is committed once all commands of a batch are settled, so one slow command holds up the next
 * batch (not its own): `maximumBatch` bounds how many that are.
 */
import type { Bus } from "../bus/bus.ts";
import { TOPICS } from "../core/protocol.ts";
import { type Connection, type Transport, TransportError } from "./transport.ts";

const MAXIMUM_BATCH_RECORDS = 500;

export interface BusTransportOptions {
  /** fromanager */
  topic?: string;
  /** 500 records */
  maximumBatch?: number;
}

/** The in-process transport. Closing the service leaves the bus open. */
export function createBusTransport(bus: Bus, options: BusTransportOptions = {}): Transport {
  return {
    remembers: true,
    async connect({ service, from, onRecords, onConnection }): Promise<Connection> {
      const subscription = await bus.consume({
        group: `service.${service}`,
        topic: options.topic ?? TOPICS.fromManager,
        fromBeginning: from === "beginning",
        maximumBatch: options.maximumBatch ?? MAXIMUM_BATCH_RECORDS,
        onRecords(records) {
          const delivery = onRecords(records, {});
          delivery.accepted.catch(() => {});
          return delivery.settled;
        },
      });
      onConnection(true);
      let reading: Promise<void> | undefined;
      const stopReading = () => {
        reading ??= subscription.close();
        return reading;
      };
      return {
        async append(records) {
          try {
            await bus.append(records);
          } catch (error) {
            throw new TransportError("unavailable", error instanceof Error ? error.message : String(error), error);
          }
        },
        stopReading,
        close: stopReading,
      };
    },
  };
}
