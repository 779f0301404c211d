/**
 * What may be sent when, from section 3 of the protocol and the events alone: a step goes out when all before it are
 * settled, with the data that the flow says; nothing goes out of a journey that is paused, has ended or rolls back; no
 * clock runs out before its time; numbers of attempts never begin anew.
 */
import { isDeepStrictEqual } from "node:util";
import type { JourneyEvent } from "../../engine/core/events.ts";
import type { Journey } from "../../engine/core/journey.ts";
import { MANAGER } from "../../engine/core/protocol.ts";
import type { HealthRegistry } from "../../engine/manager/health.ts";
import { keyOf, type SimFlow } from "./flows.ts";
import { Broken, type Seen } from "./history.ts";

interface Track {
  /** `dead`: in a branch that was undone, so that no edge out of it is taken. */
  settled: "waiting" | "succeeded" | "skipped" | "dead";
  /** It succeeded, and nothing has begun to undo it. */
  stands: boolean;
  output: unknown;
  /** An attempt has been made in this run, or its data was given: the flow's word on its data is not the last one. */
  given: boolean;
}

interface Course {
  steps: Map<string, Track>;
  /** The highest number given out, of steps and of their negations. */
  attempts: Map<string, number>;
  /** Attempts since somebody last began anew, and whether the last answer forbids another one. */
  tries: Map<string, { made: number; isFinal: boolean }>;
  isPaused: boolean;
}

export class ForwardPromise {
  private readonly courses = new Map<string, Course>();
  private readonly flows: ReadonlyMap<string, SimFlow>;

  private readonly health: HealthRegistry;

  constructor(flows: ReadonlyMap<string, SimFlow>, health: HealthRegistry) {
    this.flows = flows;
    this.health = health;
  }

  see({ event, before, after }: Seen): void {
    const course = this.courses.get(event.uuid) ?? newCourse();
    this.courses.set(event.uuid, course);
    try {
      if (event.type === "step.dispatched" && before) this.assertMayBeSent(event, before, course);
      if (event.type === "undo.dispatched" || event.type === "step.dispatched") assertNumbered(event, course);
      if (event.type === "step.timed_out" || event.type === "undo.timed_out") this.assertInTime(event, before);
      this.assertMayRetry(event, course);
      if (event.type === "journey.completed") this.assertAllSettled(event, after, course);
    } catch (error) {
      throw new Broken("section 3", (error as Error).message, event.uuid);
    }
    note(event, course);
  }

  private assertMayBeSent(event: JourneyEvent, journey: Journey, course: Course): void {
    const id = event.step ?? "";
    const deny = (why: string): never => {
      throw new Error(`${id} was sent ${why}`);
    };
    const { rollback, status } = journey;
    // Behind a branch that is undone where the journey went back `to` a step it is held there again.
    const isBranch = rollback?.scope === "branch" && rollback.reset.length === 0;
    const goesOn = rollback === undefined || rollback.endedAt !== undefined || isBranch;
    if (course.isPaused) deny("while the journey was paused");
    if (status !== "running" && status !== "held" && !(goesOn && /^rollback_failed|rolling_back$/.test(status)))
      deny(`while the journey was ${status}`);
    if (!goesOn) deny("in a rollback that wants nothing new");
    const flow = this.flows.get(keyOf(event.name, event.version));
    const predecessors = flow?.edges[id];
    if (!flow || !predecessors) throw new Error(`${id} was sent and is no step of ${event.name} ${event.version}`);
    const track = trackOf(course, id);
    if (track.given) return;
    const settled = predecessors.map((one) => trackOf(course, one).settled);
    if (settled.includes("waiting")) deny(`before ${predecessors[settled.indexOf("waiting")]} was settled`);
    if (predecessors.length > 0 && !settled.includes("succeeded")) deny("although no edge into it was taken");
    const mapped = flow.steps[id]?.input !== undefined || flow.calls[id] === `${MANAGER}.each`;
    const expected = dataOf(predecessors, journey.input, course);
    if (!mapped && !isDeepStrictEqual(event.data ?? null, expected))
      deny(`with ${JSON.stringify(event.data)}, not ${JSON.stringify(expected)}`);
  }

