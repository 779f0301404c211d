import { homedir } from "node:os";
import { join, resolve } from "node:path";

/**
 * Where a console keeps its data unless told otherwise: `ANTIGRAPH_DATA`, else the system's usual place for what a
 * program keeps for one user.
 */
export function defaultDataDir(
  environment: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
  home: string = homedir(),
): string {
  if (environment.ANTIGRAPH_DATA) return resolve(environment.ANTIGRAPH_DATA);
  switch (platform) {
    case "win32":
      return join(environment.LOCALAPPDATA || join(home, "AppData", "Local"), "antigraph");
    case "darwin":
      return join(home, "Library", "Application Support", "antigraph");
    default:
      // The XDG base directories ask for absolute paths and tell us to ignore others.
      return join(
        environment.XDG_DATA_HOME?.startsWith("/") ? environment.XDG_DATA_HOME : join(home, ".local", "share"),
        "antigraph",
      );
  }
}
