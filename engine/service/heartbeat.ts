import type { NewRecord } from "../bus/bus.ts";
import { type Heartbeat, TOPICS } from "../core/protocol.ts";
import type { Clock } from "./clock.ts";
import type { ServiceDefinition } from "./define.ts";

export interface HeartbeatOptions {
  service: ServiceDefinition;
  instance: string;
  everyMs: number;
  clock: Clock;
  append(records: NewRecord[]): Promise<void>;
  /** Housekeeping at the same pace. */
  alongside(): void;
}

/** Tells that this instance lives: at once when `beat` is called, and then every so often until stopped. */
export function startHeartbeat(options: HeartbeatOptions): { beat(): void; stop(): void } {
  const { service, instance, everyMs, clock } = options;
  let cancel = clock.after(everyMs, tick);
  let stopped = false;
  let underWay = false;

  function tick() {
    if (stopped) return;
    cancel = clock.after(everyMs, tick);
    options.alongside();
    beat();
  }

  function beat() {
    if (stopped || underWay) return;
    underWay = true;
    const value: Heartbeat = {
      service: service.name,
      instance,
      functions: Object.keys(service.functions),
      at: new Date(clock.now()).toISOString(),
      ...(service.version ? { version: service.version } : {}),
      holding: false,
    };
    options
      .append([{ topic: TOPICS.services, key: `${service.name}/${instance}`, value: JSON.stringify(value) }])
      .catch(() => {}) // the next one comes soon, and the connection's own trouble is told elsewhere
      .finally(() => {
        underWay = false;
      });
  }

  return {
    beat,
    stop() {
      stopped = true;
      cancel();
    },
  };
}