  /** Policies of retries: so many attempts in all, and none after an answer that forbids it. */
  private assertMayRetry(event: JourneyEvent, course: Course): void {
    const isUndo = event.type.startsWith("undo.");
    const name = isUndo ? `${event.step}/${event.function}` : (event.step ?? "");
    const tries = course.tries.get(name) ?? { made: 0, isFinal: false };
    course.tries.set(name, tries);
    if (/^(step|undo)\.failed$/.test(event.type)) tries.isFinal = event.error?.retryable === false;
    if (/^(step|undo)\.dispatched$/.test(event.type)) {
      if (event.detail?.again === true) tries.made = 0;
      tries.made++;
      tries.isFinal = false;
    }
    if (!/^(step|undo)\.retry_scheduled$/.test(event.type) || event.detail?.waiting_for !== undefined) return;
    if (event.actor !== undefined) {
      Object.assign(tries, { made: 0, isFinal: false });
      return;
    }
    if (tries.isFinal) throw new Error(`${name} is tried again although its last answer forbids that`);
    const settings = this.flows.get(keyOf(event.name, event.version))?.steps[event.step ?? ""] ?? {};
    const policy = (isUndo ? settings.negationRetry : settings.retry) as { maximumAttempts?: number } | undefined;
    const most = policy?.maximumAttempts ?? (isUndo ? 3 : 1);
    if (tries.made >= most) throw new Error(`${name} is tried more often than ${most} times`);
  }

  /** The clock that ran out had a time, and it has passed, without the time in which the service held its records. */
  private assertInTime(event: JourneyEvent, before: Journey | undefined): void {
    const step = before?.steps[event.step ?? ""];
    const call = event.type === "undo.timed_out" ? step?.undo?.[event.function ?? ""] : step;
    const now = Date.parse(event.at);
    const total = call?.totalDueAt ?? Number.POSITIVE_INFINITY;
    if (before?.paused) throw new Error(`${event.step} timed out while the journey was paused`);
    if (total <= now) return;
    const { dueAt = total, clockAt = now } = call ?? {};
    const heldMs = this.health.heldMs(event.service ?? "", clockAt, now);
    if (dueAt + heldMs > now) throw new Error(`${event.step} timed out before its time`);
  }

  private assertAllSettled(event: JourneyEvent, after: Journey, course: Course): void {
    const flow = this.flows.get(keyOf(event.name, event.version));
    for (const id of Object.keys(flow?.edges ?? {})) {
      const { settled } = trackOf(course, id);
      const answered = after.rollback?.causes.includes(id) === true || after.steps[id]?.dead === true;
      if (settled === "waiting" && !answered) throw new Error(`the journey was completed without ${id}`);
    }
  }
}

const newCourse = (): Course => ({ steps: new Map(), attempts: new Map(), tries: new Map(), isPaused: false });

function trackOf(course: Course, step: string): Track {
  const found = course.steps.get(step) ?? { settled: "waiting", stands: false, output: null, given: false };
  course.steps.set(step, found);
  return found;
}

/** One predecessor: its output as it is. Several: by step id, of those that succeeded. None: the journey's input. */
function dataOf(predecessors: readonly string[], input: unknown, course: Course): unknown {
  const [first, ...more] = predecessors;
  if (first === undefined) return input;
  if (more.length === 0) return trackOf(course, first).output;
  const outputs = predecessors.flatMap((one) => {
    const { stands, output } = trackOf(course, one);
    return stands ? [[one, output]] : [];
  });
  return Object.fromEntries(outputs);
}

function assertNumbered(event: JourneyEvent, course: Course): void {
  const name = event.type === "undo.dispatched" ? `${event.step}/${event.function}` : (event.step ?? "");
  const highest = course.attempts.get(name) ?? 0;
  if (event.attempt !== highest + 1) throw new Error(`attempt ${event.attempt} of ${name} comes after ${highest}`);
  course.attempts.set(name, highest + 1);
}

function note(event: JourneyEvent, course: Course): void {
  const track = event.step === undefined ? undefined : trackOf(course, event.step);
  switch (event.type) {
    case "journey.paused":
      course.isPaused = true;
      break;
    case "journey.resumed": {
      course.isPaused = false;
      const { reset = [], forced = {} } = { ...event.detail } as {
        reset?: string[];
        forced?: Record<string, unknown>;
      };
      for (const id of reset) {
        course.steps.set(id, { settled: "waiting", stands: false, output: null, given: Object.hasOwn(forced, id) });
        for (const name of course.tries.keys())
          if (name === id || name.startsWith(`${id}/`)) course.tries.delete(name);
      }
      break;
    }
    case "rollback.started":
    case "rollback.joined": {
      const { scope, set = [] } = { ...event.detail } as { scope?: string; set?: string[] };
      if (scope !== "branch") break;
      for (const id of event.step === undefined ? set : [...set, event.step]) trackOf(course, id).settled = "dead";
      break;
    }
    case "step.dispatched":
      track!.given = true;
      break;
    case "step.retry_scheduled":
      if ("data" in event || event.attempt !== 1) track!.given = true;
      break;
    case "step.succeeded":
    case "step.settled_by_hand":
      if (track!.settled !== "dead") track!.settled = "succeeded";
      Object.assign(track!, { output: event.data ?? null, stands: true });
      break;
    case "undo.dispatched":
      track!.stands = false;
      break;
    case "step.skipped":
      if (track!.settled !== "dead") track!.settled = "skipped";
      break;
    default:
  }
}
