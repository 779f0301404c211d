/**
 * Names that every JavaScript object has by itself ("constructor", "toString", "__proto__", ...). States and flows are
 * objects keyed by names of others' choice; looked up under one of these, an empty one would seem to hold something.
 */
export const isReservedName = (name: string): boolean => name in Object.prototype;

/** Why a step can't have this id, to stand after a colon. */
export function whyNotStepId(id: string): string | undefined {
  if (id === "") return "it must not be empty";
  if (id.includes("/undo/")) return 'it must not contain "/undo/", as the ids of undos do';
  return isReservedName(id) ? "every JavaScript object has a field of this name" : undefined;
}
