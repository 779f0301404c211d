/** The profiles and their negation lists, kept in `profiles.json`. */
import { join } from "node:path";
import { z } from "zod";
import { AntigraphError } from "../core/errors.ts";
import type { NegationList } from "../core/flow.ts";
import { readIfThere, writePrivately } from "./data-folder.ts";
import type { NegationStore, ProfileStore } from "./host.ts";
import type { Profile } from "./schemas/profile.ts";

export const EMBEDDED = "embedded";

const storedProfileSchema = z.object({
  name: z.string().min(1),
  kind: z.enum(["embedded", "kafka"]),
  environment: z.enum(["dev", "staging", "prod"]).default("dev"),
  read_only: z.boolean().default(false),
  negations: z.record(z.string(), z.record(z.string(), z.array(z.string()))).default({}),
});
const fileSchema = z.object({ current: z.string(), profiles: z.array(storedProfileSchema).min(1) });

type ProfilesFile = z.infer<typeof fileSchema>;

/**
 * Opens the profiles of a data folder; on the first start there is the embedded one.
 * @param wanted the profile to open; left out: the one that was open last
 * @throws AntigraphError profile_not_found, not_supported (Kafka), data_folder_corrupt
 */
export function openProfiles(dataDir: string, wanted?: string): ProfileStore & { negations: NegationStore } {
  const path = join(dataDir, "profiles.json");
  const file = readProfiles(path);
  const name = wanted ?? file.current;
  const current = file.profiles.find((profile) => profile.name === name);
  if (!current) {
    const names = file.profiles.map((profile) => profile.name).join(", ");
    throw new AntigraphError("profile_not_found", `There is no profile ${name}; there are: ${names}.`);
  }
  if (current.kind === "kafka") {
    throw new AntigraphError(
      "not_supported",
      `The profile ${name} is a Kafka cluster, which this version can't open.`,
    );
  }
  const save = () => writePrivately(path, `${JSON.stringify({ ...file, current: name }, undefined, 2)}\n`);
  if (file.current !== name) save();
  return {
    current: () => publicPart(current),
    list: () => file.profiles.map(publicPart),
    negations: {
      get: () => current.negations,
      set(list: NegationList) {
        current.negations = list;
        save();
      },
    },
  };
}

function readProfiles(path: string): ProfilesFile {
  const text = readIfThere(path);
  if (text === undefined) {
    const profile = { name: EMBEDDED, kind: EMBEDDED, environment: "dev", read_only: false, negations: {} } as const;
    const file: ProfilesFile = { current: EMBEDDED, profiles: [profile] };
    writePrivately(path, `${JSON.stringify(file, undefined, 2)}\n`);
    return file;
  }
  try {
    return fileSchema.parse(JSON.parse(text));
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
    throw new AntigraphError("data_folder_corrupt", `${path} can't be read: ${why}`);
  }
}

function publicPart({ name, kind, environment, read_only }: ProfilesFile["profiles"][number]): Profile {
  return { name, kind, environment, read_only };
}
