/**
 * Antigraph from outside: a console as a process of its own, spoken to over HTTP only, by services that know nothing but
 * the bold fields of the protocol (section 2). Flows are written as a Flume export would hold them.
 *
 * A journey's services do what its script says: for each function a list of answers, one a call, the last one for all
 * calls after; what the script doesn't name succeeds with { by: FUNCTION }.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll } from "vitest";
import type { JourneyEvent } from "../../engine/core/events.ts";
import type { JourneyStatus, JourneyView } from "../../engine/core/view.ts";

const CLI = fileURLToPath(new URL("../../engine/cli/antigraph.mjs", import.meta.url));
/** How long a wait lasts before it says what it saw instead (ms). */
const WAIT_LIMIT_MS = 20_000;

export type Answer =
  | { status: "success"; data: unknown }
  | { status: "inprogress"; data?: unknown }
  | { status: "failure"; data?: unknown; error?: { code: string; message?: string; retryable?: boolean } };
/** null: say nothing. A list: all of them, one after the other. */
export type Script = Record<string, (Answer | Answer[] | null)[]>;

export const ok = (data: unknown): Answer => ({ status: "success", data });
export const progress: Answer = { status: "inprogress", data: null };
export const fail = (code = "boom", retryable?: boolean): Answer => ({
  status: "failure",
  data: null,
  error: { code, message: `it is ${code}`, ...(retryable !== undefined && { retryable }) },
});
export const silence = null;

/** A command as a service sees it. */
export interface Command {
  id: string;
  headers: Record<string, string>;
  value: {
    uuid: string;
    name: string;
    version: string;
    service: string;
    function: string;
    schema_version: string;
    data: unknown;
    step: string;
    attempt: number;
    undo?: { step: string; function: string; input?: unknown; output?: unknown; error?: unknown };
  };
}

interface TopicRecord {
  partition: number;
  offset: number;
  key: string | null;
  headers: Record<string, string>;
  value: string | null;
}

export interface FlowSketch {
  /** "a>b>c; a>d": chains of step ids. */
  graph: string;
  /** Types of the steps that aren't `svc.ID`. */
  types?: Record<string, string>;
  /** By service and function; without it each function of `svc` has one: un_ID. */
  negations?: Record<string, Record<string, string[]>>;
  steps?: Record<string, Record<string, unknown>>;
  policy?: Record<string, unknown>;
  name?: string;
  version?: string;
}

/** The flow file of a sketch, with a port for each edge, as an export would have it. */
export function flowFile({ graph, types = {}, negations, steps, policy, name, version = "1" }: FlowSketch) {
  const chains = graph.split(";").map((chain) => chain.split(">").map((id) => id.trim()));
  const ids = [...new Set(chains.flat())];
  const node = (id: string) => ({
    id,
    type: types[id] ?? `svc.${id}`,
    x: 0,
    y: 0,
    width: 160,
    inputData: {},
    connections: {
      inputs: {} as Record<string, { nodeId: string; portName: string }[]>,
      outputs: {} as Record<string, { nodeId: string; portName: string }[]>,
    },
  });
  const nodes = Object.fromEntries(ids.map((id) => [id, node(id)]));
  for (const chain of chains)
    for (const [index, to] of chain.slice(1).entries()) {
      const from = chain[index]!;
      nodes[from]!.connections.outputs[`to ${to}`] = [{ nodeId: to, portName: `from ${from}` }];
      nodes[to]!.connections.inputs[`from ${from}`] = [{ nodeId: from, portName: `to ${to}` }];
    }
  const plain = ids.filter((id) => types[id] === undefined);
  const all = negations ?? { svc: Object.fromEntries(plain.map((id) => [id, [`un_${id}`]])) };
  const workflow = { nodes, negations: all, ...(steps && { steps }), ...(policy && { policy }) };
  return { name: name ?? `flow ${randomUUID().slice(0, 8)}`, version, schema_version: "1", workflow };
}

