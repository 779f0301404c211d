/**
 * Deep links: `antigraph://journeys/UUID?tab=events` shows the page `/journeys/UUID?tab=events`. Anybody can make one,
 * so a link only ever shows a page: it calls nothing, signs in to nothing, and carries no fragment.
 */

export const DEEP_LINK_SCHEME = "antigraph";

/** The pages a link may show, by the first part of their path. */
const LINKED_PAGES: ReadonlySet<string> = new Set(["", "journeys", "flows", "services", "cluster", "activity"]);
const MAXIMUM_LINK_LENGTH = 2_000;

/** The path and query of the page a link shows; undefined when it is no link of ours or names no page. */
export function pagePathOf(link: string): string | undefined {
  if (link.length > MAXIMUM_LINK_LENGTH) return undefined;
  const url = URL.parse(link);
  if (url === null || url.protocol !== `${DEEP_LINK_SCHEME}:`) return undefined;
  // `antigraph://journeys/1`, `antigraph:///journeys/1` and `antigraph:journeys/1` are the same to whoever writes one.
  const path = `/${url.host}/${url.pathname}`.replace(/\/+/g, "/").replace(/(.)\/$/, "$1");
  const parts = path.split("/").slice(1);
  if (
    !LINKED_PAGES.has(parts[0] ?? "") ||
    parts.some((part) => part === "." || part === ".." || part.includes("\\"))
  ) {
    return undefined;
  }
  return path + url.search;
}

/** The page of the first deep link among a process's arguments: so Windows and Linux hand a link over. */
export function pagePathIn(args: readonly string[]): string | undefined {
  for (const argument of args) {
    const path = pagePathOf(argument);
    if (path !== undefined) return path;
  }
  return undefined;
}
