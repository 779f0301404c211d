/**
 * What the managers are told of the services: up while heartbeats come, down after 30 s of silence, and for how long
 * they were holding their records. Every manager hears the same; a manager that restarts has forgotten nothing.
 */
import type { Health } from "../../engine/core/turn.ts";
import { type HealthRegistry, SILENCE_MS } from "../../engine/manager/health.ts";

interface State {
  status: Health;
  /** Since when no heartbeat came; undefined while they come. */
  silentSince?: number;
  holdingSince?: number;
  held: { from: number; to: number }[];
}

export class SimHealth {
  readonly registry: HealthRegistry;
  private readonly states = new Map<string, State>();
  private readonly listeners = new Set<(service: string) => void>();

  constructor(services: readonly string[]) {
    for (const service of services) this.states.set(service, { status: "unknown", held: [] });
    this.registry = {
      services: () => [],
      of: (service) => this.states.get(service)?.status ?? "unknown",
      heldMs: (service, since, now) => this.heldMs(service, since, now),
      onChange: (listener) => {
        this.listeners.add(listener);
        return () => this.listeners.delete(listener);
      },
      close: async () => {},
    };
  }

  private at(service: string): State {
    const state = this.states.get(service);
    if (!state) throw new Error(`no service ${service}`);
    return state;
  }

  private tell(service: string): void {
    for (const listener of this.listeners) listener(service);
  }

  isHolding = (service: string): boolean => this.at(service).holdingSince !== undefined;
  isRunning = (service: string): boolean => this.at(service).silentSince === undefined;

  /** The service is there and says so. */
  start(service: string): void {
    const state = this.at(service);
    state.silentSince = undefined;
    if (state.status === "up") return;
    state.status = "up";
    this.tell(service);
  }

  /** The service is gone; whoever watches learns it when it has been silent for long enough. */
  stop(service: string, now: number): void {
    this.release(service, now);
    this.at(service).silentSince ??= now;
  }

  /** The service is there and can't work: it keeps the record until its database is back. */
  hold(service: string, now: number): void {
    this.start(service);
    this.at(service).holdingSince ??= now;
    this.tell(service);
  }

  release(service: string, now: number): void {
    const state = this.at(service);
    if (state.holdingSince === undefined) return;
    state.held.push({ from: state.holdingSince, to: now });
    state.holdingSince = undefined;
    this.tell(service);
  }

  /** When silence will have lasted long enough. */
  nextAt(): number {
    const ends = [...this.states.values()].flatMap(({ status, silentSince }) =>
      silentSince !== undefined && status === "up" ? [silentSince + SILENCE_MS] : [],
    );
    return Math.min(Number.POSITIVE_INFINITY, ...ends);
  }

  /** Notices who has been silent for too long. */
  notice(now: number): void {
    for (const [service, state] of this.states) {
      const { silentSince, status } = state;
      if (silentSince === undefined || status !== "up" || now < silentSince + SILENCE_MS) continue;
      state.status = "down";
      this.tell(service);
    }
  }

  private heldMs(service: string, since: number, now: number): number {
    const state = this.states.get(service);
    if (!state) return 0;
    const { held, holdingSince } = state;
    const spans = holdingSince === undefined ? held : [...held, { from: holdingSince, to: now }];
    return spans.reduce((sum, { from, to }) => sum + Math.max(0, Math.min(to, now) - Math.max(from, since)), 0);
  }
}
