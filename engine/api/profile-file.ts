/**
 * `profiles.json`: the profiles as the data folder keeps them, with their negation lists. No secret stands in it, only
 * where each one is: `"${NAME}"` in the environment, `{"key_store": "..."}` in the system's key store.
 */
import { join } from "node:path";
import { z } from "zod";
import { AntigraphError } from "../core/errors.ts";
import { readIfThere, writePrivately } from "./data-folder.ts";
import { ENVIRONMENTS, profileNameSchema, SASL_MECHANISMS } from "./schemas/profile.ts";
import { refineTopics, topicSettingsSchema } from "./schemas/topic-settings.ts";
import { variableIn } from "./secret-store.ts";

export const EMBEDDED = "embedded";

const secretSchema = z.union([
  z.string().refine((text) => variableIn(text) !== undefined, `a secret never stands in this file: write \${NAME}`),
  z.object({ key_store: z.string() }),
]);

const kafkaSchema = z
  .object({
    brokers: z.array(z.string()).min(1),
    prefix: z.string().default(""),
    topics: topicSettingsSchema.optional(),
    sasl: z
      .object({
        mechanism: z.enum(SASL_MECHANISMS),
        username: z.string().optional(),
        password: secretSchema.optional(),
        token_url: z.string().optional(),
        client_id: z.string().optional(),
        client_secret: secretSchema.optional(),
        scope: z.string().optional(),
      })
      .optional(),
    /** `ca` and `cert` are PEM text, or paths of files with it. */
    tls: z
      .object({
        ca: z.string().optional(),
        cert: z.string().optional(),
        key: z.union([z.object({ path: z.string() }), secretSchema]).optional(),
        server_name: z.string().optional(),
      })
      .optional(),
    registry: z
      .object({
        url: z.string(),
        username: z.string().optional(),
        password: secretSchema.optional(),
        ca: z.string().optional(),
        wire_format: z.enum(["json", "confluent"]).default("json"),
        validate: z.boolean().default(true),
      })
      .optional(),
  })
  .superRefine(refineTopics);

const storedProfileSchema = z
  .object({
    name: profileNameSchema,
    kind: z.enum(["embedded", "kafka"]),
    environment: z.enum(ENVIRONMENTS).default("dev"),
    read_only: z.boolean().default(false),
    run_manager: z.boolean().optional(),
    cluster_id: z.string().optional(),
    negations: z.record(z.string(), z.record(z.string(), z.array(z.string()))).default({}),
    kafka: kafkaSchema.optional(),
  })
  .refine(({ kind, kafka }) => kind !== "kafka" || kafka !== undefined, "a Kafka profile needs `kafka`");
const fileSchema = z.object({ current: z.string(), profiles: z.array(storedProfileSchema).min(1) });

export type StoredProfile = z.infer<typeof storedProfileSchema>;
export type StoredKafka = z.infer<typeof kafkaSchema>;
export type ProfilesFile = z.infer<typeof fileSchema>;

/** The file as it is; undefined where there is none yet. @throws AntigraphError data_folder_corrupt */
export function readProfiles(dataDir: string): ProfilesFile | undefined {
  const path = pathIn(dataDir);
  const text = readIfThere(path);
  if (text === undefined) return undefined;
  try {
    return fileSchema.parse(JSON.parse(text));
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
    throw new AntigraphError("data_folder_corrupt", `${path} can't be read: ${why}`);
  }
}

/** The file of a first start. */
export function firstProfiles(): ProfilesFile {
  const profile = { name: EMBEDDED, kind: EMBEDDED, environment: "dev", read_only: false, negations: {} } as const;
  return { current: EMBEDDED, profiles: [profile] };
}

/** Checked once more before it is written: whatever goes wrong above, no secret gets into the file. */
export function writeProfiles(dataDir: string, file: ProfilesFile): void {
  writePrivately(pathIn(dataDir), `${JSON.stringify(fileSchema.parse(file), undefined, 2)}\n`);
}

/** @throws AntigraphError profile_not_found */
export function findProfile(file: ProfilesFile, name: string): StoredProfile {
  const found = file.profiles.find((profile) => profile.name === name);
  if (found !== undefined) return found;
  const names = file.profiles.map((profile) => profile.name).join(", ");
  throw new AntigraphError("profile_not_found", `There is no profile ${name}; there are: ${names}.`);
}

function pathIn(dataDir: string): string {
  return join(dataDir, "profiles.json");
}
