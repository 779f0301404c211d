import { TOPICS } from "../../../engine/core/protocol.ts";

interface Stored {
  partition: number;
  offset: number;
  timestamp: string;
  key: string | null;
  headers: Record<string, string>;
  value: string;
}

/** The part of the console's API that services use, behind a `fetch` of its own. Two partitions. */
export class FakeConsole {
  readonly topics = new Map<string, Stored[]>();
  readonly requests: string[] = [];
  /** What calls are answered with instead; undefined answers truly. "gone" breaks the connection. */
  outage: number | "gone" | undefined;
  token = "secret";
  starts = [0, 0];
  faults: { revision: number; faults: unknown[] } | undefined;
  #changed: (() => void)[] = [];

  readonly fetch: typeof globalThis.fetch = async (input, init) => {
    const url = new URL(String(input));
    const signal = init?.signal;
    this.requests.push(`${init?.method} ${url.pathname}${url.search}`);
    if (this.outage === "gone") throw new TypeError("fetch failed", { cause: new Error("connect ECONNREFUSED") });
    if (this.outage) return problem(this.outage, "bus_unavailable");
    if (new Headers(init?.headers).get("authorization") !== `Bearer ${this.token}`)
      return problem(401, "unauthorized");
    if (url.pathname === "/api/v1/faults") {
      if (!this.faults) return problem(501, "not_supported");
      if (url.searchParams.get("revision") === String(this.faults.revision)) await this.#change(signal);
      return Response.json(this.faults);
    }
    if (url.pathname === "/api/v1/topics") {
      const offsets = [0, 1].map((partition) => ({
        partition,
        start: this.starts[partition]!,
        end: this.#end(partition),
      }));
      return Response.json({ topics: [{ name: TOPICS.fromManager, offsets }] });
    }
    const topic = decodeURIComponent(url.pathname.split("/")[4]!);
    if (init?.method === "POST") {
      const { records } = JSON.parse(String(init.body));
      this.append(topic, ...records);
      return Response.json({ records: [] }, { status: 201 });
    }
    return this.#read(url.searchParams, signal);
  };

  append(topic: string, ...records: { key?: string | null; value: unknown; headers?: Record<string, string> }[]) {
    const log = this.topics.get(topic) ?? [];
    this.topics.set(topic, log);
    for (const { key = null, value, headers = {} } of records) {
      const partition = key === null ? 0 : key.length % 2;
      const offset = this.#end(partition, topic);
      const text = typeof value === "string" ? value : JSON.stringify(value);
      log.push({ partition, offset, timestamp: new Date(0).toISOString(), key, headers, value: text });
    }
    this.changed();
  }

  changed() {
    for (const wake of this.#changed.splice(0)) wake();
  }

  /** Resolves when `condition` holds, looked at after every change. */
  async until(condition: () => boolean) {
    while (!condition()) await this.#change();
  }

  values(topic: string): Record<string, unknown>[] {
    return (this.topics.get(topic) ?? []).map(({ value }) => JSON.parse(value));
  }

  #end(partition: number, topic: string = TOPICS.fromManager): number {
    const log = this.topics.get(topic) ?? [];
    return this.starts[partition]! + log.filter((record) => record.partition === partition).length;
  }

  async #read(query: URLSearchParams, signal: AbortSignal | null | undefined): Promise<Response> {
    const text = query.get("offset")!;
    const ends = [this.#end(0), this.#end(1)];
    const from =
      text === "start"
        ? this.starts
        : text === "end"
          ? ends
          : text.split(",").map((pair) => Number(pair.split(":")[1]));
    if (from.some((offset, partition) => offset < this.starts[partition]!))
      return problem(410, "offset_out_of_range");
    const find = () =>
      (this.topics.get(TOPICS.fromManager) ?? []).filter(({ partition, offset }) => offset >= from[partition]!);
    if (find().length === 0 && Number(query.get("wait")) > 0) await this.#change(signal);
    const next = [0, 1]
      .map((partition) => `${partition}:${Math.max(from[partition]!, this.#end(partition))}`)
      .join(",");
    return Response.json({ records: find(), next });
  }

  #change(signal?: AbortSignal | null): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#changed.push(resolve);
      signal?.addEventListener("abort", () => reject(signal.reason));
    });
  }
}

function problem(status: number, code: string): Response {
  return Response.json({ status, code, detail: code, fix: "" }, { status });
}
