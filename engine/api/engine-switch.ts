/** The engine of the profile that is open, behind one name: another profile can take its place while the console runs. */
import { AntigraphError } from "../core/errors.ts";
import { type Engine, type EngineOptions, openEngine } from "./engine-parts.ts";

export interface EngineSwitch {
  /** @throws AntigraphError bus_unavailable between two profiles */
  current(): Engine;
  /**
   * Closes what is open and opens the profile of this name, also the same one anew. If that fails, the former profile is
   * opened again, and the failure told. Rejects with profile_not_found, secret_missing, file_unusable, data_folder_….
   */
  choose(name: string, reason: string): Promise<void>;
  /** Resolves when no profile is being opened. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

export interface EngineSwitchOptions extends Omit<EngineOptions, "onOtherLog"> {
  /** Called around each change of the profile: what hangs on the engine lets go of it, and takes the next one. */
  onClosing(): Promise<void>;
  onOpened(): void;
}

/** Opens the current profile. */
export async function openEngineSwitch(options: EngineSwitchOptions): Promise<EngineSwitch> {
  const { profiles, changes, logger } = options;
  let turn: Promise<unknown> = Promise.resolve();
  let isClosed = false;
  let isReopening = false;
  let engine: Engine | undefined;

  const onOtherLog = () => {
    if (isReopening || isClosed) return;
    isReopening = true;
    logger.warn({}, "What was kept of the profile is of another log: it is opened anew");
    void inTurn(() => reopen(profiles.current().name, ""))
      .catch((error: unknown) => logger.error({ err: error }, "The profile could not be opened anew"))
      .finally(() => {
        isReopening = false;
      });
  };
  const open = () => openEngine({ ...options, onOtherLog });

  async function reopen(name: string, reason: string): Promise<void> {
    if (isClosed) throw new AntigraphError("bus_unavailable", "The console closes.");
    const former = profiles.current().name;
    await options.onClosing();
    const closing = engine;
    engine = undefined;
    await closing
      ?.close()
      .catch((error: unknown) => logger.error({ err: error }, "A part of the former profile didn't close well"));
    try {
      profiles.setCurrent(name, reason);
      engine = await open();
    } catch (error) {
      profiles.setCurrent(former);
      engine = await open();
      throw error;
    } finally {
      changes.reset();
      options.onOpened();
    }
  }

  function inTurn<T>(change: () => Promise<T>): Promise<T> {
    const next = turn.then(change, change);
    turn = next.catch(() => {});
    return next;
  }

  // In turn too: what is found out while it opens may ask for it to be opened anew.
  await inTurn(async () => {
    engine = await open();
  });
  return {
    current() {
      if (engine) return engine;
      throw new AntigraphError("bus_unavailable", "The console is just opening a profile.");
    },
    choose: (name, reason) =>
      inTurn(async () => {
        const chosen = profiles.list().find((profile) => profile.name === name);
        if (!chosen) throw new AntigraphError("profile_not_found", `There is no profile ${name}.`);
        // What can be known to fail fails before anything is closed.
        if (chosen.kind === "kafka") await profiles.connection(name);
        await reopen(name, reason);
      }),
    settled: () => inTurn(async () => {}),
    close: () =>
      inTurn(async () => {
        isClosed = true;
        await engine?.close();
      }),
  };
}
