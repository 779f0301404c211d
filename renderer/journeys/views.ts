/** Filters with a name, kept on this machine. */

export interface SavedView {
  name: string;
  /** The page's URL parameters. */
  search: string;
}

const KEY = "antigraph.views";
/** So many views are kept. */
const MAXIMUM_VIEWS = 50;

export const BUILT_IN_VIEWS: readonly SavedView[] = [
  { name: "Need an operator", search: "status=rollback_failed,held" },
  { name: "Waiting for approval", search: "waiting=approval" },
  { name: "In flight", search: "status=running,rolling_back,paused" },
  { name: "Rolled back in the last 24 hours", search: "status=rolled_back&range=24h" },
  { name: "Failures of the last hour, grouped", search: "range=1h&view=groups" },
  { name: "Longest of the last 24 hours", search: "range=24h&sort=-duration" },
];

export function readViews(storage: Storage = localStorage): SavedView[] {
  try {
    const value: unknown = JSON.parse(storage.getItem(KEY) ?? "[]");
    return Array.isArray(value) ? value.filter(isView) : [];
  } catch {
    return [];
  }
}

/** Adds a view, or gives the name new content. The oldest goes when there are too many. */
export function saveView(view: SavedView, storage: Storage = localStorage): SavedView[] {
  const views = [...readViews(storage).filter(({ name }) => name !== view.name), view].slice(-MAXIMUM_VIEWS);
  storage.setItem(KEY, JSON.stringify(views));
  return views;
}

export function removeView(name: string, storage: Storage = localStorage): SavedView[] {
  const views = readViews(storage).filter((view) => view.name !== name);
  storage.setItem(KEY, JSON.stringify(views));
  return views;
}

function isView(value: unknown): value is SavedView {
  return (
    typeof value === "object" &&
    value !== null &&
    "name" in value &&
    typeof value.name === "string" &&
    "search" in value &&
    typeof value.search === "string"
  );
}
