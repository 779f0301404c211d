/**
 * What a service remembers about the commands it was given: their replies by id. `ServiceStore` keeps it on disk; the
 * one here lives in memory, for services whose effects are repeatable or that live as long as their engine does.
 */
import type Database from "better-sqlite3";
import type { NewRecord } from "../bus/bus.ts";
import type { Positions } from "./transport.ts";

export interface LedgerEntry {
  /** The command's id. */
  id: string;
  /** Its reply, as the record that goes to `tomanager`. */
  reply: NewRecord;
}

/** The end of a command. */
export interface Settling {
  id: string;
  /** Makes the reply from what the effect returned (undefined without an effect). */
  reply(output: unknown): NewRecord;
  /** Milliseconds since 1970. */
  at: number;
  /** Where reading goes on once this command is settled. */
  positions: Positions;
}

export interface Settlement {
  reply: NewRecord;
  /** The command had been settled before; nothing was done. */
  repeated: boolean;
}

export interface Ledger {
  /** It outlives the process: then reading may go on while replies wait to be sent. */
  readonly durable: boolean;
  find(id: string): LedgerEntry | undefined;
  /** Runs the effect and remembers the reply, both or neither. Passes on what the effect throws. */
  settle(settling: Settling, effect?: (db: Database.Database) => unknown): Settlement;
  /** Puts another reply in the place of one that was refused. */
  replaceReply(id: string, reply: NewRecord): void;
  /** Replies not accepted yet, oldest first. */
  unsent(limit: number): LedgerEntry[];
  sent(ids: string[], at: number): void;
  positions(): Positions;
  savePositions(positions: Positions): void;
  /** Forgets old commands, a bounded number at once; answers how many. */
  prune(now: number): number;
  close(): void;
}

const REMEMBERED_COMMANDS = 10_000;

/** Remembers the last 10,000 commands, until the process ends. */
export function createMemoryLedger(): Ledger {
  const entries = new Map<string, NewRecord>();
  return {
    durable: false,
    find(id) {
      const reply = entries.get(id);
      return reply && { id, reply };
    },
    settle({ id, reply }, effect) {
      if (effect) throw new Error("call.commit needs a store: give runService one (openServiceStore)");
      const known = entries.get(id);
      if (known) return { reply: known, repeated: true };
      const made = reply(undefined);
      entries.set(id, made);
      if (entries.size > REMEMBERED_COMMANDS) {
        const oldest = entries.keys().next();
        if (!oldest.done) entries.delete(oldest.value);
      }
      return { reply: made, repeated: false };
    },
    replaceReply: (id, reply) => void entries.set(id, reply),
    unsent: () => [],
    sent: () => {},
    positions: () => ({}),
    savePositions: () => {},
    prune: () => 0,
    close: () => entries.clear(),
  };
}
