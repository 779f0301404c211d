/**
 * One seeded run: random flows and journeys through the real core and manager over a bus that crashes managers, moves
 * partitions and fires timers late, with services that answer late, twice, in any order or never, and an operator who
 * meddles, and settles what is left. What must hold is checked after every commit and at the end (promises.ts).
 */
import { randomFlow, SERVICES, type SimFlow } from "./flows.ts";
import { Broken, History } from "./history.ts";
import { Operator } from "./operator.ts";
import { Promises } from "./promises.ts";
import { type Random, seeded } from "./random.ts";
import { assertRestartsChangeNothing } from "./restart-always.ts";
import { SimServices } from "./services.ts";
import { PARTITIONS, Recording } from "./world.ts";

/** After so many steps the world calms down, and everything must come to its end. */
const STORMY_STEPS = 350;
const MAXIMUM_STEPS = 20_000;
const MAXIMUM_STARTS = 12;

export interface SimResult {
  seed: number;
  journeys: number;
  events: number;
  statuses: Record<string, number>;
  /** Commits that didn't happen: of managers that died before, and of those that had lost the partition. */
  crashed: number;
  fenced: number;
}

export interface SimOptions {
  /** Does the same run again with the memory dropped after every commit; the outcome must be the same to the byte. */
  restartAlways?: boolean;
}

export async function simulate(seed: number, options: SimOptions = {}): Promise<SimResult> {
  const run = await Run.begin(seed, options);
  try {
    await run.toItsEnd();
    if (options.restartAlways) await assertRestartsChangeNothing(run.recording);
  } catch (error) {
    throw run.explained(error as Error);
  }
  return run.result();
}

class Run {
  readonly recording: Recording;
  private readonly seed: number;
  private readonly random: Random;
  private readonly flows = new Map<string, SimFlow>();
  private readonly names: string[];
  private readonly history: History;
  private readonly services: SimServices;
  private readonly operator: Operator;
  private readonly promises: Promises;
  private readonly withRestarts: boolean;
  private isStormy = true;

  static async begin(seed: number, { restartAlways = false }: SimOptions): Promise<Run> {
    const random = seeded(seed);
    // With the time after a takeover in which nothing is given up on, a restart does change when things happen.
    const takeoverMs = random.chance(0.5) || restartAlways ? 0 : 10_000;
    const options = { seed, services: SERVICES, managers: 2 + random.below(2), takeoverMs };
    return new Run(seed, random, await Recording.begin(options), restartAlways);
  }

  private constructor(seed: number, random: Random, recording: Recording, withRestarts: boolean) {
    this.withRestarts = withRestarts;
    this.seed = seed;
    this.random = random;
    this.recording = recording;
    const { bus, health } = recording.world;
    this.names = Array.from({ length: 1 + random.below(4) }, (_, index) => `flow-${index}`);
    this.history = new History(bus);
    this.services = new SimServices(recording, random, this.flows);
    this.operator = new Operator(recording, random, this.flows, this.history);
    this.promises = new Promises(bus, this.history, this.services, this.flows, this.operator.junk, health.registry);
    this.operator.foresee = (journey, action, data) => this.promises.plans.foresee(journey, action, data);
  }

  private get bus() {
    return this.recording.world.bus;
  }

  async toItsEnd(): Promise<void> {
    for (const [index, name] of this.names.entries())
      await this.operator.publish(randomFlow(this.random, name, this.names.slice(index + 1)));
    for (let step = 0; ; step++) {
      if (step > MAXIMUM_STEPS) throw new Error("no end in sight");
      if (step === STORMY_STEPS) await this.calmDown();
      if (this.isStormy) await this.storm();
      const worked = await this.work();
      await this.services.run();
      if (worked || this.anythingUnread()) continue;
      if ((await this.advance()) || this.isStormy) continue;
      if (!(await this.operator.settle())) break;
    }
    this.promises.atTheEnd();
  }

  // ---- faults ----

  private async storm(): Promise<void> {
    const { random, operator, recording, bus } = this;
    if (operator.started.length < MAXIMUM_STARTS && random.chance(0.08)) await operator.start(this.names);
    if (random.chance(0.06)) await operator.act();
    if (random.chance(0.01)) await operator.babble();
    if (random.chance(0.008)) await operator.publishMore(this.names);
    if (random.chance(0.03)) this.changeHealth();
    if (random.chance(0.1)) await recording.perform((world) => world.bus.catchUp());
    if (random.chance(0.05)) this.move();
    if (random.chance(0.02)) {
      const member = random.below(bus.members.length);
      recording.perform((world) => world.bus.crash(member));
    }
    if (random.chance(0.005)) await this.restartManager();
  }

  private changeHealth(): void {
    const { random, recording } = this;
    const service = random.pick(SERVICES);
    const what = random.pick(["start", "start", "stop", "stop", "hold", "release"] as const);
    // Whether a service still holds its records is looked up from time to time, and by who restores at once.
    if (what === "hold" && this.withRestarts) return;
    recording.perform(({ health, bus }) => health[what](service, bus.now));
  }

