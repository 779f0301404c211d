/**
 * The small tables that rows point to (flows, services, facets, kinds of failures, call sites), held in memory whole,
 * and the number of journeys by facet and status. Changes go into the transaction of the batch that made them; after a
 * transaction that failed, `reload` brings the memory back to what the file says.
 */
import type Database from "better-sqlite3";
import { type Failure, fingerprint, messagePattern } from "./fingerprint.ts";

export interface Flow {
  id: number;
  name: string;
  version: string;
}

/** A flow version and the set of services called so far. */
export interface Facet {
  id: number;
  flow: Flow;
  services: ReadonlySet<number>;
  /** Journeys by status number. */
  counts: Map<number, number>;
}

/** A failing function of a flow version and its message with ids and numbers taken out. */
export interface FailureKind {
  id: number;
  fingerprint: string;
  flow: Flow;
  service: string;
  function: string;
  code: string | undefined;
  message: string;
}

/** A step of a flow version, forward or as one of its negations. */
export interface CallSite {
  id: number;
  flow: Flow;
  step: string;
  service: string;
  function: string;
  undo: boolean;
}

/** With so many kinds a flow's messages can't be told apart by taking ids out: further ones share one kind per function. */
const MAX_FAILURE_KINDS = 20_000;
const OTHER_MESSAGES = "(other messages)";

export class Dimensions {
  readonly facets = new Map<number, Facet>();
  readonly failures = new Map<number, FailureKind>();
  readonly sites = new Map<number, CallSite>();
  readonly #flows = new Map<number, Flow>();
  readonly #flowByKey = new Map<string, Flow>();
  readonly #services = new Map<string, number>();
  readonly #facetByKey = new Map<string, Facet>();
  readonly #failureByKey = new Map<string, FailureKind>();
  readonly #siteByKey = new Map<string, CallSite>();
  readonly #changedCounts = new Map<string, { facet: Facet; status: number }>();
  readonly #database: Database.Database;

  constructor(database: Database.Database) {
    this.#database = database;
    this.reload();
  }

  serviceId(name: string): number | undefined {
    return this.#services.get(name);
  }

