import { spawn } from "node:child_process";

/**
 * Opens an address in the user's browser, as far as there is one: a machine without a screen is passed over in silence,
 * since the address is printed anyway.
 */
export function openBrowser(url: string, environment: NodeJS.ProcessEnv = process.env): void {
  const call = browserCall(url, process.platform, environment);
  if (!call) return;
  const [program, ...args] = call;
  const child = spawn(program, args, { stdio: "ignore", detached: true });
  child.on("error", () => {});
  child.unref();
}

/** The program that opens an address on this platform, with its arguments; undefined without a screen. */
export function browserCall(
  url: string,
  platform: NodeJS.Platform,
  environment: NodeJS.ProcessEnv,
): [string, ...string[]] | undefined {
  switch (platform) {
    case "darwin":
      return ["open", url];
    case "win32":
      // Not by cmd and `start`, to whose quoting an address would have to be fitted.
      return ["rundll32", "url.dll,FileProtocolHandler", url];
    default:
      return environment.DISPLAY || environment.WAYLAND_DISPLAY ? ["xdg-open", url] : undefined;
  }
}
