/**
 * The schemas of a profile's registry as this process knows them: asked for again every few seconds, kept on the disk, in
 * force until others are known. What is checked by them is said in core/command-record.ts and docs/schemas.md.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { AntigraphError } from "../core/errors.ts";
import type { FromManager } from "../core/protocol.ts";
import type { Schemas } from "../core/turn.ts";
import type { RegistryAccess } from "./access.ts";
import type { RegisteredSchema, RegistryClient } from "./client.ts";
import { compileSchema } from "./compile.ts";
import { readCopy, writeCopy } from "./copy.ts";
import { emptied, lostSubjects } from "./emptied.ts";
import { ENVELOPES } from "./envelopes.ts";
import { type KnownSchema, knownSchema, misfit } from "./known-schema.ts";
import { type CheckedTopics, functionSubject, parseSubject, topicSubject } from "./subjects.ts";

/** Between two looks at the registry: a version registered now counts so soon. */
const LOOK_EVERY_MS = 3_000;
/** The same while it is away. */
const LOOK_AGAIN_MS = 1_000;
/** Questions under way at once. */
const MAXIMUM_ASKED = 4;

export interface StoreLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface SchemaStoreOptions {
  registry: Pick<RegistryAccess, "url" | "wireFormat" | "validate">;
  /** Asked until it resolves: the registry's password may have to be looked up first. */
  client: () => Promise<RegistryClient>;
  topics: CheckedTopics;
  /** Where what is known is kept; left out: nowhere. */
  file?: string;
  /** Only the schemas of whole topics, for those who write records and check none. */
  onlyTopics?: boolean;
  /** May this process register the schema of a topic that has none? Asked at each look; default yes. */
  mayRegister?: () => boolean;
  /** Rejects when the signal is aborted. */
  pause?: (ms: number, signal: AbortSignal) => Promise<unknown>;
  logger?: StoreLogger;
}

export interface RegistryStatus {
  url: string;
  /** As of the last look. */
  reachable: boolean;
  /** Why not. */
  error?: string;
  /** All that is needed is known: from the registry, or from this disk. */
  known: boolean;
}

export interface SchemaStore extends Schemas {
  /** Of a whole record of `tomanager`, as the JSON text that it came as. */
  record(text: string): string | undefined;
  /** Resolves when all that is needed is known; rejects when the store is closed before. */
  readonly known: Promise<void>;
  /** @throws AntigraphError registry_unavailable, registry_denied: nothing is known yet */
  assertKnown(): void;
  /**
   * The id that records of this topic bear; undefined where they bear none.
   * @throws AntigraphError bus_unavailable while it isn't known
   */
  idOf(topic: string): number | undefined;
  status(): RegistryStatus;
  /** What the registry has, by subject. */
  all(): ReadonlyMap<string, KnownSchema>;
  /**
   * Registers a version, in force at once.
   * @throws AntigraphError schema_unusable, schema_incompatible, registry_unavailable, registry_denied
   */
  register(subject: string, schema: unknown): Promise<KnownSchema>;
  /** Looks now. */
  refresh(): Promise<void>;
  /** Called when what is known, or the status, has changed. Returns the way to stop. */
  onChange(listener: () => void): () => void;
  close(): Promise<void>;
}

const SILENT: StoreLogger = { info: () => {}, warn: () => {} };

/** Begins to look, and waits for nothing. */
export function openSchemaStore(options: SchemaStoreOptions): SchemaStore {
  return new Store(options);
}

class Store implements SchemaStore {
  private readonly options: SchemaStoreOptions;
  private connected: RegistryClient | undefined;
  private readonly logger: StoreLogger;
  private schemas = new Map<string, KnownSchema>();
  private readonly listeners = new Set<() => void>();
  private readonly closing = new AbortController();
  private readonly knowing = Promise.withResolvers<void>();
  private readonly looking: Promise<void>;
  private isKnown = false;
  /** The last look failed so. */
  private failure: AntigraphError | undefined;
  private hasAnswered = false;
  /** What the registry was emptied of, each in force until it is there again. */
  private lost: readonly string[] = [];
  /** One change after the other. */
  private turn: Promise<unknown> = Promise.resolve();

  constructor(options: SchemaStoreOptions) {
    this.options = options;
    this.logger = options.logger ?? SILENT;
    this.knowing.promise.catch(() => {});
    const kept = options.file === undefined ? undefined : readCopy(options.file, options.registry.url);
    if (kept) {
      this.lost = kept.lost;
      this.take(kept.schemas);
    } else if (!options.registry.validate && options.registry.wireFormat === "json") this.becomeKnown();
    this.looking = this.look();
  }

