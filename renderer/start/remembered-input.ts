/** The flow started last, and the input last used for each flow, on this machine. The caller keeps production data out of it. */

const KEY = "antigraph.inputs";
/** So many flows are remembered, the oldest given up first. */
const MAXIMUM_FLOWS = 50;
/** Longer inputs are not remembered. */
const MAXIMUM_CHARS = 20_000;
const EMPTY_INPUT = "{\n  \n}";

export function rememberedInput(flow: string): string {
  return read()[flow] ?? EMPTY_INPUT;
}

export function rememberInput(flow: string, text: string): void {
  if (text.length > MAXIMUM_CHARS) return;
  const { [flow]: _, ...others } = read();
  const kept = Object.entries(others).slice(-(MAXIMUM_FLOWS - 1));
  localStorage.setItem(KEY, JSON.stringify(Object.fromEntries([...kept, [flow, text]])));
}

/** The flow whose journey was started last. */
export function rememberedFlow(): string | undefined {
  return Object.keys(read()).at(-1);
}

function read(): Record<string, string> {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    if (typeof value !== "object" || value === null) return {};
    return Object.fromEntries(
      Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
    );
  } catch {
    return {};
  }
}