  private move(): void {
    const { random, recording, bus } = this;
    const active = [...bus.members.keys()].filter((member) => bus.members[member]!.active);
    const [partition, to, clean] = [random.below(PARTITIONS), random.pick(active), random.chance(0.5)];
    recording.perform((world) => world.bus.move(partition, to, clean));
    this.promises.commands.moved(partition, to);
  }

  /** One manager leaves in good order, and a moment later joins again. */
  private async restartManager(): Promise<void> {
    const index = this.random.below(this.recording.world.managers.length);
    await this.recording.perform(async ({ managers }) => {
      await managers[index]!.stop();
      await managers[index]!.start();
    });
    for (const [partition, { owner }] of this.bus.partitions.entries())
      this.promises.commands.moved(partition, owner);
  }

  private async calmDown(): Promise<void> {
    this.isStormy = false;
    this.services.calm = true;
    await this.recording.perform(({ bus }) => bus.catchUp());
    this.recording.perform(({ bus, health }) => {
      for (const service of SERVICES) {
        health.release(service, bus.now);
        health.start(service);
      }
    });
  }

  // ---- work and time ----

  /** A manager works on a partition: its owner, or one that doesn't know yet that it has lost it. */
  private async work(): Promise<boolean> {
    const { random, bus, recording } = this;
    const partition = random.below(PARTITIONS);
    const zombies = bus.zombies(partition);
    const { owner } = bus.partitions[partition]!;
    const zombie = zombies.length > 0 && random.chance(0.3) ? random.pick(zombies) : undefined;
    // In the second run they have forgotten everything, and so read no flows that they need as owners later.
    const member = zombie === undefined || this.withRestarts ? owner : zombie;
    const limit = 1 + random.below(Math.max(1, bus.unread(partition)));
    const crash = this.isStormy && random.chance(0.08);
    if (member === owner && bus.unread(partition) === 0) return false;
    return recording.perform((world) => world.bus.step(member, partition, limit, crash));
  }

  private anythingUnread = (): boolean => this.bus.partitions.some((_, partition) => this.bus.unread(partition) > 0);

  /** Moves the clock to what comes next and fires it, late now and then. False when nothing is left to wait for. */
  private async advance(): Promise<boolean> {
    const { random, bus, recording, services } = this;
    const dues = [...bus.partitions.keys()].flatMap((partition) => {
      const due = bus.due(partition);
      return due === null ? [] : [{ partition, due }];
    });
    const answer = services.nextAt();
    const silence = recording.world.health.nextAt();
    const next = Math.min(answer, silence, ...dues.map(({ due }) => due));
    if (next > bus.now) this.assertNobodyWaitsInVain();
    if (next === Number.POSITIVE_INFINITY) return false;
    bus.now = Math.max(bus.now, next) + (random.chance(0.1) ? random.below(60_000) : 0);
    if (silence <= bus.now) recording.perform((world) => world.health.notice(world.bus.now));
    // What arrived until now is read before any timer fires.
    if (answer <= bus.now) return true;
    const crash = this.isStormy && random.chance(0.08);
    for (const { partition, due } of dues) {
      if (due <= bus.now) await recording.perform((world) => world.bus.fire(partition, crash));
    }
    return true;
  }

  /** Everything has been read and every timer that was due has fired. */
  private assertNobodyWaitsInVain(): void {
    const { registry } = this.recording.world.health;
    for (const { uuid, status, steps } of this.history.journeys()) {
      if (status !== "running") continue;
      for (const [id, step] of Object.entries(steps)) {
        if (step.waitingFor === "service" && step.status === "waiting" && registry.of(step.service) !== "down")
          throw new Broken("section 3", `${id} waits for a service that is there`, uuid);
      }
    }
  }

  // ---- what came of it ----

  result(): SimResult {
    const { bus, history, seed } = this;
    const statuses = history.statuses();
    const { crashed, fenced } = bus.refused;
    return { seed, journeys: history.journeys().length, events: history.events, statuses, crashed, fenced };
  }

  /** The failure with the history of the journey that shows it, or of those that are open, and their flows. */
  explained(error: Error): Error {
    const { history, seed, flows } = this;
    const open = history.journeys().filter(({ status }) => !/^(completed|rolled_back|terminated)$/.test(status));
    const named =
      error instanceof Broken && error.uuid !== undefined ? error.uuid : /[0-9a-f-]{36}/.exec(error.message)?.[0];
    const uuids = named === undefined ? open.slice(0, 2).map(({ uuid }) => uuid) : [named];
    const shown = uuids.flatMap((uuid) => {
      const journey = history.of(uuid);
      return journey === undefined
        ? []
        : [this.promises.tell(uuid), JSON.stringify(flows.get(`${journey.name}@${journey.version}`))];
    });
    return new Error([`seed ${seed}: ${error.message}`, ...shown].join("\n"), { cause: error });
  }
}