  get known(): Promise<void> {
    return this.knowing.promise;
  }

  assertKnown(): void {
    if (this.isKnown) return;
    throw this.failure ?? new AntigraphError("registry_unavailable", `${this.place} has not answered yet.`);
  }

  command(command: FromManager): string | undefined {
    const { fromManager } = this.options.topics;
    const subject = functionSubject(fromManager, command.service, command.function);
    return this.check(subject, command.data, "data") ?? this.check(topicSubject(fromManager), command, "record");
  }

  reply(service: string, called: string, data: unknown): string | undefined {
    return this.check(functionSubject(this.options.topics.toManager, service, called), data, "data");
  }

  record(text: string): string | undefined {
    const subject = topicSubject(this.options.topics.toManager);
    return this.schemas.has(subject) ? this.check(subject, JSON.parse(text), "record") : undefined;
  }

  idOf(topic: string): number | undefined {
    if (this.options.registry.wireFormat === "json" || !this.topicNames.includes(topic)) return undefined;
    const found = this.schemas.get(topicSubject(topic))?.newest.id;
    if (found !== undefined) return found;
    const why = this.failure?.message ?? `${this.place} has not answered yet.`;
    throw new AntigraphError("bus_unavailable", `The schema id that records of ${topic} bear isn't known: ${why}`);
  }

  status(): RegistryStatus {
    const { failure, isKnown: known } = this;
    const reachable = this.hasAnswered && failure === undefined;
    return { url: this.options.registry.url, reachable, known, ...(failure && { error: failure.message }) };
  }

  all(): ReadonlyMap<string, KnownSchema> {
    return this.schemas;
  }

  register(subject: string, schema: unknown): Promise<KnownSchema> {
    return this.inTurn(async () => {
      const text = JSON.stringify(schema);
      compileSchema({ subject, schemaType: "JSON", schema: text, references: [] });
      const client = await this.client();
      await client.register(subject, text);
      const newest = await client.latest(subject);
      if (!newest)
        throw new AntigraphError("registry_unavailable", `${subject} is registered and can't be read yet.`);
      const known = knownSchema(newest, this.schemas.get(subject));
      this.put(new Map(this.schemas).set(subject, known));
      return known;
    });
  }

