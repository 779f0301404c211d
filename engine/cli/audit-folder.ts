/** The audit cache of a data folder, opened without its console: one process owns the folder at a time. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import type { AuditHost } from "../audit/open-audit.ts";
import { AntigraphError } from "../core/errors.ts";
import { TOPICS } from "../core/protocol.ts";
import { defaultDataDir } from "./data-dir.ts";
import { Failure } from "./failure.ts";
import type { Io } from "./io.ts";
import { lineLogger } from "./line-logger.ts";

/** The options of every command on the audit cache. */
export const auditArgs = {
  data: { type: "string", description: "The data folder (default: ANTIGRAPH_DATA, else yours)", valueHint: "DIR" },
  json: { type: "boolean", description: "Answer as JSON" },
} as const;

/** Opens cache and bus, runs, and closes them. Throws Failure when a console has the folder, or when it is none. */
export async function withAudit<Result>(
  args: { data?: string },
  io: Io,
  run: (audit: AuditHost) => Promise<Result>,
): Promise<Result> {
  const dataDir = resolve(args.data ?? defaultDataDir(io.environment));
  const busFile = join(dataDir, "bus.sqlite");
  if (!existsSync(busFile)) {
    throw new Failure("data_folder_missing", `${dataDir} is no data folder of a console`);
  }
  const [{ openAudit }, { openEmbeddedBus }, { lockedBy }] = await Promise.all([
    import("../audit/open-audit.ts"),
    import("../bus/embedded/bus.ts"),
    import("../api/data-folder.ts"),
  ]);
  const logger = lineLogger(io, false);
  try {
    const bus = openEmbeddedBus({ file: busFile, logger });
    try {
      const audit = await openAudit({ bus, topic: TOPICS.audit, file: join(dataDir, "audit.sqlite"), logger });
      try {
        return await run(audit);
      } finally {
        await audit.close();
      }
    } finally {
      await bus.close();
    }
  } catch (error) {
    if (!(error instanceof AntigraphError) || error.code !== "data_folder_locked") throw error;
    throw new Failure(error.code, lockedBy(error, dataDir).message, "Stop that console first.");
  }
}
