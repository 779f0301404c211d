/** The engine's parts on a data folder: bus, registries, audit cache and manager, wired to the feed of changes. */
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { openAudit } from "../audit/open-audit.ts";
import type { ObservableBus } from "../bus/bus.ts";
import { openEmbeddedBus } from "../bus/embedded/bus.ts";
import { AntigraphError } from "../core/errors.ts";
import { TOPICS } from "../core/protocol.ts";
import { createFlowRegistry } from "../manager/flows.ts";
import { createHealthRegistry } from "../manager/health.ts";
import type { Logger } from "../manager/logger.ts";
import { createManager } from "../manager/manager.ts";
import { keepAuditSmall } from "./audit-retention.ts";
import { createChangeFeed } from "./change-feed.ts";
import { lockedBy, prepareDataFolder, removeOwner, writeOwner } from "./data-folder.ts";
import type { ApiHost } from "./host.ts";
import { createManagerSwitch } from "./manager-switch.ts";
import { openProfiles } from "./profiles.ts";

/** How long ended journeys stay in the audit cache. */
export const RETENTION_DAYS = 30;

export type EngineParts = Pick<
  ApiHost,
  "bus" | "audit" | "flows" | "health" | "manager" | "changes" | "profiles" | "negations" | "storage"
> & {
  /** Tells other processes where this console listens. */
  announce(url: string): void;
};

/**
 * Opens the parts and starts the manager; `onClose` takes what closes each of them.
 * @throws AntigraphError as `openConsole`
 */
export async function openEngine(
  { dataDir, profile, clock, logger }: { dataDir: string; profile?: string; clock: () => number; logger: Logger },
  onClose: (close: () => void | Promise<void>) => void,
): Promise<EngineParts> {
  prepareDataFolder(dataDir);
  const file = join(dataDir, "bus.sqlite");
  const bus = openBus(dataDir, file, clock, logger);
  onClose(() => bus.close());
  const owner = { pid: process.pid, since: new Date(clock()).toISOString() };
  writeOwner(dataDir, owner);
  onClose(() => removeOwner(dataDir));
  const profiles = openProfiles(dataDir, profile, { clock });
  if (profiles.current().kind === "kafka") {
    throw new AntigraphError("not_supported", "This version of the console can't open a Kafka profile yet.");
  }

  const flows = await createFlowRegistry({ bus, topic: TOPICS.edits, negations: profiles.negations.get, logger });
  onClose(() => flows.close());
  const health = await createHealthRegistry({ bus, topic: TOPICS.services, clock });
  onClose(() => health.close());
  const audit = await openAudit({ bus, topic: TOPICS.audit, file: join(dataDir, "audit.sqlite"), logger });
  onClose(() => audit.close());
  onClose(keepAuditSmall({ audit, days: RETENTION_DAYS, now: clock, logger }));
  const manager = createManagerSwitch(createManager({ bus, flows, health, clock, logger }));
  onClose(() => manager.setRunning(false));
  await manager.setRunning(true);

  const changes = createChangeFeed({ firstId: clock() });
  onClose(() => changes.close());
  audit.onChange((list) => changes.journeys(list));
  flows.onChange(() => changes.flows([...new Set(flows.list().map(({ record }) => record.name))]));
  health.onChange(() => changes.services());
  manager.onChange(() => changes.manager());
  return {
    bus,
    audit,
    flows,
    health,
    manager,
    changes,
    profiles,
    negations: profiles.negations,
    storage: { path: file, sizeBytes: () => sizeOf(file) },
    announce: (url) => writeOwner(dataDir, { ...owner, url }),
  };
}

function openBus(dataDir: string, file: string, clock: () => number, logger: Logger): ObservableBus {
  try {
    return openEmbeddedBus({ file, clock, logger });
  } catch (error) {
    if (error instanceof AntigraphError && error.code === "data_folder_locked") throw lockedBy(error, dataDir);
    throw error;
  }
}

/** The file with its write-ahead log. */
function sizeOf(file: string): number {
  return [file, `${file}-wal`].reduce((size, each) => size + (existsSync(each) ? statSync(each).size : 0), 0);
}
