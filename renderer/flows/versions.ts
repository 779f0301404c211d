/** Versions are any text; these follow the habits people have with them. */

/** The version to suggest after the newest one: its last number plus one, and none that exists. */
export function suggestVersion(newest: string | undefined, existing: readonly string[]): string {
  let candidate = newest === undefined ? "1" : successor(newest);
  while (existing.includes(candidate)) candidate = successor(candidate);
  return candidate;
}

function successor(version: string): string {
  const match = /^(.*?)(\d+)(\D*)$/.exec(version);
  if (match === null) return `${version}-2`;
  const [, before = "", number = "0", after = ""] = match;
  return `${before}${String(BigInt(number) + 1n).padStart(number.length, "0")}${after}`;
}
