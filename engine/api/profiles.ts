/**
 * The profiles of a console and the rules that bind them: how strict each one's environment is, and whether anything may
 * be changed on it now.
 *
 * An environment belongs to a cluster, not to a name: of the profiles that have reached the same cluster, all are as
 * strict as the strictest. Production opens read-only; an operator unlocks it with a reason, for 30 minutes, and never
 * across a restart.
 */
import type { KafkaInstallation } from "../bus/kafka/client.ts";
import { AntigraphError } from "../core/errors.ts";
import { installationOf, strictestOf } from "./cluster-profile.ts";
import { connectionOf } from "./connection-of.ts";
import type { NegationStore, ProfileStore } from "./host.ts";
import {
  EMBEDDED,
  findProfile,
  firstProfiles,
  type ProfilesFile,
  readProfiles,
  type StoredKafka,
  type StoredProfile,
  writeProfiles,
} from "./profile-file.ts";
import { openProfileLog, type ProfileEvent } from "./profile-log.ts";
import { forgetSecrets, fromDraft, storeSecrets, withoutSecrets } from "./profile-secrets.ts";
import { type Profile, profileNameSchema } from "./schemas/profile.ts";
import { noSecretStore, type SecretSources, type SecretStore } from "./secret-store.ts";

/** How long production stays unlocked. */
export const UNLOCKED_MS = 30 * 60_000;
const MAXIMUM_PROFILES = 100;

export interface ProfilesOptions {
  /** The key store of this host; left out: there is none, secrets come from the environment. */
  secrets?: SecretStore;
  /** Default: the process's own. */
  environment?: Record<string, string | undefined>;
  /** Under whose name changes are logged. */
  actor?: string;
  /** Milliseconds since 1970; default Date.now. */
  clock?: () => number;
}

/**
 * Opens the profiles of a data folder; on the first start there is the embedded one.
 * @param wanted the profile to open; left out: the one that was open last
 * @throws AntigraphError profile_not_found, data_folder_corrupt
 */
export function openProfiles(
  dataDir: string,
  wanted?: string,
  options: ProfilesOptions = {},
): ProfileStore & { negations: NegationStore } {
  const file = readProfiles(dataDir) ?? firstProfiles();
  const name = findProfile(file, wanted ?? file.current).name;
  const isNew = readProfiles(dataDir) === undefined;
  if (isNew || file.current !== name) writeProfiles(dataDir, { ...file, current: name });
  file.current = name;
  return new Profiles(dataDir, file, options);
}

class Profiles implements ProfileStore {
  readonly #dataDir: string;
  readonly #file: ProfilesFile;
  readonly #sources: SecretSources;
  readonly #actor: string;
  readonly #clock: () => number;
  readonly #log;
  /** Until when the profile that is open is unlocked, in milliseconds since 1970. */
  #unlockedUntil = 0;
  #changing: Promise<unknown> = Promise.resolve();

