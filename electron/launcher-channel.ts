/**
 * What `npm start` and the Electron main process say to each other, over the channel Node opens between a parent and
 * its child. A packaged app has no such parent; then nothing is said.
 */

/** From the main process. `ready`: the window shows the console. `already running`: another one has the data folder. */
export type HostMessage = { type: "ready" } | { type: "already running" } | { type: "failed"; why: string };

/** To the main process. */
export type LauncherMessage = { type: "quit" };

export function isHostMessage(message: unknown): message is HostMessage {
  return hasType(message) && ["ready", "already running", "failed"].includes(message.type);
}

export function isLauncherMessage(message: unknown): message is LauncherMessage {
  return hasType(message) && message.type === "quit";
}

/** Tells the parent, if there is one that listens. Resolves once it is on its way. */
export function tellLauncher(message: HostMessage): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined || !process.connected) resolve();
    else process.send(message, () => resolve());
  });
}

/** Calls `quit` when the parent asks for it, or is gone. */
export function onLauncherQuit(quit: () => void): void {
  if (process.send === undefined) return;
  process.on("message", (message) => {
    if (isLauncherMessage(message)) quit();
  });
  process.on("disconnect", quit);
}

function hasType(message: unknown): message is { type: string } {
  return typeof message === "object" && message !== null && "type" in message && typeof message.type === "string";
}
