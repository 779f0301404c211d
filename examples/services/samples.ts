/**
 * The six sample services: two families, one for an onboarding, one for an order. Each keeps its state in a SQLite file
 * of its own, `samples/NAME.sqlite` in the data folder, so that anyone can see that an undo really undid.
 */
import { join } from "node:path";
import { createConsoleClient } from "../../engine/service/console-client.ts";
import { createFaultInjector, type FaultRule, watchFaults } from "../../engine/service/faults.ts";
import { createHttpTransport } from "../../engine/service/http-transport.ts";
import { createKafkaTransport, type KafkaTransportOptions } from "../../engine/service/kafka-transport.ts";
import { type LogLevel, type RunningService, runService } from "../../engine/service/run.ts";
import { openServiceStore } from "../../engine/service/store.ts";
import { card } from "./card.ts";
import { license } from "./license.ts";
import { membership } from "./membership.ts";
import { SAMPLE_NAMES } from "./names.ts";
import { order } from "./order.ts";
import type { Sample } from "./sample.ts";
import { ticket } from "./ticket.ts";
import { user } from "./user.ts";

export const SAMPLES: Record<string, Sample> = { user, license, membership, order, ticket, card };

const STOP_GRACE_MS = 2_000;

/** A console on the embedded profile, or a Kafka cluster. */
export type SamplesWhere =
  | {
      /** Where the console listens, for instance http://127.0.0.1:4600 */
      url: string;
      token: string;
    }
  | KafkaTransportOptions;

export type SamplesOptions = SamplesWhere & {
  /** The services' files lie in `samples/` below it. */
  dataDir: string;
  /** All six */
  only?: string[];
  /** Faults of this run, beside those set in the console. */
  faults?: FaultRule[];
  log?(level: LogLevel, message: string): void;
};

export interface RunningSamples {
  readonly services: RunningService[];
  /** Resolves when every service has reached the topics. */
  readonly ready: Promise<void>;
  /** Resolves when all have stopped; rejects with why one can't go on. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

/** Runs sample services in this process. */
export async function runSamples(options: SamplesOptions): Promise<RunningSamples> {
  const stopping = new AbortController();
  const transport = "url" in options ? createHttpTransport(options) : createKafkaTransport(options);
  const injector = createFaultInjector();
  injector.set("flags", options.faults ?? []);
  const hosted = await Promise.all(
    (options.only ?? SAMPLE_NAMES).map(async (name) => {
      const sample = SAMPLES[name];
      if (!sample) throw new RangeError(`there is no sample service ${name}; there are ${SAMPLE_NAMES.join(", ")}`);
      const store = openServiceStore({ path: samplePath(options.dataDir, name), migrations: sample.migrations });
      const service = await runService(sample.definition, transport, {
        store,
        stopGraceMs: STOP_GRACE_MS,
        before: injector.inject,
        log: options.log,
      });
      return { service, store };
    }),
  );
  const services = hosted.map(({ service }) => service);
  const watching =
    "url" in options
      ? watchFaults({ client: createConsoleClient(options), injector, signal: stopping.signal })
      : undefined;
  const stop = async () => {
    stopping.abort(new Error("the services stop"));
    await Promise.all(services.map((service) => service.stop()));
    await watching;
    for (const { store } of hosted) store.close();
  };
  let stopped: Promise<void> | undefined;
  const ready = Promise.all(services.map((service) => service.ready)).then(() => {});
  const ended = Promise.all(services.map((service) => service.ended)).then(() => {});
  for (const promise of [ready, ended]) promise.catch(() => {});
  return {
    services,
    ready,
    ended,
    stop() {
      stopped ??= stop();
      return stopped;
    },
  };
}

/** The SQLite file of a sample service. */
export function samplePath(dataDir: string, name: string): string {
  return join(dataDir, "samples", `${name}.sqlite`);
}