  constructor(dataDir: string, file: ProfilesFile, options: ProfilesOptions) {
    this.#dataDir = dataDir;
    this.#file = file;
    this.#sources = {
      secrets: options.secrets ?? noSecretStore,
      environment: options.environment ?? process.env,
    };
    this.#actor = options.actor ?? "operator";
    this.#clock = options.clock ?? Date.now;
    this.#log = openProfileLog(dataDir);
  }

  readonly negations: NegationStore = {
    get: () => this.#current().negations,
    set: (list) => {
      this.#current().negations = list;
      this.#save();
    },
  };

  current(): Profile {
    return this.#publicPart(this.#current());
  }

  list(): Profile[] {
    return this.#file.profiles.map((profile) => this.#publicPart(profile));
  }

  events(): readonly ProfileEvent[] {
    return this.#log.events();
  }

  async keyStore(): Promise<{ available: boolean; why?: string }> {
    const why = await this.#sources.secrets.unavailable();
    return why === undefined ? { available: true } : { available: false, why };
  }

  connection(name: string): Promise<KafkaInstallation> {
    return installationOf(findProfile(this.#file, name), this.#sources);
  }

  async draftConnection(name: string, draft: Parameters<ProfileStore["put"]>[1]) {
    if (draft.kafka === undefined) {
      throw new AntigraphError("not_supported", "The embedded profile is part of this console: nothing to test.");
    }
    const kept = this.#file.profiles.find((profile) => profile.name === name)?.kafka;
    const kafka = fromDraft(draft.kafka, kept);
    return { ...(await connectionOf(kafka, this.#sources)), prefix: kafka.prefix, topics: kafka.topics ?? {} };
  }

  put: ProfileStore["put"] = (name, draft) =>
    this.#inTurn(async () => {
      const before = this.#file.profiles.find((profile) => profile.name === name);
      this.#assertMayBecome(name, draft.kind, before);
      if ((draft.kind === "kafka") !== (draft.kafka !== undefined)) {
        throw new AntigraphError("invalid_request", "A Kafka profile needs `kafka`, the embedded one has none.");
      }
      const { environment, read_only, run_manager } = draft;
      const after: StoredProfile = {
        name,
        kind: draft.kind,
        environment,
        read_only,
        ...(run_manager !== undefined && { run_manager }),
        negations: before?.negations ?? {},
      };
      if (draft.kafka !== undefined) {
        const drafted = fromDraft(draft.kafka, before?.kafka);
        after.kafka = await storeSecrets(name, drafted, this.#sources.secrets);
        // At other addresses there may be another cluster: which one, the next connection tells.
        if (sameBrokers(before?.kafka, after.kafka)) after.cluster_id = before?.cluster_id;
      }
      if (before === undefined) this.#file.profiles.push(after);
      else this.#file.profiles[this.#file.profiles.indexOf(before)] = after;
      this.#save();
      await forgetSecrets(before?.kafka, after.kafka, this.#sources.secrets);
      this.#tell(name, "profile.changed", before === undefined ? "added" : changeOf(before, after));
      return { profile: this.#publicPart(after), created: before === undefined };
    });

  remove: ProfileStore["remove"] = (name) =>
    this.#inTurn(async () => {
      const profile = findProfile(this.#file, name);
      if (profile.kind === EMBEDDED) {
        throw new AntigraphError("profile_in_use", "The embedded profile is part of the console: it stays.");
      }
      if (name === this.#file.current) {
        throw new AntigraphError("profile_in_use", `The profile ${name} is the one that is open.`);
      }
      this.#file.profiles.splice(this.#file.profiles.indexOf(profile), 1);
      this.#save();
      await forgetSecrets(profile.kafka, undefined, this.#sources.secrets);
      this.#tell(name, "profile.removed", "");
    });

  unlock(reason: string): Profile {
    const profile = this.current();
    if (profile.environment !== "prod") {
      throw new AntigraphError("forbidden_profile", `The profile ${profile.name} isn't production: it has no lock.`);
    }
    this.#unlockedUntil = this.#clock() + UNLOCKED_MS;
    this.#tell(profile.name, "profile.unlocked", reason);
    return this.current();
  }

  lock(): Profile {
    const wasOpen = this.#clock() < this.#unlockedUntil;
    this.#unlockedUntil = 0;
    const profile = this.current();
    if (wasOpen) this.#tell(profile.name, "profile.locked", "");
    return profile;
  }

  setCurrent(name: string, reason = ""): void {
    const { name: found } = findProfile(this.#file, name);
    if (found === this.#file.current) return;
    this.#file.current = found;
    this.#unlockedUntil = 0;
    this.#save();
    this.#tell(found, "profile.chosen", reason);
  }

  note(action: ProfileEvent["action"], reason: string): void {
    this.#tell(this.#file.current, action, reason);
  }

  reached(name: string, clusterId: string): void {
    const profile = this.#file.profiles.find((each) => each.name === name);
    if (profile === undefined || profile.cluster_id === clusterId) return;
    profile.cluster_id = clusterId;
    this.#save();
  }

  #current(): StoredProfile {
    return findProfile(this.#file, this.#file.current);
  }

  #assertMayBecome(name: string, kind: StoredProfile["kind"], before: StoredProfile | undefined): void {
    const refuse = (message: string) => new AntigraphError("invalid_request", message);
    if (before === undefined) {
      const valid = profileNameSchema.safeParse(name);
      if (!valid.success) throw refuse(`${name}: ${valid.error.issues[0]?.message}.`);
      // Profiles have folders, and not every system tells upper case from lower.
      const twin = this.#file.profiles.find((each) => each.name.toLowerCase() === name.toLowerCase());
      if (twin !== undefined) throw refuse(`There is a profile ${twin.name} already.`);
      if (this.#file.profiles.length >= MAXIMUM_PROFILES) throw refuse(`There are ${MAXIMUM_PROFILES} profiles.`);
    }
    const had = before?.kind ?? "kafka";
    if (kind !== had)
      throw refuse(`The profile ${name} is ${had === "kafka" ? "a Kafka cluster" : "the embedded one"}.`);
  }

  #publicPart(profile: StoredProfile): Profile {
    const { name, kind, run_manager, cluster_id, kafka } = profile;
    const strictest = strictestOf(this.#file, profile);
    const { environment } = strictest;
    const isOpen = name === this.#file.current && this.#clock() < this.#unlockedUntil;
    return {
      name,
      kind,
      environment,
      ...(environment !== profile.environment && {
        declared_environment: profile.environment,
        stricter_profile: strictest.name,
      }),
      read_only: environment === "prod" ? !isOpen : profile.read_only,
      run_manager: run_manager ?? environment !== "prod",
      ...(cluster_id !== undefined && { cluster_id }),
      ...(environment === "prod" && isOpen && { unlocked_until: new Date(this.#unlockedUntil).toISOString() }),
      ...(kafka && { kafka: withoutSecrets(kafka) }),
    };
  }

  #tell(profile: string, action: ProfileEvent["action"], reason: string): void {
    this.#log.add({ at: new Date(this.#clock()).toISOString(), profile, action, actor: this.#actor, reason });
  }

  #save(): void {
    writeProfiles(this.#dataDir, this.#file);
  }

  /** One change after the other: each of them reads, asks the key store, and writes. */
  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const turn = this.#changing.then(change, change);
    this.#changing = turn.catch(() => {});
    return turn;
  }
}

function sameBrokers(before: StoredKafka | undefined, after: StoredKafka): boolean {
  return before?.brokers.join() === after.brokers.join();
}

/** What the log says of a change: the part that makes the profile more or less strict. */
function changeOf(before: StoredProfile, after: StoredProfile): string {
  if (before.environment === after.environment) return "";
  return `environment ${before.environment} -> ${after.environment}`;
}