  refresh(): Promise<void> {
    return this.inTurn(() => this.lookOnce());
  }

  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.closing.abort();
    this.knowing.reject(new AntigraphError("registry_unavailable", "The schemas are not looked after any more."));
    await this.looking;
  }

  private get place(): string {
    return `The schema registry at ${this.options.registry.url}`;
  }

  private get topicNames(): string[] {
    const { fromManager, toManager } = this.options.topics;
    return [fromManager, toManager];
  }

  private check(subject: string, value: unknown, what: string): string | undefined {
    const known = this.options.registry.validate ? this.schemas.get(subject) : undefined;
    return known && misfit(known, value, what);
  }

  private async look(): Promise<void> {
    const { signal } = this.closing;
    const { pause = (ms, stop) => sleep(ms, undefined, { signal: stop, ref: false }) } = this.options;
    while (!signal.aborted) {
      await this.refresh();
      await pause(this.failure ? LOOK_AGAIN_MS : LOOK_EVERY_MS, signal).catch(() => {});
    }
  }

  private async lookOnce(): Promise<void> {
    try {
      const found = await this.ask();
      if (this.closing.signal.aborted) return;
      const before = this.lost;
      const now = this.lostBy(found);
      this.lost = now;
      this.became(now.length > 0 ? emptied(this.place, now) : undefined, now.length > 0 !== before.length > 0);
      this.take([...found, ...now.flatMap((subject) => this.schemas.get(subject)?.newest ?? [])]);
      if (now.join() !== before.join()) this.keep();
    } catch (error) {
      const failure =
        error instanceof AntigraphError ? error : new AntigraphError("registry_unavailable", String(error));
      if (!this.closing.signal.aborted) this.became(failure);
    }
  }

  private lostBy(found: readonly RegisteredSchema[]): string[] {
    const { registry, topics } = this.options;
    // Nothing hangs on them then.
    if (!registry.validate) return [];
    const isMade = (subject: string) =>
      registry.wireFormat !== "json" && this.topicNames.map(topicSubject).includes(subject);
    const known = [...this.schemas.keys()].filter((subject) => parseSubject(subject, topics) && !isMade(subject));
    const there = found.map(({ subject }) => subject);
    return lostSubjects(known, this.lost, there);
  }

  private async client(): Promise<RegistryClient> {
    this.connected ??= await this.options.client();
    return this.connected;
  }

  private async ask(): Promise<RegisteredSchema[]> {
    const client = await this.client();
    const subjects = this.options.onlyTopics
      ? this.topicNames.map(topicSubject)
      : (await Promise.all(this.topicNames.map((topic) => client.subjects(`${topic}-`)))).flat();
    const wanted = subjects.filter((subject) => parseSubject(subject, this.options.topics));
    const found: RegisteredSchema[] = [];
    const next = wanted.values();
    const work = async () => {
      for (const subject of next) found.push(...[(await client.latest(subject)) ?? []].flat());
    };
    await Promise.all(Array.from({ length: MAXIMUM_ASKED }, work));
    return [...found, ...(await this.registerEnvelopes(client, found))];
  }

  /** Records that are to bear an id need a schema that has one. */
  private async registerEnvelopes(
    client: RegistryClient,
    found: readonly RegisteredSchema[],
  ): Promise<RegisteredSchema[]> {
    const { registry, topics, mayRegister = () => true } = this.options;
    if (registry.wireFormat === "json") return [];
    const made: RegisteredSchema[] = [];
    for (const which of ["fromManager", "toManager"] as const) {
      const subject = topicSubject(topics[which]);
      if (found.some((schema) => schema.subject === subject) || !mayRegister()) continue;
      await client.register(subject, JSON.stringify(ENVELOPES[which]));
      const registered = await client.latest(subject);
      if (registered) made.push(registered);
      this.logger.info({ subject }, "The topic had no schema: the protocol's own is registered");
    }
    return made;
  }

  private take(found: readonly RegisteredSchema[]): void {
    this.put(new Map(found.map((newest) => [newest.subject, knownSchema(newest, this.schemas.get(newest.subject))])));
    if (this.isKnown) return;
    const { wireFormat } = this.options.registry;
    const hasIds = this.topicNames.every((topic) => this.schemas.has(topicSubject(topic)));
    if (wireFormat === "json" || hasIds) this.becomeKnown();
  }

  private becomeKnown(): void {
    this.isKnown = true;
    this.knowing.resolve();
    this.tell();
  }

  private put(schemas: Map<string, KnownSchema>): void {
    const before = this.schemas;
    const changed = [...schemas].filter(([subject, known]) => before.get(subject) !== known);
    const gone = [...before.keys()].filter((subject) => !schemas.has(subject));
    this.schemas = schemas;
    if (changed.length === 0 && gone.length === 0) return;
    for (const [subject, { newest, error }] of changed) {
      const { version } = newest;
      if (error === undefined) this.logger.info({ subject, version }, "A schema is in force");
      else
        this.logger.warn({ subject, version, why: error }, "A schema can't be used; the one before stays in force");
    }
    for (const subject of gone) this.logger.warn({ subject }, "A schema is gone: what it was for is checked no more");
    this.keep();
    this.tell();
  }

  private keep(): void {
    const { file, registry } = this.options;
    if (file === undefined) return;
    try {
      const schemas = [...this.schemas.values()].map(({ newest, inForce }) => inForce?.schema ?? newest);
      writeCopy(file, registry.url, { schemas, lost: this.lost });
    } catch (error) {
      this.logger.warn({ err: error, file }, "The schemas can't be kept on this disk");
    }
  }

  private became(failure: AntigraphError | undefined, isNews = false): void {
    const { hasAnswered, failure: before } = this;
    this.hasAnswered = true;
    this.failure = failure;
    // The words change while a registry goes, its absence doesn't.
    if (!isNews && before?.code === failure?.code && (hasAnswered || !failure)) return;
    const then = this.isKnown
      ? "what was known of its schemas stays in force"
      : "nothing flows until its schemas are known";
    if (failure) this.logger.warn({ why: failure.message }, `The schema registry is no help now; ${then}`);
    else this.logger.info({ url: this.options.registry.url }, "The schema registry is as it was again");
    this.tell();
  }

  private tell(): void {
    for (const listener of [...this.listeners]) listener();
  }

  private inTurn<T>(change: () => Promise<T>): Promise<T> {
    const next = this.turn.then(change, change);
    this.turn = next.catch(() => {});
    return next;
  }
}
