/** What is known of a registry, kept on this disk: a process that starts while the registry is away knows as much as before. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";
import type { RegisteredSchema } from "./client.ts";

const PRIVATE_FILE = 0o600;

const copySchema = z.object({
  /** Of the registry; another one's schemas are not this one's. */
  url: z.string(),
  schemas: z.array(
    z.object({
      subject: z.string(),
      version: z.number(),
      id: z.number(),
      schemaType: z.string(),
      schema: z.string(),
      references: z.array(z.object({ name: z.string(), schema: z.string() })),
    }),
  ),
  /** Of these, the subjects that the registry has lost, and that stay in force until it has them again. */
  lost: z.array(z.string()).default([]),
});

/** What the file has of a registry. */
export interface RegistryCopy {
  schemas: readonly RegisteredSchema[];
  lost: readonly string[];
}

/** Undefined where there is none of this registry, or it can't be read: then it is as if nothing were known. */
export function readCopy(file: string, url: string): RegistryCopy | undefined {
  try {
    const copy = copySchema.parse(JSON.parse(readFileSync(file, "utf8")));
    return copy.url === url ? copy : undefined;
  } catch {
    return undefined;
  }
}

/** Whole or not at all. @throws Error of the file system */
export function writeCopy(file: string, url: string, { schemas, lost }: RegistryCopy): void {
  mkdirSync(dirname(file), { recursive: true });
  const fresh = `${file}.new`;
  writeFileSync(fresh, JSON.stringify({ url, schemas, lost }), { mode: PRIVATE_FILE, flush: true });
  renameSync(fresh, file);
}
