/**
 * A real schema registry for tests: Apicurio from Maven Central, in memory, with Confluent's API. `SCHEMA_REGISTRY_URL`
 * names another one in its place. It dies with this process, and can be stopped and started again (then empty).
 */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { freePorts, LEASH, run } from "./kafka-cluster.ts";

const VERSION = "2.6.13.Final";
const ARTIFACT = "apicurio-registry-app";
const START_TIMEOUT_MS = 120_000;

export interface SchemaRegistry {
  /** Where Confluent's API begins. */
  url: string;
  /** Registers a JSON Schema, as anybody's tool would. Answers its id. */
  register(subject: string, schema: object): Promise<number>;
  stop(): Promise<void>;
}

/** Downloads Apicurio where it isn't there yet. Answers its folder. */
async function apicurio(): Promise<string> {
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "antigraph-apicurio", VERSION);
  const folder = join(cache, "app");
  if (existsSync(folder)) return folder;
  mkdirSync(cache, { recursive: true });
  const fresh = mkdtempSync(join(cache, "fresh-"));
  const artifact = `-Dartifact=io.apicurio:${ARTIFACT}:${VERSION}:tar.gz:all`;
  await run("mvn", ["-q", "-B", "dependency:copy", artifact, `-DoutputDirectory=${fresh}`]);
  const unpacked = mkdtempSync(join(cache, "unpacked-"));
  await run("tar", ["xzf", join(fresh, `${ARTIFACT}-${VERSION}-all.tar.gz`), "-C", unpacked]);
  rmSync(fresh, { recursive: true });
  // Whoever comes second finds the folder there already.
  if (existsSync(folder)) rmSync(unpacked, { recursive: true });
  else renameSync(unpacked, folder);
  return folder;
}

export async function startSchemaRegistry(): Promise<SchemaRegistry> {
  const given = process.env.SCHEMA_REGISTRY_URL;
  if (given) return registryAt(given, async () => {});
  const folder = await apicurio();
  const [port = 0] = await freePorts(1);
  const java = [
    ...["java", "-Xmx256m", `-Dquarkus.http.port=${port}`, "-Dquarkus.http.host=127.0.0.1"],
    ...["-jar", join(folder, `${ARTIFACT}-${VERSION}-runner.jar`)],
  ];
  const child = spawn("sh", ["-c", LEASH, "sh", ...java], { stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.on("error", () => {});
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  await new Promise<void>((resolve, reject) => {
    let said = "";
    const fail = (why: string) => {
      child.stdin.destroy();
      reject(new Error(`Apicurio didn't start: ${why}\n${said.slice(-4_000)}`));
    };
    const timer = setTimeout(() => fail("it took too long"), START_TIMEOUT_MS);
    child.once("error", (error) => fail(error.message));
    child.once("exit", () => fail("it ended"));
    child.stdout.on("data", (chunk) => {
      said = (said + chunk).slice(-16_000);
      if (!said.includes("Listening on")) return;
      clearTimeout(timer);
      resolve();
    });
  });
  return registryAt(`http://127.0.0.1:${port}/apis/ccompat/v7`, async () => {
    child.stdin.destroy();
    await ended;
  });
}

function registryAt(url: string, stop: () => Promise<void>): SchemaRegistry {
  return {
    url,
    async register(subject, schema) {
      // Without it Apicurio takes a schema that has no properties for something else.
      const text = JSON.stringify({ $schema: "http://json-schema.org/draft-07/schema#", ...schema });
      const response = await fetch(`${url}/subjects/${subject}/versions`, {
        method: "POST",
        headers: { "content-type": "application/vnd.schemaregistry.v1+json" },
        body: JSON.stringify({ schemaType: "JSON", schema: text }),
      });
      const answer = (await response.json()) as { id?: number; message?: string };
      if (answer.id === undefined) throw new Error(`the registry refuses ${subject}: ${answer.message}`);
      return answer.id;
    },
    stop,
  };
}
