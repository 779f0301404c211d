import type { NewRecord } from "../bus/bus.ts";
import { type Heartbeat, TOPICS } from "../core/protocol.ts";
import type { Clock } from "./clock.ts";
import type { ServiceDefinition } from "./define.ts";
import type { HeldSpan } from "./holding.ts";

export interface HeartbeatOptions {
  service: ServiceDefinition;
  instance: string;
  everyMs: number;
  clock: Clock;
  append(records: NewRecord[]): Promise<void>;
  /** The present time of holding, or the last one. */
  held(): HeldSpan | undefined;
  /** The consumer group, where it isn't called after the service. */
  group?: string | undefined;
  /** Housekeeping at the same pace. */
  alongside(): void;
}

export interface HeartbeatSender {
  /** Tells the state of now at once. */
  beat(): void;
  stop(): void;
  /** Stops, and takes what was told back: this instance is gone. Resolves when that is sent, or can't be now. */
  leave(): Promise<void>;
}

/** Tells that this instance lives: at once when `beat` is called, and then every so often until stopped. */
export function startHeartbeat(options: HeartbeatOptions): HeartbeatSender {
  const { service, instance, everyMs, clock } = options;
  let cancel = clock.after(everyMs, tick);
  let stopped = false;
  let underWay: Promise<void> | undefined;
  let again = false;

  function tick() {
    if (stopped) return;
    cancel = clock.after(everyMs, tick);
    options.alongside();
    beat();
  }

  function beat() {
    if (stopped) return;
    if (underWay) {
      again = true;
      return;
    }
    again = false;
    underWay = send(JSON.stringify(value())).finally(() => {
      underWay = undefined;
      if (again) beat();
    });
  }

  function value(): Heartbeat {
    const held = options.held();
    return {
      service: service.name,
      instance,
      functions: Object.keys(service.functions),
      at: iso(clock.now()),
      ...(service.version ? { version: service.version } : {}),
      ...(options.group ? { group: options.group } : {}),
      holding: held !== undefined && held.until === undefined,
      ...(held ? { held_since: iso(held.since) } : {}),
      ...(held?.until === undefined ? {} : { held_until: iso(held.until) }),
    };
  }

  function send(text: string | null): Promise<void> {
    // The next one comes soon, and the connection's own trouble is told elsewhere.
    return options
      .append([{ topic: TOPICS.services, key: `${service.name}/${instance}`, value: text }])
      .catch(() => {});
  }

  function stop() {
    stopped = true;
    cancel();
  }

  return {
    beat,
    stop,
    async leave() {
      stop();
      await underWay;
      await send(null);
    },
  };
}

const iso = (timeMs: number): string => new Date(timeMs).toISOString();
