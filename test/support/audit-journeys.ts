/**
 * Makes up histories of journeys as a manager would write them: several flows in versions, most journeys complete, some
 * fail and are undone, a few are stuck, held, terminated or still running. The same seed gives the same events.
 */
import type { EventType, JourneyEvent } from "../../engine/core/events.ts";
import { partitionFor } from "../../engine/core/murmur2.ts";

export interface MadeRecord {
  partition: number;
  offset: number;
  value: string;
  timestamp: number;
  key: string;
}

export interface MakeOptions {
  journeys: number;
  seed?: number;
  partitions?: number;
  /** Starts are spread evenly from here to there; milliseconds since 1970. */
  fromMs?: number;
  toMs?: number;
  /** Journeys at work at the same time: their events are interleaved. */
  inFlight?: number;
}

interface MadeFlow {
  name: string;
  versions: number;
  steps: { id: string; service: string; function: string; undo: string[] }[];
}

const step = (id: string, service: string, name: string, ...undo: string[]) => ({
  id,
  service,
  function: name,
  undo,
});

const FLOWS: readonly MadeFlow[] = [
  {
    name: "onboarding",
    versions: 4,
    steps: [
      step("n2", "user", "create_user", "delete_user"),
      step("n3", "license", "add_license", "remove_license", "log_removal"),
      step("n4", "membership", "add_membership", "remove_membership"),
    ],
  },
  {
    name: "order",
    versions: 6,
    steps: [
      step("create", "order", "create_order", "reject_order"),
      step("authorize", "card", "authorize_card", "release_card"),
      step("ticket", "ticket", "create_ticket", "cancel_ticket"),
      step("approve", "order", "approve_order"),
    ],
  },
  {
    name: "offboarding",
    versions: 2,
    steps: [
      step("leave", "membership", "remove_membership", "add_membership"),
      step("revoke", "license", "remove_license", "add_license"),
      step("delete", "user", "delete_user"),
    ],
  },
  {
    name: "shipping",
    versions: 5,
    steps: [
      step("pick", "warehouse", "pick_items", "put_back"),
      step("label", "carrier", "book_label", "cancel_label"),
      step("notify", "mail", "send_mail"),
    ],
  },
  {
    name: "invoice",
    versions: 3,
    steps: [step("make", "billing", "make_invoice", "void_invoice"), step("send", "mail", "send_mail")],
  },
];

const NAMES = [
  "alice",
  "bob",
  "carol",
  "dave",
  "erin",
  "frank",
  "grace",
  "heidi",
  "ivan",
  "judy",
  "mallory",
  "olivia",
];
const FAILURES = [
  {
    code: "CARD_DECLINED",
    message: (n: number) => `card ending ${n % 10_000} was declined by bank "${NAMES[n % 12]} bank"`,
  },
  { code: "LIMIT_REACHED", message: (n: number) => `license pool ${n % 50} has no seats left` },
  {
    code: "UPSTREAM_503",
    message: (n: number) =>
      `request ${n.toString(16).padStart(8, "0")}-aa01-4bbb-8ccc-${n.toString().padStart(12, "0")} failed with 503 after ${n % 900} ms`,
  },
  { code: undefined, message: (n: number) => `customer 'C-${n}' is blocked` },
];

