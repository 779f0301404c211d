/**
 * Promise 7: what is stored of a journey, and so what a restart gives, is the fold of its events up to then. Checked after
 * every commit.
 */
import type { Journey } from "../../engine/core/journey.ts";
import { decodeEnded, decodeInFlight } from "../../engine/manager/state-codec.ts";
import { Broken, type History } from "./history.ts";
import type { Commit } from "./sim-bus.ts";

const UUID_CHARS = 36;

interface Stored {
  entries: Map<string, string>;
  closed: boolean;
}

export class StatePromise {
  private readonly stored = new Map<string, Stored>();
  private readonly history: History;

  constructor(history: History) {
    this.history = history;
  }

  /** Call it when the history has read the commit's events. */
  committed({ output }: Commit): void {
    const changed = new Set<string>();
    for (const { key, value, closed } of output.state) {
      const uuid = key.slice(0, UUID_CHARS);
      const stored = this.stored.get(uuid) ?? { entries: new Map<string, string>(), closed: false };
      this.stored.set(uuid, stored);
      changed.add(uuid);
      if (key === uuid) stored.closed = closed === true;
      if (value === null) stored.entries.delete(key);
      else stored.entries.set(key, value);
    }
    for (const uuid of changed) this.compare(uuid);
  }

  private compare(uuid: string): void {
    const folded = this.history.of(uuid);
    const stored = this.decode(uuid);
    if (stored && folded && isSame(stored, folded)) return;
    const both = `${JSON.stringify(stored)}\n${JSON.stringify(folded)}`;
    throw new Broken("promise 7", `the stored state is not the fold:\n${both}`, uuid);
  }

  private decode(uuid: string): Journey | undefined {
    const { entries, closed } = this.stored.get(uuid)!;
    if (closed) return decodeEnded(uuid, entries.get(uuid)!);
    return [...decodeInFlight([...entries].map(([key, value]) => ({ key, value })))][0];
  }
}

/** As JSON: a field that is undefined is none. */
function isSame(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return false;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const others = other as Record<string, unknown>;
  let common = 0;
  for (const [name, value] of Object.entries(one)) {
    if (value === undefined) continue;
    if (!isSame(value, others[name])) return false;
    common++;
  }
  return Object.values(others).filter((value) => value !== undefined).length === common;
}