/** Starts a console before the tests of this file, and ends it after them. */
export function outsider(consoleArgs: string[] = []) {
  const dataDir = mkdtempSync(join(tmpdir(), "antigraph-outside-"));
  let child: ChildProcess | undefined;
  let url = "";
  let token = "";
  let stopped = false;
  /** The last crash, until the console is back. */
  let crashing: Promise<void> | undefined;
  const reading = new Set<AbortController>();
  const journeys = new Map<string, Handle>();
  const positions: Record<string, string> = {};
  const strays: [topic: string, record: TopicRecord][] = [];
  const waiters = new Set<() => void>();
  const published = new Set<string>();

  async function start(): Promise<void> {
    stopped = false;
    child = spawn(
      process.execPath,
      [CLI, "console", "--port", "0", "--no-open", "--no-samples", "--json", "--data", dataDir, ...consoleArgs],
      {
        stdio: ["ignore", "pipe", "pipe"],
        env: { ...process.env, ANTIGRAPH_TOKEN: undefined, ANTIGRAPH_DATA: undefined },
      },
    );
    let out = "";
    let err = "";
    const said = await new Promise<string>((resolve, reject) => {
      const grow = (chunk: Buffer) => {
        out += chunk;
        if (/\}\s*$/.test(out)) resolve(out);
      };
      child!.stdout!.on("data", grow);
      child!.stderr!.on("data", (chunk: Buffer) => (err += chunk));
      child!.on("exit", (code) => reject(new Error(`the console ended with ${code}: ${out}${err}`)));
    });
    url = JSON.parse(said).url;
    token = readFileSync(join(dataDir, "token"), "utf8").trim();
    for (const topic of ["fromanager", "antigraph.audit"]) void pump(topic);
  }

  async function stop(signal: NodeJS.Signals): Promise<void> {
    stopped = true;
    for (const one of reading) one.abort();
    const ended = new Promise((resolve) => child?.once("exit", resolve));
    if (child?.kill(signal)) await ended;
  }

  async function call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
    return await fetch(`${url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body !== undefined && { "content-type": "application/json" }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  }

  async function api(method: string, path: string, body?: unknown) {
    const response = await call(method, `/api/v1${path}`, body);
    return { status: response.status, body: await response.json() };
  }

  /** Reads a topic from where the last reader of it left off; every record is kept by its journey. */
  async function pump(topic: string): Promise<void> {
    const abort = new AbortController();
    reading.add(abort);
    while (!stopped) {
      try {
        const from = positions[topic] ?? "start";
        const path = `/api/v1/topics/${topic}/records?wait=10000&limit=1000&offset=${encodeURIComponent(from)}`;
        const response = await fetch(url + path, {
          headers: { authorization: `Bearer ${token}` },
          signal: abort.signal,
        });
        const { records, next }: { records: TopicRecord[]; next: string } = await response.json();
        positions[topic] = next;
        for (const record of records) take(topic, record);
        if (records.length > 0) for (const look of [...waiters]) look();
      } catch (error) {
        if (!stopped) throw error;
      }
    }
    reading.delete(abort);
  }

  function take(topic: string, record: TopicRecord): void {
    const value = JSON.parse(record.value ?? "null");
    const journey = journeys.get(value?.uuid);
    if (!journey) {
      strays.push([topic, record]);
      return;
    }
    if (topic === "antigraph.audit") journey.events.push(value);
    else if (!journey.commands.some(({ id }) => id === record.headers.id)) {
      const command: Command = { id: record.headers.id ?? "", headers: record.headers, value };
      journey.commands.push(command);
      void journey.answer(command);
    }
  }

  /** Resolves once `look` finds something; it is asked again whenever a record has come. */
  function until<T>(what: () => string, look: () => T | undefined | Promise<T | undefined>): Promise<T> {
    return new Promise((resolve, reject) => {
      const limit = setTimeout(() => end(() => reject(new Error(what()))), WAIT_LIMIT_MS);
      const end = (settle: () => void) => {
        clearTimeout(limit);
        waiters.delete(ask);
        settle();
      };
      const ask = () =>
        void Promise.resolve()
          .then(look)
          .then(
            (found) => found !== undefined && end(() => resolve(found)),
            (error) => end(() => reject(error)),
          );
      waiters.add(ask);
      ask();
    });
  }

  const produce = (topic: string, value: unknown, key: string | null = null, more: Record<string, unknown> = {}) =>
    api("POST", `/topics/${topic}/records`, { key, value, ...more });

  async function publish(sketch: FlowSketch | ReturnType<typeof flowFile>) {
    const file = "workflow" in sketch ? sketch : flowFile(sketch);
    if (!published.has(`${file.name}/${file.version}`)) {
      const { status, body } = await api("POST", "/flows", file);
      if (status >= 300) throw new Error(JSON.stringify(body));
      published.add(`${file.name}/${file.version}`);
    }
    return { name: file.name, version: file.version };
  }

  /** Follows a journey: its commands and events are kept, and answered by the script. */
  function follow(uuid: string, script: Script = {}): Handle {
    const handle: Handle = { ...journeyOf(uuid, script) };
    journeys.set(uuid, handle);
    // What came before anyone followed it.
    for (const [topic, record] of strays.splice(0)) take(topic, record);
    return handle;
  }

  async function run(
    sketch: FlowSketch | ReturnType<typeof flowFile>,
    script: Script = {},
    data: unknown = { start: true },
  ) {
    const { name, version } = await publish(sketch);
    const handle = follow(randomUUID(), script);
    const { status, body } = await api("POST", "/journeys", { name, version, data, uuid: handle.uuid });
    if (status !== 202) throw new Error(JSON.stringify(body));
    return handle;
  }

  /** Lets time go by on the console's own clock: a journey that only waits. */
  async function pass(ms: number): Promise<void> {
    const sketch = { graph: "w", types: { w: "manager.wait" }, steps: { w: { for: ms } }, name: `wait ${ms}` };
    await (await run(sketch)).event("journey.completed");
  }

  type Handle = ReturnType<typeof journeyOf>;
  function journeyOf(uuid: string, script: Script) {
    const commands: Command[] = [];
    const events: JourneyEvent[] = [];
    const tell = () =>
      `${uuid}\n${events.map((e) => [e.seq, e.type, e.step, e.function, e.error?.code].join(" ")).join("\n")}`;
    const command = (called: string, nth = 1): Promise<Command> =>
      until(
        () => `${called} (${nth}) was not sent: ${tell()}`,
        () => commands.filter(({ value }) => value.function === called)[nth - 1],
      );
    /** An answer with the bold fields only, or with step and attempt echoed. */
    async function reply(to: Command | string, answer: Answer, echo = false): Promise<void> {
      const asked = typeof to === "string" ? await command(to) : to;
      const { uuid, name, version, service, function: called, schema_version, step, attempt } = asked.value;
      const bold = { uuid, name, version, service, function: called, schema_version, data: null };
      const { status, body } = await produce(
        "tomanager",
        { ...bold, ...answer, ...(echo && { step, attempt }) },
        uuid,
      );
      if (status >= 300) throw new Error(JSON.stringify(body));
    }
    return {
      uuid,
      script,
      commands,
      events,
      tell,
      reply,
      async answer(command: Command): Promise<void> {
        const { function: called } = command.value;
        const list = script[called] ?? script["*"];
        const nth = commands.filter(({ value }) => value.function === called).indexOf(command);
        const said = list ? list[Math.min(nth, list.length - 1)] : ok({ by: called });
        // A service keeps its answer until it is taken; one that a killed console took may come twice.
        for (const one of said === null || said === undefined ? [] : [said].flat())
          await reply(command, one).catch(async (error) => {
            if (!crashing) throw error;
            await crashing;
            await reply(command, one);
          });
      },
      /** The functions called so far, in order. */
      sent: () => commands.map(({ value }) => value.function),
      command,
      event: (type: string, about: Partial<JourneyEvent> = {}, nth = 1) =>
        until(
          () => `no ${nth}. ${type} ${JSON.stringify(about)}: ${tell()}`,
          () =>
            events.filter(
              (event) =>
                event.type === type &&
                Object.entries(about).every(([key, value]) => event[key as keyof JourneyEvent] === value),
            )[nth - 1],
        ),
      async view(at = ""): Promise<JourneyView> {
        while (true) {
          const { status, body } = await api("GET", `/journeys/${uuid}${at}`);
          if (status !== 200) throw new Error(JSON.stringify(body));
          if (at || body.seq >= events.length) return body;
        }
      },
      until(status: JourneyStatus): Promise<JourneyView> {
        return until(
          () => `not ${status}: ${tell()}`,
          async () => {
            if (events.length === 0) return undefined;
            const view = await this.view();
            // The events that led there have been read here, too.
            return view.status === status && events.length >= view.seq ? view : undefined;
          },
        );
      },
      act: (action: string, fields: Record<string, unknown> = {}) =>
        api("POST", `/journeys/${uuid}/actions`, { action, reason: "the test says so", ...fields }),
      dryRun: (action: string, fields: Record<string, unknown> = {}) =>
        api("POST", `/journeys/${uuid}/actions`, { action, reason: "a look", dry_run: true, ...fields }),
    };
  }

  beforeAll(start);
  afterAll(async () => {
    await stop("SIGTERM");
    rmSync(dataDir, { recursive: true, force: true });
  });
  return {
    dataDir,
    call,
    api,
    produce,
    publish,
    follow,
    run,
    until,
    pass,
    /** kill -9, and a new console on the same folder. */
    async crash(): Promise<void> {
      crashing = stop("SIGKILL").then(start);
      await crashing;
    },
    /** Runs a command of the command line against this console. */
    cli(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
      return new Promise((resolve) => {
        const process_ = spawn(process.execPath, [CLI, ...args], {
          stdio: ["ignore", "pipe", "pipe"],
          env: { ...process.env, ANTIGRAPH_TOKEN: token, ANTIGRAPH_URL: url, ANTIGRAPH_DATA: undefined },
        });
        const text = { out: "", err: "" };
        process_.stdout.on("data", (chunk) => (text.out += chunk));
        process_.stderr.on("data", (chunk) => (text.err += chunk));
        process_.on("close", (code) => resolve({ code, ...text }));
      });
    },
  };
}