/** In batches of about `batchSize` records, in the order in which a topic would give them. */
export function* makeRecords(options: MakeOptions, batchSize: number): Generator<MadeRecord[]> {
  const { journeys, seed = 1, partitions = 12, inFlight = 200 } = options;
  const fromMs = options.fromMs ?? Date.UTC(2026, 9, 1);
  const toMs = options.toMs ?? Date.UTC(2026, 9, 31);
  const random = randomNumbers(seed);
  const offsets = Array.from({ length: partitions }, () => 0);
  const open: Generator<JourneyEvent>[] = [];
  let begun = 0;
  let batch: MadeRecord[] = [];
  while (begun < journeys || open.length > 0) {
    while (open.length < inFlight && begun < journeys) {
      const startMs = fromMs + Math.floor(((toMs - fromMs) * begun) / journeys);
      open.push(journeyEvents(begun, startMs, random));
      begun += 1;
    }
    const index = Math.floor(random() * open.length);
    const next = open[index]?.next();
    if (!next || next.done) {
      const last = open.pop();
      if (last && index < open.length) open[index] = last;
      continue;
    }
    const event = next.value;
    const partition = partitionFor(event.uuid, partitions);
    const offset = offsets[partition] ?? 0;
    offsets[partition] = offset + 1;
    batch.push({ partition, offset, value: JSON.stringify(event), timestamp: Date.parse(event.at), key: event.uuid });
    if (batch.length >= batchSize) {
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}

/** The history of one journey, `seq` from 1. */
export function* journeyEvents(index: number, startMs: number, random: () => number): Generator<JourneyEvent> {
  const flow = FLOWS[Math.floor(random() ** 2 * FLOWS.length)] ?? FLOWS[0];
  if (!flow) return;
  const version = String(1 + Math.floor(Math.sqrt(random()) * flow.versions));
  const uuid = uuidFrom(random);
  let seq = 0;
  let atMs = startMs;
  const event = (type: EventType, more: Partial<JourneyEvent> = {}): JourneyEvent => {
    seq += 1;
    const at = new Date(atMs).toISOString();
    const cause = { topic: "tomanager", partition: index % 12, offset: index * 4 + seq };
    return { uuid, seq, at, type, name: flow.name, version, ...more, cause };
  };
  const person = NAMES[Math.floor(random() * NAMES.length)] ?? "alice";
  const input = {
    customer: `C-${100_000 + index}`,
    email: `${person}.${index}@example.com`,
    plan: "pro",
    seats: 1 + (index % 50),
  };
  yield event("journey.started", { data: input });
  const kind = random();
  const failsAt = kind < 0.12 ? Math.floor(random() * flow.steps.length) : -1;
  const staysAt = kind > 0.98 ? Math.floor(random() * flow.steps.length) : -1;
  const done: MadeFlow["steps"] = [];
  for (const [number, { id, service, function: name, undo }] of flow.steps.entries()) {
    const call = { step: id, service, function: name, attempt: 1, id: `${uuid}/${id}/1` };
    atMs += Math.floor(random() * 5);
    yield event("step.dispatched", {
      ...call,
      data: { ...input, after: done.length },
      detail: { due: new Date(atMs + 30_000).toISOString() },
    });
    if (number === staysAt) {
      if (kind > 0.99)
        yield event(
          "journey.terminated",
          by("terminate", index, { error: { code: "terminated", message: "not needed" } }),
        );
      return;
    }
    atMs += Math.floor(random() ** 3 * 2_000);
    if (number === failsAt) {
      const failure = FAILURES[Math.floor(random() * FAILURES.length)];
      const error = { code: failure?.code, message: failure?.message(index) ?? "failed" };
      yield event("step.failed", { ...call, error });
      const set = flow.steps.map((other) => other.id);
      yield event("rollback.started", {
        step: id,
        reason: `${service}.${name} failed`,
        error,
        detail: { trigger: "failure", scope: "journey", set, blind: [] },
      });
      yield* undoSteps(done.reverse(), kind < 0.01);
      return;
    }
    yield event("step.succeeded", { ...call, data: { id: `${service}-${index}`, ok: true } });
    done.push({ id, service, function: name, undo });
  }
  yield event("journey.completed", { data: { id: `${flow.name}-${index}` } });

  function* undoSteps(steps: MadeFlow["steps"], stuck: boolean): Generator<JourneyEvent> {
    for (const { id, service, undo } of steps) {
      const calls = undo.map((name) => ({
        step: id,
        service,
        function: name,
        attempt: 1,
        id: `${uuid}/${id}/undo/${name}/1`,
      }));
      for (const call of calls) yield event("undo.dispatched", { ...call, data: { id: `${service}-${index}` } });
      for (const call of calls) {
        atMs += Math.floor(random() * 40);
        if (stuck) {
          const error = { code: "GONE", message: `${service} ${index} is not there` };
          yield event("undo.failed", { ...call, error });
          yield event("rollback.failed", { ...call, error });
          return;
        }
        yield event("undo.succeeded", { ...call, data: null });
      }
    }
    yield event("rollback.completed");
  }
}

const by = (action: string, index: number, more: Partial<JourneyEvent>): Partial<JourneyEvent> => ({
  id: `${action}-${index}`,
  actor: NAMES[index % 3] ?? "alice",
  reason: "asked by the customer",
  ...more,
});

/** Numbers in [0, 1): mulberry32. */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function uuidFrom(random: () => number): string {
  const hex = Array.from({ length: 4 }, () =>
    Math.floor(random() * 4_294_967_296)
      .toString(16)
      .padStart(8, "0"),
  ).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