  flow(name: string, version: string): Flow {
    const key = keyOf(name, version);
    const known = this.#flowByKey.get(key);
    if (known) return known;
    return this.#addFlow(
      this.#insert("INSERT INTO flows (name, version) VALUES (?, ?)", name, version),
      name,
      version,
    );
  }

  facet(flow: Flow, services: readonly string[]): Facet {
    const key = keyOf("names", String(flow.id), ...services);
    const known = this.#facetByKey.get(key);
    if (known) return known;
    const ids = services.map((name) => this.#service(name)).sort((a, b) => a - b);
    const text = JSON.stringify(ids);
    const found = this.#facetByKey.get(keyOf("ids", String(flow.id), text));
    const facet = found ?? this.#addFacet(this.#insert(INSERT_FACET, flow.id, text), flow, ids);
    // Also under the names as they came, so that the next look-up needs no sorting.
    this.#facetByKey.set(key, facet);
    return facet;
  }

  failure(flow: Flow, failure: Failure): FailureKind {
    const pattern = messagePattern(failure.message);
    const known = this.#failureByKey.get(failureKey(flow.id, failure, pattern));
    if (known) return known;
    const message = this.failures.size < MAX_FAILURE_KINDS ? pattern : OTHER_MESSAGES;
    const shared = this.#failureByKey.get(failureKey(flow.id, failure, message));
    if (shared) return shared;
    const { service, function: name, code } = failure;
    const print = fingerprint(flow.name, { ...failure, message });
    const id = this.#insert(INSERT_FAILURE, print, flow.id, service, name, code ?? null, message);
    return this.#addFailure({ id, fingerprint: print, flow, service, function: name, code, message });
  }

  site(flow: Flow, step: string, service: string, name: string, undo: boolean): CallSite {
    const key = siteKey(flow.id, step, service, name, undo);
    const known = this.#siteByKey.get(key);
    if (known) return known;
    const id = this.#insert(INSERT_SITE, flow.id, step, service, name, undo ? 1 : 0);
    return this.#addSite({ id, flow, step, service, function: name, undo });
  }

  /** One journey left `from` (a facet and status) and came to `to`; undefined: it is new, or gone. */
  count(from: { facet: Facet; status: number } | undefined, to: { facet: Facet; status: number } | undefined): void {
    if (from?.facet === to?.facet && from?.status === to?.status) return;
    if (from) this.#add(from.facet, from.status, -1);
    if (to) this.#add(to.facet, to.status, 1);
  }

  /** Writes the counts that changed since the last call; the last thing of a batch's transaction. */
  flushCounts(): void {
    if (this.#changedCounts.size === 0) return;
    const upsert = this.#database.prepare<[number, number, number]>(
      "INSERT INTO facet_counts (facet_id, status, journeys) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET journeys = excluded.journeys",
    );
    for (const { facet, status } of this.#changedCounts.values()) {
      upsert.run(facet.id, status, facet.counts.get(status) ?? 0);
    }
    this.#changedCounts.clear();
  }

  reload(): void {
    for (const map of [this.facets, this.failures, this.sites, this.#flows]) map.clear();
    for (const map of [this.#flowByKey, this.#facetByKey, this.#failureByKey, this.#siteByKey]) map.clear();
    this.#services.clear();
    this.#changedCounts.clear();
    for (const row of this.#all<{ id: number; name: string; version: string }>("SELECT * FROM flows")) {
      this.#addFlow(row.id, row.name, row.version);
    }
    for (const row of this.#all<{ id: number; name: string }>("SELECT * FROM services")) {
      this.#services.set(row.name, row.id);
    }
    for (const row of this.#all<{ id: number; flow_id: number; services: string }>("SELECT * FROM facets")) {
      this.#addFacet(row.id, this.#flowOf(row), JSON.parse(row.services) as number[]);
    }
    for (const row of this.#all<CountRow>("SELECT * FROM facet_counts")) {
      this.facets.get(row.facet_id)?.counts.set(row.status, row.journeys);
    }
    for (const row of this.#all<FailureRow>("SELECT * FROM failures")) {
      this.#addFailure({ ...row, flow: this.#flowOf(row), code: row.code ?? undefined });
    }
    for (const row of this.#all<SiteRow>("SELECT * FROM call_sites")) {
      this.#addSite({ ...row, flow: this.#flowOf(row), undo: row.undo === 1 });
    }
  }

  #service(name: string): number {
    const known = this.#services.get(name);
    if (known !== undefined) return known;
    const id = this.#insert("INSERT INTO services (name) VALUES (?)", name);
    this.#services.set(name, id);
    return id;
  }

  #add(facet: Facet, status: number, difference: number): void {
    facet.counts.set(status, (facet.counts.get(status) ?? 0) + difference);
    this.#changedCounts.set(`${facet.id} ${status}`, { facet, status });
  }

  #addFlow(id: number, name: string, version: string): Flow {
    const flow = { id, name, version };
    this.#flows.set(id, flow);
    this.#flowByKey.set(keyOf(name, version), flow);
    return flow;
  }

  #addFacet(id: number, flow: Flow, services: number[]): Facet {
    const facet: Facet = { id, flow, services: new Set(services), counts: new Map() };
    this.facets.set(id, facet);
    this.#facetByKey.set(keyOf("ids", String(flow.id), JSON.stringify(services)), facet);
    return facet;
  }

  #addFailure(kind: FailureKind): FailureKind {
    this.failures.set(kind.id, kind);
    this.#failureByKey.set(failureKey(kind.flow.id, kind, kind.message), kind);
    return kind;
  }

  #addSite(site: CallSite): CallSite {
    this.sites.set(site.id, site);
    this.#siteByKey.set(siteKey(site.flow.id, site.step, site.service, site.function, site.undo), site);
    return site;
  }

  #flowOf(row: { flow_id: number }): Flow {
    const flow = this.#flows.get(row.flow_id);
    if (!flow) throw new Error(`the cache names a flow that it doesn't hold: ${row.flow_id}`);
    return flow;
  }

  #all<Row>(sql: string): Row[] {
    return this.#database.prepare<[], Row>(sql).all();
  }

  #insert(sql: string, ...values: (string | number | null)[]): number {
    return Number(this.#database.prepare(sql).run(...values).lastInsertRowid);
  }
}

const INSERT_FACET = "INSERT INTO facets (flow_id, services) VALUES (?, ?)";
const INSERT_FAILURE =
  "INSERT INTO failures (fingerprint, flow_id, service, function, code, message) VALUES (?, ?, ?, ?, ?, ?)";
const INSERT_SITE = "INSERT INTO call_sites (flow_id, step, service, function, undo) VALUES (?, ?, ?, ?, ?)";

interface CountRow {
  facet_id: number;
  status: number;
  journeys: number;
}

type FailureRow = Omit<FailureKind, "flow" | "code"> & { flow_id: number; code: string | null };
type SiteRow = Omit<CallSite, "flow" | "undo"> & { flow_id: number; undo: number };

const keyOf = (...parts: string[]): string => parts.join("\0");

const failureKey = (flowId: number, kind: Omit<Failure, "message">, message: string): string =>
  keyOf(String(flowId), kind.service, kind.function, kind.code ?? "", message);

const siteKey = (flowId: number, step: string, service: string, name: string, undo: boolean): string =>
  keyOf(String(flowId), step, service, name, undo ? "undo" : "");
